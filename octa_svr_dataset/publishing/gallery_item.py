"""A row as the gallery shows it: pictures, layers, regions to point at, and texts cut into sentences that name them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.geometry import RING_LIMITS_MM
from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.gallery_pixels import Pixels, encoded, packed, picture_of

KINDS = {
    "dropout": ("dropouts", "Dropout"),
    "microaneurysm": ("microaneurysms", "Microaneurysm"),
    "irma": ("irma", "IRMA"),
    "neovascularization": ("neovascularization", "New vessels"),
}
"""Kinds of lesions with an instance each: their name in texts, in the findings, and on the page."""

SIDES = {
    "od": {"superior": "up", "inferior": "down", "nasal": "right", "temporal": "left"},
    "os": {"superior": "up", "inferior": "down", "nasal": "left", "temporal": "right"},
}
"""Where the quadrants of a right and of a left eye lie in a picture."""


def gallery_item(row: Mapping[str, Any], preset: str, pixels: Pixels) -> dict[str, Any]:
    """All that the page needs of a row, as plain values.

    Parameters
    ----------
    row
        Columns as `octa_svr_dataset.row.example_row` makes them, or as a Parquet file holds them.
    preset
        Its configuration.
    pixels
        Layers and twin.

    Raises
    ------
    InputError
        A column is not usable; the message names row and column.
    """
    with refusing(row):
        return _item(row, preset, pixels)


@contextmanager
def refusing(row: Mapping[str, Any]) -> Iterator[None]:
    """Refuse a row in one line that names it where what is done within finds it unusable."""
    try:
        yield
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            f"row {row.get('id')!r}: is not usable: {type(error).__name__}: {error}; allowed: rows of octa-svr build"
        ) from None


def _item(row: Mapping[str, Any], preset: str, pixels: Pixels) -> dict[str, Any]:
    image, findings = picture_of(row), json.loads(row["findings"])
    provenance, laterality = row["provenance"], str(row["laterality"])
    mm_per_px = float(provenance["field_of_view_mm"]) / len(image)
    turns = _turns(row)
    named = {name for turn in turns for sentence in turn["answer"] for name in sentence["findings"]}
    is_own_twin = pixels.twin is not None and np.array_equal(pixels.twin, image)
    return {
        "id": str(row["id"]),
        "preset": preset,
        "label": tuple(Label)[row["label"]] if isinstance(row["label"], int) else str(row["label"]),
        "severity": int(row["severity"]),
        "laterality": laterality,
        "version": str(provenance["version"]),
        "field_mm": float(provenance["field_of_view_mm"]),
        "projection": str(provenance["projection"]),
        "size_px": len(image),
        "origin": pixels.origin,
        "picture": encoded(image),
        "twin": None if pixels.twin is None or is_own_twin else encoded(pixels.twin),
        "is_own_twin": is_own_twin,
        "layers": None if pixels.layers is None else packed(pixels.layers, len(image)),
        "regions": [*_regions(findings, mm_per_px), *_quadrants(findings, named, laterality, mm_per_px)],
        "turns": turns,
        "figures": _figures(findings, turns),
    }


def _turns(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Questions, and answers cut into pieces; a piece names the findings that it rests on, if any."""
    contents = [str(message["content"]) for message in row["messages"] if message["role"] != "system"]
    return [
        {"task": str(task["task"]), "question": question, "answer": _pieces(answer, task["sentences"])}
        for question, answer, task in zip(contents[::2], contents[1::2], row["tasks"], strict=True)
    ]


def _pieces(answer: str, sentences: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The whole answer in order: sentences with findings, and what stands between them."""
    pieces, end = [], 0
    for sentence in sorted(sentences, key=lambda entry: int(entry["start"])):
        start, stop = int(sentence["start"]), int(sentence["end"])
        if not end <= start <= stop <= len(answer):
            raise InputError(f"tasks: a sentence from {start} to {stop} lies outside its answer, or in another one")
        pieces += [(answer[end:start], []), (answer[start:stop], [str(name) for name in sentence["findings"]])]
        end = stop
    pieces.append((answer[end:], []))
    return [{"text": text, "findings": names} for text, names in pieces if text]


def _regions(findings: Mapping[str, Any], mm_per_px: float) -> list[dict[str, Any]]:
    """What can be pointed at and has a place of its own; boxes are (top, left, bottom, right), px."""
    faz, diffuse = findings["faz"], findings["diffuse_loss"]
    regions = []
    if any(faz["box_px"]):
        where = faz["displacement"] if faz["displacement"] == "centered" else f"centroid {faz['displacement']}"
        area = "border open" if faz["borders_dropout"] else f"{faz['area_mm2']:.2f} mm²"
        regions.append(_region("faz", "faz", "FAZ", faz, [area, where], faz["box_px"]))
    if diffuse["share"] > 0:
        words = [diffuse["degree"], f"{100 * diffuse['share']:.0f} % of the bed"]
        regions.append(_region("diffuse_loss", "diffuse_loss", "Diffuse loss", diffuse, words, None))
    for kind, (key, title) in KINDS.items():
        for lesion in findings[key]:
            if "area_mm2" in lesion:
                size, box = f"{lesion['area_mm2']:.2f} mm²", lesion["box_px"]
            else:
                (row, column), half = lesion["center_px"], lesion["diameter_um"] / 2000 / mm_per_px
                size = f"{lesion['diameter_um']:.0f} µm"
                box = [round(edge, 1) for edge in (row - half, column - half, row + half, column + half)]
            number = int(lesion["instance_id"])
            words = [size, f"{lesion['quadrant']} {lesion['ring']}"]
            regions.append(_region(f"{kind}/{number}", kind, f"{title} {number}", lesion, words, box))
    return regions


def _region(
    name: str, kind: str, title: str, finding: Mapping[str, Any], words: list[str], box: Sequence[float] | None
) -> dict[str, Any]:
    instance = int(finding.get("instance_id", 1))
    is_visible = bool(finding["is_visible"])
    return {
        "id": name,
        "kind": kind,
        "instance": instance,
        "title": title,
        "words": words if is_visible else [*words, "not visible enough to be spoken of"],
        "is_visible": is_visible,
        "box": None if box is None else [float(edge) for edge in box],
    }


def _quadrants(
    findings: Mapping[str, Any], named: Iterable[str], laterality: str, mm_per_px: float
) -> list[dict[str, Any]]:
    """Quadrants that the texts speak of; from 0.5 mm from the fovea outward."""
    row, column = (float(place) for place in findings["fovea_px"])
    sides = SIDES["od" if laterality == "od" else "os"]
    return [
        {
            "id": f"region/{region['quadrant']}",
            "kind": "quadrant",
            "instance": 1,
            "title": f"{str(region['quadrant']).capitalize()} quadrant",
            "words": [f"{100 * region['lost_share']:.0f} % lost", f"vessel density {100 * region['density']:.0f} %"],
            "is_visible": True,
            "box": None,
            "wedge": {
                "row": row,
                "column": column,
                "inner_px": RING_LIMITS_MM[0] / mm_per_px,
                "side": sides[region["quadrant"]],
            },
        }
        for region in findings["regions"]
        if f"region/{region['quadrant']}" in set(named)
    ]


def _figures(findings: Mapping[str, Any], turns: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """What the plots show."""
    faz = findings["faz"]
    counts = {kind: sum(bool(lesion["is_visible"]) for lesion in findings[key]) for kind, (key, _) in KINDS.items()}
    answers = ["".join(piece["text"] for piece in turn["answer"]) for turn in turns]
    return {
        "faz_mm2": float(faz["area_mm2"]) if faz["is_visible"] else None,
        "density": float(findings["measured"]["area_density"]),
        "lost": max((float(region["lost_share"]) for region in findings["regions"]), default=None),
        "words": sum(len(answer.split()) for answer in answers),
        **counts,
    }
