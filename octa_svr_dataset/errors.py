"""Refusing what a user gave: the exception that commands turn into one line and exit code 2."""

import operator
from typing import Any


class InputError(ValueError):
    """Something that the user gave is not usable; the message names the field, the value and what is allowed."""


def require_whole_number(field: str, value: Any, *, largest: int | None = None) -> int:
    """The value as an int of at least 0.

    Raises
    ------
    InputError
        It is something else; True and False are, too.
    """
    allowed = "a whole number of at least 0" + (f" and at most {largest}" if largest else "")
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InputError(f"{field}: must be {allowed}, got {value!r}")
    number = operator.index(value)
    if number < 0 or (largest is not None and number > largest):
        raise InputError(f"{field}: must be {allowed}, got {number}")
    return number
