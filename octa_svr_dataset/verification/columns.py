"""Columns against claims and pixels: looked at only when the text has been read.

Findings and tasks are compared with what the text claims and with what the pixels say; so a column cannot make a false
sentence true.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.reader import Reading
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth

_FINDINGS = {
    "dropout": "dropouts",
    "microaneurysm": "microaneurysms",
    "irma": "irma",
    "neovascularization": "neovascularization",
}


def column_contradictions(row: Row, readings: tuple[Reading, ...], truth: Truth) -> Iterator[tuple[str, str, str]]:
    """(kind, sentence, reason) of each column that disagrees."""
    if (row.label, row.severity) != (truth.label, truth.severity):
        reason = f"in the pixels: {truth.label}, {truth.severity}"
        yield "column label", f"label {row.label}, severity {row.severity}", reason
    for kind, name in _FINDINGS.items():
        said = {finding["instance_id"] for finding in row.findings[name] if finding["is_visible"]}
        seen = {lesion.number for lesion in truth.lesions[kind]}
        if said != seen:
            yield f"column findings {kind}", f"visible {sorted(said)}", f"in the pixels: {sorted(seen)}"
    if len(row.tasks) != len(row.turns):
        yield "column tasks", f"{len(row.tasks)} tasks", f"{len(row.turns)} turns"
        return
    for turn, task in enumerate(row.tasks):
        claims = [claim for reading in readings if reading.turn == turn for claim in reading.claims]
        yield from _of_task(task, claims, row.turns[turn][1])
        yield from _of_spans(task, [reading for reading in readings if reading.turn == turn], row, truth)


def _of_task(task: Mapping[str, Any], claims: list[Claim], answer: str) -> Iterator[tuple[str, str, str]]:
    expected = json.loads(task["answer"])
    for claim in claims:
        if claim.holds and not _agrees(claim, expected):
            yield f"column tasks {task['task']}", answer, f"answer in the column: {task['answer']}"
            return
    if "answer" in expected and not answer.lower().lstrip("*").startswith(expected["answer"]):
        final = answer.rpartition("</think>")[2].strip().lower()
        if not final.startswith(expected["answer"]):
            yield f"column tasks {task['task']}", answer, f"answer in the column: {task['answer']}"


def _agrees(claim: Claim, expected: Mapping[str, Any]) -> bool:
    """Whether a claim agrees with the answer for machines, as far as that tells of the same thing."""
    if claim.aspect == "label" and "label" in expected:
        return _same_label(claim.value, expected["label"])
    if claim.aspect == "grade" and "severity" in expected:
        return bool(claim.value == expected["severity"])
    if claim.aspect == "count" and "count" in expected:
        return bool(claim.value.holds(expected["count"]))
    if claim.aspect == "objects" and "objects" in expected:
        places = [entry.get("bbox_2d") or entry.get("point_2d") for entry in expected["objects"]]
        return [list(place) for place in claim.value] == [list(place) for place in places]
    return True


def _same_label(said: object, expected: str) -> bool:
    if said == "diseased":
        return expected != "healthy"
    return said == expected or (expected == "diabetic retinopathy" and said in ("npdr", "pdr"))


def _of_spans(
    task: Mapping[str, Any], readings: list[Reading], row: Row, truth: Truth
) -> Iterator[tuple[str, str, str]]:
    """Spans must hold a sentence's lesions, and the lesions that they name must be visible."""
    for span in task.get("sentences") or ():
        for name in span["findings"]:
            kind, _, number = name.partition("/")
            if kind in _FINDINGS and number and int(number) not in {lesion.number for lesion in truth.lesions[kind]}:
                yield "column sentences", name, f"row {row.row_id}: no such visible lesion"
        kinds = {name.partition("/")[0] for name in span["findings"]}
        for reading in readings:
            is_within = span["start"] <= reading.sentence.start < span["end"]
            for claim in reading.claims:
                is_of_lesions = claim.aspect in ("presence", "count", "items", "objects") and claim.subject in _FINDINGS
                if is_within and is_of_lesions and not kinds & {claim.subject, "severity", "label"}:
                    yield (
                        "column sentences",
                        reading.sentence.text,
                        f"rests on {sorted(kinds)}, says {claim.subject}",
                    )
                    break
