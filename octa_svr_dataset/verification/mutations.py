"""False texts made of true ones: one thing is changed in one answer. They measure what the verifier finds.

Words are changed by the list below, which the verifier does not know. Columns are not touched, as only contradictions
with the pixels count: a text whose columns were changed along with it must be found all the same.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from octa_svr_dataset.verification.number_mutations import change_area, change_share
from octa_svr_dataset.verification.rows import Row

_PLACES = {
    "upper": "above",
    "lower": "below",
    "left": "to the left of",
    "right": "to the right of",
    "upper left": "to the upper left of",
    "upper right": "to the upper right of",
    "lower left": "to the lower left of",
    "lower right": "to the lower right of",
}

_PLACE = re.compile(
    r"\b(?P<place>above|below|to the (?:upper |lower )?(?:left|right) of)(?= (?:the fovea|it\b|the center|the middle))",
    re.IGNORECASE,
)

_QUADRANT = re.compile(r"\b(?P<place>superior|inferior|nasal|temporal)\b", re.IGNORECASE)

_ALIKE = re.compile(r"\b(?:alike|equal(?:ly)?|similar|stands? out|matched|no more than|share|difference)\b")

ALIKE_WITHIN = 0.05
"""Quadrants whose shares differ by less may be called alike."""

_NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_LESIONS = {
    "dropout": r"areas? of (?:capillary )?(?:dropout|non-?perfusion)",
    "microaneurysm": r"microaneurysms?",
    "irma": r"intraretinal microvascular abnormalit(?:y|ies)",
    "neovascularization": r"(?:tufts? of (?:\w+,? )*vessels|neovasculari[sz]ation)",
}

_COUNTED = re.compile(
    r"\b(?P<number>"
    + "|".join(_NUMERALS[1:])
    + r")(?= (?:\w+,? ){0,2}(?:"
    + "|".join(_LESIONS.values())
    + r"|areas\b|dots\b|shunts\b|tufts\b))",
    re.IGNORECASE,
)

_COUNT_ALONE = re.compile(r"(?:^|Answer: |\*\*)(?P<number>\d{1,2})(?=\.?\**\s*$)")

_DEGREE = re.compile(
    (
        r"\b(?P<degree>mild|moderate|marked)(?= (?:diffuse|degree|loss|"
        r"thinning|rarefaction|capillary))"
    ),
    re.IGNORECASE,
)

_SIZE = re.compile(r"\b(?P<size>small|medium-sized|large)(?= (?:one\b|area|patch))", re.IGNORECASE)

_CLASSES = {
    "healthy": "Healthy",
    "npdr": "Non-proliferative diabetic retinopathy (NPDR)",
    "pdr": "Proliferative diabetic retinopathy (PDR)",
}

_CONCLUSION = re.compile(r"(?P<lead>^\W*(?:Conclusion|Answer|Diagnosis)\W*\s)?(?P<name>[^\n]*)$", re.IGNORECASE)

_AFFIRMED = {
    "dropout": ("There is an area of capillary dropout.", "Capillary dropout can be seen."),
    "microaneurysm": ("There is a microaneurysm.", "Microaneurysms are visible."),
    "irma": ("There is an intraretinal microvascular abnormality.", "An IRMA can be made out."),
    "neovascularization": ("There is a tuft of new vessels.", "Neovascularization is present."),
    "diffuse_loss": ("The capillary bed is diffusely thinned.", "There is diffuse capillary loss."),
}

_NEGATED = {
    "dropout": ("There is no capillary dropout.", "No area of non-perfusion can be seen."),
    "microaneurysm": ("There are no microaneurysms.", "Microaneurysms are not seen."),
    "irma": ("There is no intraretinal microvascular abnormality.", "IRMA are absent."),
    "neovascularization": ("There are no new vessels.", "Neovascularization is absent."),
    "diffuse_loss": ("There is no diffuse capillary loss.", "Diffuse loss of capillaries is not seen."),
}

_SENTENCE_OF = {
    **{kind: re.compile(rf"[^.\n]*\b{words}\b[^.\n]*\.(?!\d)", re.IGNORECASE) for kind, words in _LESIONS.items()},
    "diffuse_loss": re.compile(r"[^.\n]*\bdiffuse\b[^.\n]*\.(?!\d)", re.IGNORECASE),
}


def mutate(row: Row, kind: str, rng: np.random.Generator) -> Row | None:
    """The row with one thing of a kind changed in one of its answers; none where its answers hold no such thing.

    Parameters
    ----------
    row
        A row with a true text.
    kind
        One of `MUTATIONS`.
    rng
        Stream of the choices.
    """
    turns = [2 * turn + 1 for turn in range(len(row.messages) // 2)]
    for place in rng.permutation(turns):
        question, answer = row.messages[place - 1][1], row.messages[place][1]
        changed = MUTATIONS[kind](question, answer, row, rng)
        if changed is not None and changed != answer:
            messages = list(row.messages)
            messages[place] = (row.messages[place][0], changed)
            return replace(row, messages=tuple(messages))
    return None


def _direction(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    del question
    matches = [*_PLACE.finditer(answer), *_QUADRANT.finditer(answer)]
    if not matches:
        return None
    match = matches[int(rng.integers(len(matches)))]
    names = list(_PLACES.values()) if match.re is _PLACE else _other_quadrants(answer, match, row)
    return _swapped(answer, match, "place", names, rng) if names else None


def _other_quadrants(answer: str, match: re.Match[str], row: Row) -> list[str]:
    """Quadrants that may take the place of another one; not a third one that is as alike as those told to be alike."""
    shares = {region["quadrant"]: region["lost_share"] for region in row.findings["regions"]}
    said = match["place"].lower()
    start = max(answer.rfind(end, 0, match.start()) for end in (".", "\n")) + 1
    is_alike = _ALIKE.search(answer[start : answer.find(".", match.end())].lower()) is not None
    return [
        name for name in shares if name != said and (not is_alike or abs(shares[name] - shares[said]) >= ALIKE_WITHIN)
    ]


def _count(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    del question, row
    matches = [*_COUNTED.finditer(answer)]
    if matches:
        return _swapped(answer, matches[int(rng.integers(len(matches)))], "number", list(_NUMERALS[1:]), rng)
    match = _COUNT_ALONE.search(answer)
    return None if match is None else _swapped(answer, match, "number", [str(number) for number in range(9)], rng)


def _degree(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    del question, row
    matches = [*_DEGREE.finditer(answer), *_SIZE.finditer(answer)]
    if not matches:
        return None
    match = matches[int(rng.integers(len(matches)))]
    if match.re is _DEGREE:
        return _swapped(answer, match, "degree", ["mild", "moderate", "marked"], rng)
    return _swapped(answer, match, "size", ["small", "medium-sized", "large"], rng)


def _class(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    *before, last = answer.split("\n")
    match = _CONCLUSION.match(last)
    if match is None:
        return None
    named = match["name"].lower()
    if not re.search(r"\b(?:healthy|npdr|pdr|retinopathy)\b", named) or len(named.split()) > 8:
        return None
    if re.search(r"\b[A-H]\) ", question):
        return None
    is_binary = "npdr" not in named and "proliferative" not in named and "pdr" not in named and row.label != "healthy"
    others = ["healthy"] if is_binary else [name for name in _CLASSES if name != row.label]
    other = _CLASSES[others[int(rng.integers(len(others)))]]
    return "\n".join([*before, f"{match['lead'] or ''}{other}."])


def _presence(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    """Deny what is seen, or affirm what is not; what is seen is taken from the findings column of the true row."""
    del question
    findings = row.findings
    visible = {
        "dropout": any(finding["is_visible"] for finding in findings["dropouts"]),
        "microaneurysm": any(finding["is_visible"] for finding in findings["microaneurysms"]),
        "irma": any(finding["is_visible"] for finding in findings["irma"]),
        "neovascularization": any(finding["is_visible"] for finding in findings["neovascularization"]),
        "diffuse_loss": findings["diffuse_loss"]["is_visible"],
    }
    kinds = list(visible)
    for place in rng.permutation(len(kinds)):
        kind = kinds[place]
        match = _SENTENCE_OF[kind].search(answer)
        if match is None:
            continue
        sentences = (_NEGATED if visible[kind] else _AFFIRMED)[kind]
        lead = re.match(r"\s*(?:[A-Z][a-z]+(?: [a-z]+)?: )?", match[0])
        assert lead is not None
        return answer[: match.start()] + lead[0] + sentences[int(rng.integers(len(sentences)))] + answer[match.end() :]
    final = re.match(r"(?P<said>Yes|No)(?=[.,])", answer)
    return _swapped(answer, final, "said", ["Yes", "No"], rng) if final else None


def _box(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    """Swap the axes of a box or point, or move it by a tenth of the picture and more."""
    del question, row
    match = re.search(r"\[\s*\{.*\}\s*\]", answer, re.DOTALL)
    if match is None:
        return None
    objects = json.loads(match[0])
    entry = objects[int(rng.integers(len(objects)))]
    name = "bbox_2d" if "bbox_2d" in entry else "point_2d"
    place = entry[name]
    swapped = [place[axis ^ 1] for axis in range(len(place))]
    off = int(rng.integers(100, 300))
    moved = [value + off if max(place) + off <= 1000 else value - off for value in place]
    is_far = max(abs(one - other) for one, other in zip(swapped, place, strict=True)) > 50
    entry[name] = swapped if rng.integers(2) and is_far else moved
    return answer[: match.start()] + json.dumps(objects) + answer[match.end() :]


def _swapped(answer: str, match: re.Match[str], group: str, names: list[str], rng: np.random.Generator) -> str:
    said = match[group]
    others = [name for name in names if name != said.lower() and name != said]
    other = others[int(rng.integers(len(others)))]
    other = other[:1].upper() + other[1:] if said[:1].isupper() else other
    return answer[: match.start(group)] + other + answer[match.end(group) :]


MUTATIONS: dict[str, Callable[[str, str, Row, np.random.Generator], str | None]] = {
    "direction": _direction,
    "count": _count,
    "degree": _degree,
    "class": _class,
    "presence": _presence,
    "box": _box,
    "area": change_area,
    "share": change_share,
}
"""Kinds of changes."""
