"""Pictures and label maps of a row, as they come and as the gallery's page holds them."""

import base64
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.row import LAYER_NAMES

WIDEST_PX = 4096
"""Pictures of rows are refused above this width: they are no pictures of this dataset."""

WIDEST_LOSSLESS_PX = 320
"""Pictures up to this width are shown as they are in every pixel: those of a field of 3 mm."""

WEBP_QUALITY = 80
"""Of wider ones: errors of 4 gray levels (root mean square), below their own grain, for half of the bytes. Of lossless
ones it is the effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """What of an example is shown beside its row."""

    layers: Mapping[str, np.ndarray] | None
    """(H, W) label map of each of `LAYER_NAMES`; None where only boxes are known."""

    twin: np.ndarray | None
    """(H, W) uint8. The same eye and exposure without lesions; None where it cannot be made."""

    origin: str
    """Where they come from: "made" with the row, "stored" in it, made "again" from its provenance, or "boxes" alone."""


def picture_of(row: Mapping[str, Any]) -> np.ndarray:
    """(H, W) uint8. The picture that a row holds."""
    return decoded(row["image"], f"row {row.get('id')!r}: image")


def decoded(column: Any, place: str) -> np.ndarray:
    """(H, W) uint8 or uint16. Pixels of an encoded picture.

    Raises
    ------
    InputError
        It is none, or one of another sort.
    """
    try:
        with Image.open(io.BytesIO(column["bytes"])) as picture:
            if max(picture.size) > WIDEST_PX:
                raise InputError(f"{place}: is {picture.size[0]} px wide; allowed: up to {WIDEST_PX} px")
            pixels = np.asarray(picture)
    except (OSError, TypeError, KeyError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{place}: is no picture: {error}") from None
    if pixels.ndim != 2 or pixels.shape[0] != pixels.shape[1]:
        raise InputError(f"{place}: must be a square gray picture, got the shape {pixels.shape}")
    return pixels


def packed(layers: Mapping[str, np.ndarray], size_px: int) -> dict[str, Any]:
    """Label maps one after another, row by row, 16 bits a pixel where one needs them; deflated."""
    maps = []
    for name in LAYER_NAMES:
        if layers[name].shape != (size_px, size_px):
            raise InputError(f"masks: {name} must have the {size_px} x {size_px} pixels of its picture")
        maps.append(layers[name])
    bits = 16 if max(int(labels.max(initial=0)) for labels in maps) > 255 else 8
    data = b"".join(np.ascontiguousarray(labels, dtype=f"<u{bits // 8}").tobytes() for labels in maps)
    return {"bits": bits, "data": base64.b64encode(zlib.compress(data, 9)).decode()}


def encoded(image: np.ndarray) -> str:
    """Base64 of a WebP of (H, W) gray pixels, lossless up to `WIDEST_LOSSLESS_PX`."""
    is_lossless = image.shape[1] <= WIDEST_LOSSLESS_PX
    buffer = io.BytesIO()
    Image.fromarray(image).convert("L").save(buffer, "WEBP", lossless=is_lossless, quality=WEBP_QUALITY, method=4)
    return base64.b64encode(buffer.getvalue()).decode()
