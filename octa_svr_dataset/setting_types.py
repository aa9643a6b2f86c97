"""What settings are made of: ranges, their limits, and the model that holds them."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema


def _in_order(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if low > high:
        raise ValueError(f"range is reversed: the first number ({low:g}) must not be above the second ({high:g})")
    return limits


Range = Annotated[tuple[float, float], AfterValidator(_in_order)]
"""Drawn uniformly between two numbers."""

CountRange = Annotated[tuple[int, int], AfterValidator(_in_order)]
"""A whole number drawn between two numbers, both included."""

NUMERALS = {2: "two", 4: "four", 5: "five"}
"""How many numbers a setting may consist of, in words."""


@dataclass(frozen=True)
class Within:
    """Limits of each number of a setting that consists of several."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, numbers: tuple[float, ...]) -> tuple[float, ...]:
        if min(numbers) < self.low or max(numbers) > self.high:
            every = "both" if len(numbers) == 2 else "all"
            raise ValueError(f"{every} numbers must be between {self.low:g} and {self.high:g}")
        return numbers


BySeverity = Annotated[tuple[float, float, float, float], Within(0, 1)]
"""A share of eyes, one of each severity from 1 to 4."""


class Settings(BaseModel):
    """Frozen settings of a stage; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _take_nothing_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic would turn into a number or a range: texts, true and false, and sets."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if get_origin(annotation) is tuple:
            if not isinstance(value, list | tuple) or any(isinstance(number, str | bytes | bool) for number in value):
                raise ValueError(f"must be {NUMERALS[len(get_args(annotation))]} numbers")
        elif annotation in (int, float) and isinstance(value, str | bytes | bool):
            raise ValueError("must be a number")
        return value
