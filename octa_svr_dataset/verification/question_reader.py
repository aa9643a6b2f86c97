"""What a question asks for, so that a short answer can be understood."""

import re
from dataclasses import dataclass, field

from octa_svr_dataset.verification.claims import LESIONS
from octa_svr_dataset.verification.clauses import Clause, cut_clauses

_OPTION = re.compile(r"(?:^|\s|\()\(?(?P<letter>[A-H])[).:]\s+(?P<text>.+?)(?=(?:[;,]?\s+\(?[A-H][).:]\s)|\n|$)", re.MULTILINE)

_FORMS = (
    ("objects", r"\b(?:bounding boxe?s?|boxe?s?|bbox\w*|points?\b(?! (?:to|toward))|coordinates|point_2d|bbox_2d|json|locali[sz]e|mark)\b"),
    ("count", r"\b(?:how many|number of|count|how often)\b"),
    ("region", r"\b(?:which|what|in which|compare|where)\b[^.?]*\b(?:quadrants?|region|sector|half|side)\b|\bcompare\b[^.?]*\bquadrants?\b|\bquadrants?\b[^.?]*\b(?:most|worst)\b"),
    ("place", r"\b(?:where|which direction|in which (?:direction|part)|what direction|location)\b"),
    ("measure", r"\b(?:area|size|how (?:large|big|wide|much)|mm2|mm²|measure|diameter|share|percent\w*|proportion|extent|circularity|density|calib\w+)\b"),
    ("grade", r"\b(?:grade|severity|how severe|stage of severity|level)\b"),
    ("label", r"\b(?:class(?:ify|ification)?|diagnos\w+|category|healthy|npdr|pdr|retinopathy|stage)\b"),
)

_YES_NO = re.compile(
    r"(?:^|[.!?:,]\s+|\b(?:no|yes)\W{1,4})(?:is|are|does|do|can|could|has|have|was|were|would you say|did|might|yes or no)\b", re.IGNORECASE
)

_POLITE = re.compile(r"\b(?:can|could|would|will) you (?:please )?(?:tell|say|give|describe|show|list|mark|find|locate|count|name|report|measure|explain|point|draw|write|state|estimate|go|walk|look|classify|compare|grade|identify|assess|provide|box|outline|determine)\b", re.IGNORECASE)


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
    form = "open"
    for name, pattern in _FORMS:
        if re.search(pattern, lowered):
            form = name
            break
    if _YES_NO.search(stem) and not _POLITE.search(stem) and not options and form != "objects":
        form = "yes_no"
    return Query(text=stem.strip(), form=form, subject=_subject(clauses, form, lowered), rank=_rank(clauses), options=options)


def proposition(question: str) -> str:
    """The sentence of a question that asks whether something is so."""
    parts = [part for part in re.split(r"(?<=[.?!])\s+", question.strip()) if part]
    asked = [part for part in parts if part.endswith("?")] or parts
    return asked[-1]


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
