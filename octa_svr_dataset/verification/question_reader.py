"""What a question asks for, so that a short answer can be understood."""

import re
from dataclasses import dataclass, field

from octa_svr_dataset.verification.claims import LESIONS
from octa_svr_dataset.verification.clauses import Clause, cut_clauses

_OPTION = re.compile(
    r"(?:^|\s|\()\(?(?P<letter>[A-H])[).:]\s+(?P<text>.+?)(?=(?:[;,]?\s+\(?[A-H][).:]\s)|\n|$)", re.MULTILINE
)

_FORMS = (
    (
        "objects",
        (
            r"\b(?:bounding boxe?s?|boxe?s?|bbox\w*|points?\b(?! (?:to|toward))|coordinates|point_2d|bbox_2d|json|"
            r"locali[sz]e|mark)\b"
        ),
    ),
    (
        "measure",
        (
            r"\b(?:mm2|mm²|square mill\w+|percent\w*|calib\w+|circular(?:ity)?|how many (?:mm|µm|micron|micromet|"
            r"square)|in µm|microns?|micromet\w+)"
        ),
    ),
    (
        "gravest",
        (
            r"\b(?:gravest|most (?:advanced|severe|serious)) (?:\w+ ){0,3}(?:findings?|lesions?|one|signs?)\b|"
            r"\bgravest\b"
        ),
    ),
    ("count", r"\b(?:how many|number of|count|how often)\b"),
    (
        "region",
        (
            r"\bwhich (?:of (?:the|these) )?(?:\w+ )?(?:quadrants?|region|sector|half|side)\b|"
            r"\bcompare\b[^.?]*\bquadrants?\b|\bquadrants?\b[^.?]*\b(?:most|worst)\b"
        ),
    ),
    ("place", r"\b(?:where|which direction|in which (?:direction|part)|what direction|location)\b"),
    (
        "measure",
        (
            r"\b(?:area|size|how (?:large|big|wide|much)|measure|diameter|share|proportion|extent|"
            r"density)\b(?! of diabetic)"
        ),
    ),
    ("grade", r"\b(?:grade|severity|how severe|level)\b"),
    ("label", r"\b(?:class(?:ify|ification|es)?|diagnos\w+|category|healthy|npdr|pdr|retinopathy|stage)\b"),
)

_QUADRANTS = re.compile(r"\b(?:superior|inferior|nasal|temporal)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked."""

    text: str
    form: str
    subject: str
    """Kind of thing that is asked about; empty where none is named."""

    rank: str = ""
    options: dict[str, str] = field(default_factory=dict)


def read_question(question: str) -> Query:
    """Read a question; options of a multiple-choice question stand behind letters."""
    options = _options(question)
    stem = question
    if options:
        stem = question[: _OPTION.search(question).start()]  # type: ignore[union-attr]
    lowered = stem.lower()
    clauses = cut_clauses(stem)
    form = next((name for name, pattern in _FORMS if re.search(pattern, lowered)), "open")
    if form != "objects" and len(set(_QUADRANTS.findall(lowered))) > 1:
        form = "region"
    subject = _subject(clauses, form, lowered)
    return Query(text=stem.strip(), form=form, subject=subject, rank=_rank(clauses), options=options)


def proposition(question: str) -> str:
    """The sentence of a question that asks whether something is so."""
    parts = [part for part in re.split(r"(?<=[.?!])\s+", question.strip()) if part]
    asked = [part for part in parts if part.endswith("?")] or parts
    return re.sub(r"^yes or no\W+", "", asked[-1], flags=re.IGNORECASE)


def _options(question: str) -> dict[str, str]:
    found = {match["letter"]: match["text"].strip(" ;,") for match in _OPTION.finditer(question)}
    return found if "A" in found and "B" in found else {}


def _subject(clauses: tuple[Clause, ...], form: str, lowered: str) -> str:
    kinds = [str(kind.value) for clause in clauses for kind in clause.kinds()]
    if form == "region":
        return "regions"
    if kinds:
        lesions = [kind for kind in kinds if kind in LESIONS]
        return lesions[0] if form in ("count", "objects", "place") and lesions else kinds[0]
    for subject, pattern in (
        ("quality", r"\b(?:quality|gradab\w+|artifacts?|noise|motion|blur)\b"),
        ("vessel_shape", r"\b(?:tortu\w+|bead\w+|winding|course of (?:the )?vessels)\b"),
    ):
        if re.search(pattern, lowered):
            return subject
    return {"label": "label", "grade": "severity"}.get(form, "")


def _rank(clauses: tuple[Clause, ...]) -> str:
    ranks = [str(mention.value) for clause in clauses for mention in clause.mentions if mention.tag == "rank"]
    return ranks[0] if ranks else ""
