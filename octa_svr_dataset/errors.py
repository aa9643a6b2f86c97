"""The one exception that the commands turn into a single line and exit code 2."""


class InputError(ValueError):
    """Something that the user gave is not usable; the message names the field, the value and what is allowed."""
