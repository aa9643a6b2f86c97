"""Sheets that readers get: a page that works without network and saves its answers, and a table."""

import base64
import csv
import io
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from PIL import Image

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.reader_study.items import KEY_NAME, Item, Output, Study
from octa_svr_dataset.evaluation.reader_study.scales import SCALES

COLUMNS = ("seal", "reader", "item", *(scale.name for scale in SCALES), "comment")
"""Of the sheets that come back."""

FORM_NAME, TABLE_NAME, PICTURES_NAME = "form.html", "sheet.csv", "pictures"

_LEAST_SHOWN_PX = 600
"""Smaller pictures beside the table are enlarged, pixel by pixel, so that no viewer smooths them."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def require_readers(names: str) -> list[str]:
    """Names of readers, separated by commas.

    Raises
    ------
    InputError
        There is none, one is named twice, or one cannot be that of a folder.
    """
    readers = [name.strip() for name in names.split(",")]
    for name in readers:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"readers: got {name!r}; allowed: names of letters, digits, - and _, 32 at most, separated by commas"
            )
    if len({name.lower() for name in readers}) < len(readers):
        raise InputError(f"readers: got {names!r}; allowed: each name once")
    return readers


def write_study(study: Study, picture: Callable[[Output], Image.Image], out: Path) -> None:
    """Write the key, and a folder for each reader.

    Parameters
    ----------
    study
        The study.
    picture
        Gives the picture of an output as its model saw it, 8-bit gray.
    out
        Where to write; the key comes last.
    """
    for reader, items in study.sheets.items():
        folder = out / reader
        (folder / PICTURES_NAME).mkdir(parents=True, exist_ok=True)
        entries = []
        for item in items:
            output = study.outputs[item.output]
            shown = picture(output)
            (folder / PICTURES_NAME / f"{item.code}.png").write_bytes(_png(_enlarged(shown)))
            entries.append(_entry(item, output, _png(shown)))
        write_whole(folder / FORM_NAME, _form(study, reader, entries))
        write_whole(folder / TABLE_NAME, _table(study, reader, items))
    write_whole(out / KEY_NAME, study.to_json())


def _entry(item: Item, output: Output, png: bytes) -> dict[str, object]:
    """What the form shows of an item; nothing that tells the model or the truth."""
    return {
        "code": item.code,
        "picture": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        "words": output.words,
        "marks": [{"kind": kind, "place": list(place)} for kind, place in output.marks],
    }


def _form(study: Study, reader: str, entries: list[dict[str, object]]) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = resources.files("octa_svr_dataset.evaluation.reader_study") / "form.html.j2"
    scales = [
        {"name": scale.name, "question": scale.question, "values": scale.values, "words": scale.words}
        for scale in SCALES
    ]
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(reader=reader, seal=study.seal, items=entries, scales=scales, columns=COLUMNS)


def _table(study: Study, reader: str, items: tuple[Item, ...]) -> str:
    """The empty sheet: picture and words, and a column for each scale."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, "picture", "words"))
    for item in items:
        words = _harmless(_with_marks(study.outputs[item.output]))
        empty = [""] * (len(SCALES) + 1)
        writer.writerow([study.seal, reader, item.code, *empty, f"{PICTURES_NAME}/{item.code}.png", words])
    return text.getvalue()


def _with_marks(output: Output) -> str:
    marks = "; ".join(f"{kind} at {', '.join(f'{edge:g}' for edge in place)}" for kind, place in output.marks)
    return f"{output.words}\n[marked, in thousandths: {marks}]" if marks else output.words


def _harmless(words: str) -> str:
    """Words that no spreadsheet takes for a formula."""
    return f" {words}" if words[:1] in "=+-@\t\r" else words


def _enlarged(picture: Image.Image) -> Image.Image:
    factor = -(-_LEAST_SHOWN_PX // max(picture.size))
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def _png(picture: Image.Image) -> bytes:
    png = io.BytesIO()
    picture.save(png, format="PNG", optimize=True)
    return png.getvalue()
