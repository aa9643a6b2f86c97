"""No answer is cut in silence: a row that is longer than `max_length` is refused by its id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.vlm_processors import token_count


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthCheck:
    """Refuses rows of too many tokens: TRL cuts them without a word, down to nothing to learn."""

    processor: Any
    max_length: int

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Look at one row with the columns `id`, `image` and `messages`.

        Raises
        ------
        InputError
            It is too long.
        """
        length = token_count(self.processor, row["image"], row["messages"])
        if length > self.max_length:
            raise InputError(
                f"max_length: row {row['id']} has {length} tokens, more than {self.max_length}; "
                "allowed: null, which cuts nothing, or at least the longest row"
            )


def require_lengths(rows: Iterable[Mapping[str, Any]], check: LengthCheck | None) -> None:
    """Look at all rows before anything trains."""
    if check is not None:
        for row in rows:
            check(row)
