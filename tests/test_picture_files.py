import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.picture_files import read_image, square

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("name", ["eye.png", "eye.bmp", "eye.tif", "eye.TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_lossless_8_bit_files_keep_their_pixels(tmp_path: Path, name: str, mode: str) -> None:
    Image.fromarray(RAMP).convert(mode).save(tmp_path / name)
    assert np.array_equal(np.asarray(read_image(tmp_path / name)), RAMP)


def test_jpeg_files_nearly_keep_their_pixels(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "eye.jpg", quality=95)
    assert np.abs(np.asarray(read_image(tmp_path / "eye.jpg"), int) - RAMP).max() < 10


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pictures_are_scaled_by_their_brightest_pixel(tmp_path: Path, bits: int) -> None:
    deep = (RAMP.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "gray.png")
    tifffile.imwrite(tmp_path / "gray.tif", deep)
    tifffile.imwrite(tmp_path / "rgb.tif", np.stack([deep] * 3, axis=-1), photometric="rgb")
    tifffile.imwrite(tmp_path / "float.tif", deep.astype(np.float32))
    for path in sorted(tmp_path.iterdir()):
        assert np.abs(np.asarray(read_image(path), int) - RAMP).max() <= 1, path.name


def test_a_black_deep_picture_stays_black(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(tmp_path / "eye.png")
    assert not np.asarray(read_image(tmp_path / "eye.png")).any()


def test_files_that_are_no_whole_picture_are_refused_by_name(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:-40])
    (tmp_path / "text.png").write_text("no picture")
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([RAMP] * 5), photometric="minisblack")
    tifffile.imwrite(tmp_path / "negative.tif", -np.ones((16, 16), np.float32))
    for name in ("cut.png", "text.png", "stack.tif", "negative.tif"):
        with pytest.raises(InputError, match=f"image: .*{name}"):
            read_image(tmp_path / name)


@pytest.mark.parametrize(("width_px", "height_px"), [(15, 200), (200, 15), (16, 321), (1, 1)])
def test_a_strip_is_no_picture(tmp_path: Path, width_px: int, height_px: int) -> None:
    Image.fromarray(np.zeros((height_px, width_px), np.uint8)).save(tmp_path / "eye.png")
    with pytest.raises(
        InputError, match=rf"image: .*eye\.png' has {width_px} x {height_px} px; allowed: sides of at least 16"
    ):
        read_image(tmp_path / "eye.png")


def test_the_narrowest_picture_allowed_is_read(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((320, 16), np.uint8)).save(tmp_path / "eye.png")
    assert read_image(tmp_path / "eye.png").size == (16, 320)


def test_a_picture_is_cut_to_a_square_by_a_few_pixels() -> None:
    image = np.arange(100 * 102, dtype=np.uint32).reshape(100, 102)
    assert np.array_equal(square(image, Path("eye.png"), field="image", least_px=100), image[:, :100])


@pytest.mark.parametrize(
    ("shape", "message"),
    [((99, 99), "has 99 x 99 px; allowed: squares of at least 100 px"), ((100, 103), "has 103 x 100 px; allowed")],
)
def test_a_picture_that_is_no_square_or_too_small_is_refused(shape: tuple[int, int], message: str) -> None:
    with pytest.raises(InputError, match=f"image: 'eye.png' {message}"):
        square(np.eye(*shape, dtype=np.uint8), Path("eye.png"), field="image", least_px=100)


def test_a_blank_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"folder: 'eye.png' is blank; allowed: pictures of eyes"):
        square(np.full((100, 100), 7, np.uint8), Path("eye.png"), field="folder", least_px=100)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pictures_whose_white_is_zero_are_not_read_inverted(tmp_path: Path, dtype: type) -> None:
    deep = RAMP.astype(dtype) * (257 if dtype is np.uint16 else 1)
    tifffile.imwrite(tmp_path / "eye.tif", deep.max() - deep, photometric="miniswhite")
    assert np.array_equal(np.asarray(read_image(tmp_path / "eye.tif")), RAMP)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16, np.uint32])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_deep_tiff_files_of_all_kinds_are_read(tmp_path: Path, dtype: type, compression: str | None) -> None:
    tifffile.imwrite(tmp_path / "eye.tif", RAMP.astype(dtype), compression=compression)
    assert np.array_equal(np.asarray(read_image(tmp_path / "eye.tif")), RAMP)


@pytest.mark.parametrize(("name", "form"), [("eye.gif", "GIF"), ("eye.webp", "WEBP"), ("eye.png", "GIF")])
def test_other_formats_are_refused_whatever_their_ending(tmp_path: Path, name: str, form: str) -> None:
    Image.fromarray(RAMP).save(tmp_path / name, format=form)
    with pytest.raises(InputError, match=rf"image: .*{name}' is no picture; allowed: PNG, BMP, TIFF, JPEG"):
        read_image(tmp_path / name)


def test_a_deep_tiff_that_is_a_stack_or_cut_off_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 16, 16), np.uint16), photometric="minisblack")
    tifffile.imwrite(tmp_path / "whole.tif", np.random.default_rng(0).uniform(size=(64, 64)))
    (tmp_path / "cut.tif").write_bytes((tmp_path / "whole.tif").read_bytes()[:4000])
    for name in ("stack.tif", "cut.tif"):
        with pytest.raises(InputError, match=f"image: .*{name}"):
            read_image(tmp_path / name)


@pytest.mark.parametrize("kind", ["opaque", "picture in the alpha channel", "alpha means nothing", "gray", "16 bits"])
def test_a_picture_with_an_alpha_channel_is_what_it_shows(tmp_path: Path, kind: str) -> None:
    gray = np.random.default_rng(0).integers(20, 236, (40, 40), np.uint8)
    white, black, file = np.full_like(gray, 255), np.zeros_like(gray), tmp_path / "eye.png"
    if kind == "16 bits":
        deep = gray.astype(np.uint16) * 257
        pixels = np.dstack([deep, np.full_like(deep, 65535)])
        tifffile.imwrite(file, pixels, photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig")
        gray = np.round(gray / gray.max() * 255.0).astype(np.uint8)
    else:
        channels = {
            "opaque": [gray, gray, gray, white],
            "picture in the alpha channel": [white, white, white, gray],
            "alpha means nothing": [gray, gray, gray, black],
            "gray": [gray, white],
        }[kind]
        Image.fromarray(np.dstack(channels)).save(file)
    assert np.array_equal(np.asarray(read_image(file)), gray)


@pytest.mark.parametrize("side_px", [9500, 40000])
def test_a_huge_picture_is_refused_before_it_is_read(tmp_path: Path, side_px: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "eye.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT")
    with pytest.raises(InputError, match=r"eye.png' (has 9500 x 9500 px|is too large to be read); allowed: 89 million"):
        read_image(tmp_path / "eye.png")
