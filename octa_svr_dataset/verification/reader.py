"""Read a dialogue: every sentence of the answers as claims."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from octa_svr_dataset.verification.claims import LESIONS, Claim, Context, Item, Range
from octa_svr_dataset.verification.clauses import Clause, cut_clauses
from octa_svr_dataset.verification.grade_reader import (
    is_conditional,
    is_generic,
    read_conditional,
    read_generic,
    read_labels,
)
from octa_svr_dataset.verification.lesion_reader import read_lesions
from octa_svr_dataset.verification.lexicon import find_mentions
from octa_svr_dataset.verification.picture_reader import quadrants_in, read_quality, read_regions, read_shape
from octa_svr_dataset.verification.question_reader import Query, proposition, read_question
from octa_svr_dataset.verification.sentences import Sentence, split_sentences
from octa_svr_dataset.verification.zone_reader import read_diffuse_loss, read_zone

_SUBJECT_OF_HEADING = (
    ("faz", r"\b(?:fovea\w*|avascular zone|faz)\b"),
    ("dropout", r"\b(?:perfusion|capillar\w+|dropout|bed)\b"),
    ("microaneurysm", r"\bmicro-?aneurysms?\b"),
    ("irma", r"\b(?:irma|shunts?)\b"),
    ("neovascularization", r"\b(?:neovasc\w+|new vessels)\b"),
    ("vessel_shape", r"\b(?:vessels?|course)\b"),
    ("quality", r"\b(?:quality|image|picture)\b"),
)

_NARRATION = re.compile(
    r"^(?:(?:first|next|then|now|finally|last|lastly|let me|let us|i (?:will|shall|start|begin|now|look|turn|check|go)|to (?:begin|start)|"
    r"start(?:ing)?|beginning|turning|moving|taken? together|putting|in summary|so|step|looking|on to|as for|what about)\b)",
    re.IGNORECASE,
)
"""A sentence that says what is looked at next, and nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sentence with what it claims."""

    turn: int
    sentence: Sentence
    claims: tuple[Claim, ...]
    is_narration: bool = False

    @property
    def is_mapped(self) -> bool:
        """Whether it was understood."""
        return bool(self.claims) or self.is_narration


def read_dialogue(turns: Sequence[tuple[str, str]], laterality: str) -> tuple[Reading, ...]:
    """Readings of all sentences of the answers.

    Parameters
    ----------
    turns
        (question, answer) of each turn.
    laterality
        "od" or "os".
    """
    readings: list[Reading] = []
    for turn, (question, answer) in enumerate(turns):
        readings.extend(_read_answer(turn, read_question(question), answer, laterality))
    return tuple(readings)


def _read_answer(turn: int, query: Query, answer: str, laterality: str) -> Iterator[Reading]:
    context = Context(
        subject=query.subject, laterality=laterality, quadrants=quadrants_of(query.text, laterality)
    )
    heading = ""
    for sentence in split_sentences(answer):
        if sentence.heading != heading:
            heading = sentence.heading
            context = replace(context, subject=_subject_of_heading(heading) or context.subject)
        short = tuple(read_short_answer(sentence, query, context))
        claims = short or tuple(read_sentence(sentence, context))
        if not short:
            context = replace(context, subject=_next_subject(sentence.text, context.subject))
        is_narration = not claims and _NARRATION.match(sentence.text) is not None
        yield Reading(turn=turn, sentence=sentence, claims=claims, is_narration=is_narration)


def read_sentence(sentence: Sentence, context: Context) -> Iterator[Claim]:
    """Claims of a sentence of prose."""
    text = sentence.text
    if is_conditional(text):
        yield from read_conditional(text)
        return
    if is_generic(text):
        yield from read_generic(text)
        return
    for clause in cut_clauses(text):
        yield from read_clause(clause, context)
        context = replace(context, subject=_subject_of_clause(clause) or context.subject)


def read_clause(clause: Clause, context: Context) -> Iterator[Claim]:
    """Claims of a clause."""
    subject = context.subject
    yield from read_zone(clause, subject)
    yield from read_diffuse_loss(clause, subject)
    regions = list(read_regions(clause, context))
    yield from regions
    yield from read_lesions(clause, "" if regions else subject)
    yield from read_shape(clause, subject)
    yield from read_quality(clause, subject)
    yield from read_labels(clause)


def read_short_answer(sentence: Sentence, query: Query, context: Context) -> Iterator[Claim]:
    """Claims of an answer that only the question makes understood."""
    text = sentence.text.strip().strip("*` ")
    bare = text.rstrip(".").lower()
    if sentence.is_json:
        yield from _objects(text, query)
    elif query.options:
        yield from _choice(text, query, context)
    elif query.form == "yes_no" and re.match(r"(?:yes|no)\b", bare):
        yield from _yes_no(text, query, context)
    elif sentence.is_final or len(bare.split()) <= 4:
        if sentence.heading == "grade" and re.fullmatch(r"[0-4]", bare):
            yield Claim(aspect="grade", subject="severity", value=int(bare))
        yield from _fill_in(bare, query, context)


def _fill_in(bare: str, query: Query, context: Context) -> Iterator[Claim]:
    mentions = find_mentions(bare)
    first = {mention.tag: mention.value for mention in reversed(mentions)}
    if query.form == "count" and query.subject in LESIONS:
        number = 0 if bare in ("none", "no", "zero", "0") else first.get("number")
        if isinstance(number, int):
            yield Claim(aspect="count", subject=query.subject, value=Range(low=number, high=number))
    elif query.form == "measure":
        yield from _measure(bare, first, query)
    elif query.form == "region":
        named = quadrants_in(Clause(text=bare, mentions=mentions), context.laterality)
        if named and len(bare.split()) <= 8:
            yield Claim(aspect="worst_region", subject="regions", value=(named[0], context.quadrants))
        elif re.search(r"\b(?:equal\w*|none|even\w*|alike|same|no (?:quadrant|difference))\b", bare):
            yield Claim(aspect="even_regions", subject="regions", value=context.quadrants)
    elif query.form == "place" and query.subject in LESIONS:
        places = {tag: value for tag, value in first.items() if tag in ("direction", "quadrant", "ring")}
        if places:
            item = Item(rank=query.rank, **places)  # type: ignore[arg-type]
            yield Claim(aspect="items", subject=query.subject, value=(item,))
    elif query.form in ("grade", "label", "open"):
        if query.form == "grade" and isinstance(first.get("number"), int) and "grade" not in first:
            yield Claim(aspect="grade", subject="severity", value=first["number"])
        for clause in cut_clauses(bare):
            yield from read_labels(clause)


def _measure(bare: str, first: dict[str, object], query: Query) -> Iterator[Claim]:
    if re.search(r"\bnot (?:be )?(?:measur\w*|determin\w*)|\bcannot be\b|\bunmeasurable\b", bare):
        if query.subject == "faz":
            yield Claim(aspect="zone_measurable", subject="faz", holds=False)
        return
    if "area" in first:
        if query.subject == "faz":
            yield Claim(aspect="zone_area", subject="faz", value=first["area"])
        elif query.subject in LESIONS and query.rank:
            item = Item(rank=query.rank, area_mm2=first["area"])  # type: ignore[arg-type]
            yield Claim(aspect="items", subject=query.subject, value=(item,))
        elif query.subject in LESIONS:
            yield Claim(aspect="total_area", subject=query.subject, value=first["area"])
    elif "percent" in first and query.subject == "diffuse_loss":
        yield Claim(aspect="share", subject="diffuse_loss", value=first["percent"])
    elif "number" in first and "circularity" in query.text.lower():
        value = float(first["number"])  # type: ignore[arg-type]
        yield Claim(aspect="zone_circularity", subject="faz", value=(value, len(bare.partition(".")[2])))


def _objects(text: str, query: Query) -> Iterator[Claim]:
    try:
        objects = json.loads(text)
    except json.JSONDecodeError:
        return
    if not isinstance(objects, list):
        return
    subject = query.subject
    for entry in objects:
        named = [mention.value for mention in find_mentions(str(entry.get("label", ""))) if mention.tag == "kind"]
        subject = str(named[0]) if named else subject
    places = tuple(tuple(entry.get("bbox_2d") or entry.get("point_2d") or ()) for entry in objects)
    yield Claim(aspect="objects", subject=subject, value=places)


def _yes_no(text: str, query: Query, context: Context) -> Iterator[Claim]:
    is_yes = text.lower().startswith("yes")
    asked: list[Claim] = []
    for clause in cut_clauses(proposition(query.text)):
        asked += read_clause(clause, context)
    for claim in _essential(asked):
        yield claim if is_yes else claim.denied()
    rest = re.sub(r"^(?:yes|no)\b[.,:;]?\s*", "", text, flags=re.IGNORECASE)
    if rest:
        yield from read_sentence(Sentence(text=rest, start=0, heading=""), context)


def _essential(claims: Sequence[Claim]) -> list[Claim]:
    """What a question asks: presence only where nothing more is asked of the same thing."""
    detailed = {claim.subject for claim in claims if claim.aspect not in ("presence", "zone_visible")}
    return [
        claim for claim in claims if claim.aspect not in ("presence", "zone_visible") or claim.subject not in detailed
    ]


def _choice(text: str, query: Query, context: Context) -> Iterator[Claim]:
    match = re.match(r"(?:(?:option|answer|choice)\s*:?\s*)?\(?([A-H])\b(?![a-z])[).:]?\s*(.*)", text)
    if match is None or match[1] not in query.options:
        return
    option = query.options[match[1]]
    if match[2].strip(" .") and match[2].strip(" .").lower() not in (option.strip(" .").lower(), ""):
        yield Claim(aspect="option_text", subject="options", value=(match[2], option))
    plain = replace(query, options={})
    claims = list(_fill_in(option.rstrip(".").lower(), plain, context))
    yield from claims or read_sentence(Sentence(text=option, start=0, heading=""), context)


def quadrants_of(question: str, laterality: str) -> tuple[str, ...]:
    """Quadrants that a question names."""
    return tuple(
        dict.fromkeys(name for clause in cut_clauses(question) for name in quadrants_in(clause, laterality))
    )


def _subject_of_heading(heading: str) -> str:
    return next((subject for subject, pattern in _SUBJECT_OF_HEADING if re.search(pattern, heading)), "")


def _next_subject(text: str, subject: str) -> str:
    for clause in cut_clauses(text):
        subject = _subject_of_clause(clause) or subject
    return subject


def _subject_of_clause(clause: Clause) -> str:
    kinds = clause.kinds()
    if kinds:
        return str(kinds[0].value)
    if clause.has(r"\b(?:image|picture|scan|signal) quality\b|\bquality of the\b"):
        return "quality"
    if clause.has(r"\bquadrants?\b"):
        return "regions"
    return ""


