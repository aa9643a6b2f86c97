"""What settings are made of: ranges, their limits, and the model that holds them."""

from dataclasses import dataclass
from typing import Annotated, Any, get_origin

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


@dataclass(frozen=True)
class Within:
    """Limits of both ends of a range."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, limits: tuple[float, float]) -> tuple[float, float]:
        if limits[0] < self.low or limits[1] > self.high:
            raise ValueError(f"both numbers must be between {self.low:g} and {self.high:g}")
        return limits


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
                raise ValueError("must be two numbers")
        elif annotation in (int, float) and isinstance(value, str | bytes | bool):
            raise ValueError("must be a number")
        return value
