"""Tasks about the objects in a picture: locate and count them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from octa_svr_dataset.findings import Findings
from octa_svr_dataset.text.answers import SCALE, Box, CountAnswer, ObjectsAnswer, Point
from octa_svr_dataset.text.lesions import say_irma, say_microaneurysms, say_neovascularization
from octa_svr_dataset.text.perfusion import say_dropout
from octa_svr_dataset.text.places import (
    say_places_of_dots,
    say_places_of_dropout,
    say_places_of_shunts,
    say_places_of_tufts,
)
from octa_svr_dataset.text.reply import Reply, stage
from octa_svr_dataset.text.surroundings import say_fovea
from octa_svr_dataset.text.writer import Said, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of object that may be asked for."""

    name: str
    """As in the answers."""

    one: str
    several: str
    """How questions speak of it."""

    visible: Callable[[Findings], tuple[Any, ...]]
    say: Callable[[Writer], list[Said]]

    say_places: Callable[[Writer, Sequence[Any]], list[Said]]
    """Place and size of each."""


KINDS = {
    "dropout": Kind(
        name="capillary dropout",
        one="area of capillary dropout",
        several="areas of capillary dropout",
        visible=lambda findings: findings.visible_dropouts,
        say=say_dropout,
        say_places=say_places_of_dropout,
    ),
    "microaneurysm": Kind(
        name="microaneurysm",
        one="microaneurysm",
        several="microaneurysms",
        visible=lambda findings: findings.visible_microaneurysms,
        say=say_microaneurysms,
        say_places=say_places_of_dots,
    ),
    "irma": Kind(
        name="intraretinal microvascular abnormality",
        one="intraretinal microvascular abnormality",
        several="intraretinal microvascular abnormalities",
        visible=lambda findings: findings.visible_irma,
        say=lambda writer: [say_irma(writer)],
        say_places=say_places_of_shunts,
    ),
    "neovascularization": Kind(
        name="neovascularization",
        one="tuft of new vessels",
        several="tufts of new vessels",
        visible=lambda findings: findings.visible_neovascularization,
        say=lambda writer: [say_neovascularization(writer)],
        say_places=say_places_of_tufts,
    ),
}
"""Lesions that can be counted, by their names in a sentence's record."""

FAZ = Kind(
    name="foveal avascular zone",
    one="foveal avascular zone",
    several="foveal avascular zone",
    visible=lambda findings: (findings.faz,) if findings.faz.is_visible and findings.faz.is_delimited else (),
    say=say_fovea,
    say_places=lambda writer, _: say_fovea(writer),
)


def locate(writer: Writer, kind: str) -> Reply:
    """Boxes of all objects of a kind, or points of microaneurysms; from the top of the picture down."""
    asked = FAZ if kind == "faz" else KINDS[kind]
    is_point = kind == "microaneurysm"
    placed = [(_place(found, is_point, writer.fov.size_px), found) for found in asked.visible(writer.findings)]
    placed.sort(key=lambda one: _reading_order(one[0]))
    objects, instances = [place for place, _ in placed], tuple(found for _, found in placed)
    asks_for = "faz" if kind == "faz" else "points" if is_point else "boxes"
    return Reply(
        question=writer.phrase(f"question/locate_{asks_for}", kind=asked.one, kinds=asked.several, label=asked.name),
        stages=(stage(*asked.say_places(writer, instances)),),
        answer=ObjectsAnswer(kind=asked.name, objects=tuple(objects)),
        answer_data={"kind": asked.name, "objects": [_coordinates(found) for found in objects]},
        rests_on=ids_of(kind, instances),
    )


def count(writer: Writer, kind: str) -> Reply:
    """How many objects of a kind there are."""
    asked = KINDS[kind]
    instances = asked.visible(writer.findings)
    return Reply(
        question=writer.phrase("question/count", kind=asked.one, kinds=asked.several),
        stages=(stage(*asked.say(writer)),),
        answer=CountAnswer(count=len(instances)),
        answer_data={"kind": asked.name, "count": len(instances)},
        rests_on=ids_of(kind, instances),
    )


def ids_of(kind: str, instances: tuple[Any, ...]) -> tuple[str, ...]:
    """Names of instances in a sentence's record; the kind's own where there is none."""
    if kind == "faz" or not instances:
        return (kind,)
    return tuple(f"{kind}/{instance.instance_id}" for instance in instances)


def _place(found: Any, is_point: bool, size_px: int) -> Box | Point:
    return _point(found.center_px, size_px) if is_point else _box(found.box_px, size_px)


def _box(box_px: tuple[int, int, int, int], size_px: int) -> Box:
    row, column, row_end, column_end = (round(SCALE * edge_px / size_px) for edge_px in box_px)
    return Box(x1=column, y1=row, x2=column_end, y2=row_end)


def _point(center_px: tuple[float, float], size_px: int) -> Point:
    row, column = (round(SCALE * place_px / size_px) for place_px in center_px)
    return Point(x=column, y=row)


def _coordinates(found: Box | Point) -> dict[str, list[float]]:
    if isinstance(found, Point):
        return {"point_2d": [found.x, found.y]}
    return {"bbox_2d": [found.x1, found.y1, found.x2, found.y2]}


def _reading_order(found: Box | Point) -> tuple[float, float]:
    return (found.y, found.x) if isinstance(found, Point) else (found.y1, found.x1)
