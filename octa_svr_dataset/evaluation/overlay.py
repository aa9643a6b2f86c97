"""What a model said of a picture, drawn onto it: boxes, points, their labels, and the answer beneath."""

import textwrap
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw, ImageFont

LEAST_SIDE_PX = 640
"""Smaller pictures are drawn enlarged, so that words on them can be read."""

COLORS = ("#ffb000", "#4cc9f0", "#ff5fa2", "#8ce071")
"""Of kinds of objects, in the order in which they come; told apart by eyes that mix up red and green, too."""

_FONT_PX, _MARGIN_PX = 15, 8
_SEEN = "#7a7a7a"
_MOST_LINES = 6


def draw_overlay(picture: Image.Image, line: Mapping[str, Any]) -> Image.Image:
    """A picture with what a line of predictions says of it.

    Parameters
    ----------
    picture
        8-bit gray, as it lies in its file.
    line
        With `places`, `region_px`, `question`, `answer_text`, `output` and `problem`.

    Returns
    -------
    PIL.Image.Image
        In color, enlarged by a whole number where it is small; the square that the model saw is outlined where it is
        not all of the picture.
    """
    scale = max(-(-LEAST_SIDE_PX // min(picture.size)), 1)
    size_px = (picture.width * scale, picture.height * scale)
    font = ImageFont.load_default(_FONT_PX)
    caption = _caption(line, columns=max(int((size_px[0] - 2 * _MARGIN_PX) / (0.56 * _FONT_PX)), 20))
    height_px = size_px[1] + 2 * _MARGIN_PX + len(caption) * (_FONT_PX + 4)
    sheet = Image.new("RGB", (size_px[0], height_px), "black")
    sheet.paste(picture.convert("RGB").resize(size_px, Image.Resampling.NEAREST), (0, 0))
    draw = ImageDraw.Draw(sheet)
    seen = [edge * scale for edge in line["region_px"]]
    if seen != [0, 0, *size_px]:
        draw.rectangle((seen[0], seen[1], seen[2] - 1, seen[3] - 1), outline=_SEEN)
    labels = list(dict.fromkeys(place["label"] for place in line["places"]))
    for place in line["places"]:
        _mark(draw, place, COLORS[labels.index(place["label"]) % len(COLORS)], scale, font, size_px)
    for number, text in enumerate(caption):
        draw.text((_MARGIN_PX, size_px[1] + _MARGIN_PX + number * (_FONT_PX + 4)), text, fill="white", font=font)
    return sheet


def _mark(
    draw: ImageDraw.ImageDraw,
    place: Mapping[str, Any],
    color: str,
    scale: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    size_px: tuple[int, int],
) -> None:
    """A box, or a ring around a point, with its label, which is kept inside of the picture."""
    if "bbox_px" in place:
        left, upper, right, lower = (edge * scale for edge in place["bbox_px"])
        draw.rectangle((left, upper, right, lower), outline=color, width=2)
    else:
        x, y = (coordinate * scale for coordinate in place["point_px"])
        left, upper, right, lower = x - 9, y - 9, x + 9, y + 9
        draw.ellipse((left, upper, right, lower), outline=color, width=2)
    if not place["label"]:
        return
    width_px = draw.textlength(place["label"], font=font)
    text_x = min(max(left, 0.0), max(size_px[0] - width_px - 4, 0.0))
    text_y = upper - _FONT_PX - 5 if upper > _FONT_PX + 5 else min(lower + 2, size_px[1] - _FONT_PX - 5)
    draw.rectangle((text_x, text_y, text_x + width_px + 4, text_y + _FONT_PX + 4), fill="black")
    draw.text((text_x + 2, text_y + 1), place["label"], fill=color, font=font)


def _caption(line: Mapping[str, Any], *, columns: int) -> list[str]:
    """Question and answer, or why there is none and what was said instead."""
    said = line["answer_text"] or f"unparsable ({line['problem']}): {line['output']}"
    texts = [f"Q: {line['question']}", f"A: {' '.join(said.split())}"]
    return [row for text in texts for row in textwrap.wrap(text, columns, max_lines=_MOST_LINES, placeholder=" ...")]
