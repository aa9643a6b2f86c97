"""Reading a file that holds one picture."""

import warnings
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from octa_svr_dataset.errors import InputError

FORMATS = ("PNG", "BMP", "TIFF", "JPEG")
"""Formats that are read, whatever the ending of the file."""

SUFFIXES = (".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg")
"""Endings of the files that are taken for pictures; other files are left alone."""

LEAST_SIDE_PX = 16
"""A narrower picture is refused: there is nothing to see in it."""

LARGEST_ASPECT_RATIO = 20
"""A picture whose sides differ by a larger factor is refused: it is a strip, not a picture of a retina."""

MOST_PX = 89_000_000
"""A picture of more pixels in all is refused: scans have about one million."""

LARGEST_SQUARE_RATIO = 1.02
"""A picture whose sides differ by a larger factor is no picture of a whole square field."""


_MOST = f"{MOST_PX // 10**6} million pixels in all"


def read_image(path: Path) -> Image.Image:
    """Pixels of a picture as 8-bit gray; deeper ones are scaled so that the brightest pixel becomes 255.

    The scaling is by the picture's own maximum as devices write 10, 12 or 16 bits into 16 without a word. What is
    transparent is black.

    Raises
    ------
    InputError
        The file is not a whole picture of one page, is too narrow or too large, or holds values that are no brightness.
    """
    try:
        if _is_deep_tiff(path):
            return _scaled(_read_deep_tiff(path), path)
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            opened = Image.open(path, formats=FORMATS)
        with opened as picture:
            _require_size(picture.size, path)
            if getattr(picture, "n_frames", 1) > 1:
                raise InputError(f"image: {str(path)!r} has {picture.n_frames} pages; allowed: one")  # type: ignore[attr-defined]
            if picture.mode in ("F", "I") or picture.mode.startswith("I;16"):
                return _scaled(np.asarray(picture), path)
            return _opaque(picture) if picture.has_transparency_data else picture.convert("L")
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"image: {str(path)!r} is no picture; allowed: {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise InputError(f"image: {str(path)!r} is too large to be read; allowed: {_MOST}") from None
    except (OSError, SyntaxError, ValueError, tifffile.TiffFileError) as error:
        raise InputError(f"image: cannot read {str(path)!r}: {error}") from None


def _opaque(picture: Image.Image) -> Image.Image:
    """A picture with an alpha channel, 8-bit gray, over black; where that shows nothing, without the channel.

    The channel may hold the picture (vessels as opaque white), or nothing that is meant (0 everywhere).
    """
    colors = picture.convert("RGBA")
    over_black = Image.alpha_composite(Image.new("RGBA", colors.size, "black"), colors).convert("L")
    lowest, highest = over_black.getextrema()
    return colors.convert("L") if lowest == highest else over_black


def _is_deep_tiff(path: Path) -> bool:
    """Whether a file is a TIFF of more than 8 bits: Pillow reads some of them wrong, and others not at all."""
    with path.open("rb") as file:
        if file.read(4) not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return False
    with tifffile.TiffFile(path) as file:
        return bool(file.pages) and file.pages.first.dtype is not None and file.pages.first.dtype.itemsize > 1


def _read_deep_tiff(path: Path) -> np.ndarray:
    """(H, W) brightness, of colors their mean, of a picture whose white is 0 what its darkest pixel exceeds it by."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        _require_size((page.imagewidth, page.imagelength), path)
        if len(file.pages) > 1 or page.imagedepth > 1:
            raise InputError(f"image: {str(path)!r} has {len(file.pages)} pages; allowed: one")
        pixels = page.asarray()
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            pixels = pixels.max() - pixels
        if pixels.ndim > 2 and page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            pixels = np.moveaxis(pixels, 0, -1)
    colors = 1 if page.photometric in (tifffile.PHOTOMETRIC.MINISWHITE, tifffile.PHOTOMETRIC.MINISBLACK) else 3
    return pixels[..., :colors].mean(axis=-1) if pixels.ndim > 2 else pixels


def _require_size(size_px: tuple[int, int], path: Path) -> None:
    short_px, long_px = sorted(size_px)
    if short_px * long_px > MOST_PX:
        raise InputError(f"image: {str(path)!r} has {size_px[0]} x {size_px[1]} px; allowed: {_MOST}")
    if short_px < LEAST_SIDE_PX or long_px > LARGEST_ASPECT_RATIO * short_px:
        raise InputError(
            f"image: {str(path)!r} has {size_px[0]} x {size_px[1]} px; allowed: sides of at least {LEAST_SIDE_PX} px, "
            f"one at most {LARGEST_ASPECT_RATIO} times the other"
        )


def _scaled(brightness: np.ndarray, path: Path) -> Image.Image:
    if not np.isfinite(brightness).all() or brightness.min() < 0:
        raise InputError(f"image: {str(path)!r} holds values that are no brightness; allowed: numbers of at least 0")
    brightest = max(float(brightness.max()), 1e-12)
    return Image.fromarray(np.round(brightness / brightest * 255.0).astype(np.uint8))


def square(image: np.ndarray, path: Path, *, field: str, least_px: int) -> np.ndarray:
    """A picture, cut to a square by at most a few pixels at its right or lower border (see `LARGEST_SQUARE_RATIO`).

    Raises
    ------
    InputError
        It is too small, no square, or blank.
    """
    short_px, long_px = sorted(image.shape)
    if short_px < least_px or long_px > LARGEST_SQUARE_RATIO * short_px:
        raise InputError(
            f"{field}: {str(path)!r} has {image.shape[1]} x {image.shape[0]} px; "
            f"allowed: squares of at least {least_px} px"
        )
    if image.min() == image.max():
        raise InputError(f"{field}: {str(path)!r} is blank; allowed: pictures of eyes")
    return image[:short_px, :short_px]
