"""Hashes of what rows hold: of the decoded pixels, and of all the rest."""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image


class RowDigests:
    """Two hashes over rows in their order; compressed bytes and the layout of files do not count."""

    def __init__(self) -> None:
        self._pixels = hashlib.sha256()
        self._texts = hashlib.sha256()

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in a row in plain values, the label as a number."""
        pictures = {"image": row["image"]} if "image" in row else {}
        pictures |= {f"masks.{name}": picture for name, picture in (row.get("masks") or {}).items()}
        self._pixels.update(f"{row['id']}\0".encode())
        for name in sorted(pictures):
            pixels = np.asarray(Image.open(io.BytesIO(pictures[name]["bytes"])))
            self._pixels.update(f"{name} {pixels.shape} {pixels.dtype.str}\0".encode())
            self._pixels.update(pixels.tobytes())
        rest = {name: _plain(value, name) for name, value in row.items() if name not in ("image", "masks")}
        self._texts.update(json.dumps(rest, sort_keys=True).encode() + b"\n")

    @property
    def pixels_sha256(self) -> str:
        """Hash of the pixels so far."""
        return self._pixels.hexdigest()

    @property
    def texts_sha256(self) -> str:
        """Hash of all other columns so far."""
        return self._texts.hexdigest()


def _plain(value: Any, name: str) -> Any:
    """A value for JSON; arrays, and the columns of a graph, by a hash of their numbers."""
    if isinstance(value, np.ndarray) or (name.startswith("graph.") and isinstance(value, list)):
        numbers = np.ascontiguousarray(value, dtype=np.float64)
        shape = numbers.shape if numbers.size else (0,)  # of no links, lists do not tell how wide each would be
        return hashlib.sha256(repr(shape).encode() + numbers.tobytes()).hexdigest()
    if isinstance(value, Mapping):
        return {key: _plain(inner, f"{name}.{key}") for key, inner in value.items()}
    return value
