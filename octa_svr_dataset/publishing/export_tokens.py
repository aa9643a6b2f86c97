"""How many tokens a dialogue takes in Qwen3-VL, so that no cutoff cuts image tokens or an answer.

Image tokens are exact. Those of texts are counted by a tokenizer where one is given; else they are bounded from above.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octa_svr_dataset.errors import InputError

PATCH_PX = 32
"""Side of what becomes one image token: patches of 16 px, merged two by two."""

LEAST_PIXELS = 256 * 256
"""Smaller pictures are scaled up by the processor of Qwen3-VL."""

AROUND_IMAGE = 3
"""The tokens `<|vision_start|>` and `<|vision_end|>`, and a line feed."""

AROUND_MESSAGE: Mapping[str, int] = {"user": 5, "assistant": 9}
"""Tokens of the chat template: start, role and end; in answers, too, an empty `<think>` as `qwen3_vl` adds it."""

LETTERS_A_TOKEN = 4
"""Words take at most a token for so many letters, see `bounded_text_tokens`."""

_PIECES = re.compile(r"[^\W\d_]+|[\w\W]")


@dataclass(frozen=True, kw_only=True)
class TokenCounter:
    """Counts the tokens of a dialogue and its picture."""

    text_tokens: Callable[[str], int]
    image_max_pixels: int

    def count(self, messages: Sequence[Mapping[str, str]], size_px: int) -> int:
        """Tokens of a dialogue (`role`, `content`) about a square picture."""
        of_texts = sum(AROUND_MESSAGE[turn["role"]] + self.text_tokens(turn["content"]) for turn in messages)
        return image_tokens(size_px, self.image_max_pixels) + AROUND_IMAGE + of_texts


def image_tokens(size_px: int, max_pixels: int) -> int:
    """Tokens of a square picture, scaled down to `max_pixels` and then to whole patches; at most one row too many."""
    side_px = min(float(size_px), math.sqrt(max_pixels))
    patches = math.ceil(max(side_px, math.sqrt(LEAST_PIXELS)) / PATCH_PX)
    return patches**2


def bounded_text_tokens(text: str) -> int:
    """No fewer tokens than Qwen3's tokenizer makes of our texts, and about 30 % more on average.

    A word counts one for every four letters begun, any other character but a single space one for each of its bytes.
    """
    pieces = _PIECES.findall(text.replace(" ", "\0"))
    return sum(
        math.ceil(len(piece) / LETTERS_A_TOKEN) if piece.isalpha() else len(piece.encode())
        for piece in pieces
        if piece != "\0"
    )


def token_counter(tokenizer: Path | None, image_max_pixels: int) -> TokenCounter:
    """A counter by a file `tokenizer.json`, or its folder; by the upper bound without.

    Raises
    ------
    InputError
        The file cannot be read, or the package that reads it is not installed.
    """
    if tokenizer is None:
        return TokenCounter(text_tokens=bounded_text_tokens, image_max_pixels=image_max_pixels)
    try:
        from tokenizers import Tokenizer  # of the extra `train`
    except ImportError:
        raise InputError("tokenizer: needs the package tokenizers: pip install 'octa-svr-dataset[train]'") from None
    path = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    if not path.is_file():
        raise InputError(f"tokenizer: {str(path)!r} is no file; allowed: a tokenizer.json, or the folder of a model")
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing more special
        raise InputError(f"tokenizer: {str(path)!r} cannot be read: {error}") from None
    return TokenCounter(
        text_tokens=lambda text: len(loaded.encode(text, add_special_tokens=False).ids),
        image_max_pixels=image_max_pixels,
    )
