"""Short answers: what they claim in the light of the question."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from octa_svr_dataset.verification.claims import LESIONS, Claim, Context, Item, Range
from octa_svr_dataset.verification.clause_reader import read_clause, read_sentence
from octa_svr_dataset.verification.clauses import Clause, cut_clauses
from octa_svr_dataset.verification.grade_reader import read_labels
from octa_svr_dataset.verification.lexicon import find_mentions
from octa_svr_dataset.verification.picture_reader import quadrants_in, quality_of
from octa_svr_dataset.verification.question_reader import Query, proposition
from octa_svr_dataset.verification.sentences import Sentence
from octa_svr_dataset.verification.vocabulary import NUMERALS
from octa_svr_dataset.verification.zone_reader import is_about_border, read_border_question

_LETTER = re.compile(r"^(?:(?:option|answer|choice)\W+)?\(?([A-H])(?:[).:]+\s*(.*)|\s*)$", re.DOTALL)

_YES_NO = re.compile(r"^(?P<said>yes|no)(?=[.,;:!]|$)[.,;:!]*\s*", re.IGNORECASE)

_NUMBER = r"(\d+|" + "|".join(NUMERALS) + r")"

_GRAVITY = ("dropout", "irma", "neovascularization")
"""Kinds of lesions, the gravest last."""

_VERB = re.compile(r"\b(?:is|are|was|were|can|cannot|has|have|shows?|see|seen|lies?|lie)\b")

MOST_WORDS = 4
"""A sentence of no more words is read as a short answer, wherever it stands."""


def read_short_answer(sentence: Sentence, query: Query, context: Context) -> Iterator[Claim]:
    """Claims of an answer that only the question makes understood; none where it is a sentence of its own."""
    text = sentence.text.strip().strip("*` ")
    bare = text.rstrip(".").lower()
    letter = _LETTER.match(text.rstrip("."))
    if sentence.is_json:
        yield from _objects(text, query)
    elif query.options and letter and letter[1] in query.options:
        yield from _choice(letter[1], letter[2] or "", query, context)
    elif _YES_NO.match(text):
        yield from _yes_no(text, query, context)
    elif sentence.heading == "grade" and re.fullmatch(r"[0-4]", bare):
        yield Claim(aspect="grade", subject="severity", value=int(bare))
    elif sentence.is_final or (len(bare.split()) <= MOST_WORDS and not _VERB.search(bare)):
        yield from _fill_in(bare, query, context)


def _fill_in(bare: str, query: Query, context: Context) -> Iterator[Claim]:
    mentions = find_mentions(bare)
    first = {mention.tag: mention.value for mention in reversed(mentions)}
    if query.subject == "diffuse_loss" and re.fullmatch(r"none|no(?: diffuse loss)?|absent|mild|moderate|marked", bare):
        if "degree" in first:
            yield Claim(aspect="degree", subject="diffuse_loss", value=first["degree"])
        else:
            yield Claim(aspect="presence", subject="diffuse_loss", value=True, holds=False)
    elif query.form == "count" and query.subject in LESIONS:
        value = count_of(bare)
        if value is not None:
            yield Claim(aspect="count", subject=query.subject, value=value)
    elif query.form == "measure":
        yield from _measure(bare, first, query, context)
    elif query.form == "region":
        named = quadrants_in(Clause(text=bare, mentions=mentions), context.laterality)
        if named:
            yield Claim(aspect="worst_region", subject="regions", value=(named[0], context.quadrants))
        elif re.search(r"\b(?:equal\w*|none|even\w*|alike|same|no (?:quadrant|difference))\b", bare):
            yield Claim(aspect="even_regions", subject="regions", value=((), context.quadrants, False, False))
    elif query.form == "place" and query.subject in LESIONS:
        places = {tag: value for tag, value in first.items() if tag in ("direction", "quadrant", "ring")}
        if places:
            yield Claim(aspect="items", subject=query.subject, value=(Item(rank=query.rank, **places),))
    elif query.form == "gravest":
        yield from _gravest(bare)
    elif query.subject == "quality" and quality_of(bare):
        yield Claim(aspect="quality", subject="quality", value=(quality_of(bare),))
    elif query.form in ("grade", "label", "open"):
        if query.form == "grade" and re.fullmatch(r"[0-4]", bare):
            yield Claim(aspect="grade", subject="severity", value=int(bare))
        for clause in cut_clauses(bare):
            yield from read_labels(clause)


def count_of(bare: str) -> Range | None:
    """Numbers that a short answer stands for: "3", "one or two", "six or more", "none"."""
    if re.match(r"(?:none|no|zero)\b", bare):
        return Range(low=0, high=0)
    match = re.search(rf"\b{_NUMBER} (?:or|to|-) {_NUMBER}\b", bare)
    if match:
        return Range(low=_as_number(match[1]), high=_as_number(match[2]))
    match = re.search(rf"\b{_NUMBER}\b", bare)
    if match is None:
        return None
    number = _as_number(match[1])
    if re.search(r"\bor more\b|\bat least\b", bare):
        return Range(low=number, high=None)
    if re.search(r"\bmore than\b", bare):
        return Range(low=number + 1, high=None)
    return Range(low=0 if re.search(r"\bor (?:fewer|less)\b|\bat most\b", bare) else number, high=number)


def _as_number(word: str) -> int:
    return NUMERALS[word] if word in NUMERALS else int(word)


def _measure(bare: str, first: dict[str, object], query: Query, context: Context) -> Iterator[Claim]:
    if re.search(r"\bnot (?:be )?(?:measur\w*|determin\w*)|\bcannot be\b|\bunmeasurable\b", bare):
        yield from _not_measurable(query)
    elif "area" in first and query.subject == "faz":
        yield Claim(aspect="zone_area", subject="faz", value=first["area"])
    elif "area" in first and query.subject in LESIONS:
        if query.rank:
            item = Item(rank=query.rank, area_mm2=first["area"])  # type: ignore[arg-type]
            yield Claim(aspect="items", subject=query.subject, value=(item,))
        else:
            yield Claim(aspect="total_area", subject=query.subject, value=first["area"])
    elif "length" in first:
        yield Claim(aspect="calibre", subject="vessel_shape", value=first["length"])
    elif "percent" in first and context.quadrants:
        is_density = re.search(r"\b(?:density|dense|vessels?\b(?! loss))", query.text.lower()) is not None
        aspect = "region_density" if is_density and "loss" not in query.text.lower() else "region_share"
        yield Claim(aspect=aspect, subject="regions", value=(context.quadrants[0], first["percent"]))
    elif "percent" in first:
        yield Claim(aspect="share", subject="diffuse_loss", value=first["percent"])
    elif query.subject == "faz" and re.fullmatch(r"\d(?:\.\d+)?", bare):
        yield Claim(aspect="zone_circularity", subject="faz", value=(float(bare), len(bare.partition(".")[2])))


def _not_measurable(query: Query) -> Iterator[Claim]:
    if query.subject == "faz":
        yield Claim(aspect="zone_closed", subject="faz", holds=False)
    elif query.subject in LESIONS:
        yield Claim(aspect="presence", subject=query.subject, value=True, holds=False)
    else:
        yield Claim(aspect="shape_measurable", subject="vessel_shape", holds=False)


def _gravest(bare: str) -> Iterator[Claim]:
    kinds = [
        str(mention.value) for mention in find_mentions(bare) if mention.tag == "kind" and mention.value in _GRAVITY
    ]
    absent = _GRAVITY[_GRAVITY.index(kinds[0]) + 1 :] if kinds else _GRAVITY
    if kinds:
        yield Claim(aspect="presence", subject=kinds[0], value=True)
    elif not bare.startswith(("none", "no ")):
        return
    for kind in absent:
        yield Claim(aspect="presence", subject=kind, value=True, holds=False)


def _objects(text: str, query: Query) -> Iterator[Claim]:
    try:
        objects = json.loads(text)
    except json.JSONDecodeError:
        return
    if not isinstance(objects, list) or not all(isinstance(entry, dict) for entry in objects):
        return
    subject = query.subject
    for entry in objects:
        named = [mention.value for mention in find_mentions(str(entry.get("label", ""))) if mention.tag == "kind"]
        subject = str(named[0]) if named else subject
    places = tuple(tuple(entry.get("bbox_2d") or entry.get("point_2d") or ()) for entry in objects)
    yield Claim(aspect="objects", subject=subject, value=places)


def _yes_no(text: str, query: Query, context: Context) -> Iterator[Claim]:
    match = _YES_NO.match(text)
    assert match is not None
    is_yes = match["said"].lower() == "yes"
    asked: list[Claim] = []
    for clause in cut_clauses(proposition(query.text)):
        if query.subject == "faz" and is_about_border(clause):
            asked = [read_border_question(clause)]
            break
        asked += read_clause(clause, replace(context, subject=query.subject))
    for claim in _essential(asked):
        yield claim if is_yes else claim.denied()
    rest = text[match.end() :]
    if rest:
        yield from read_sentence(rest, context)


def _essential(claims: Sequence[Claim]) -> list[Claim]:
    """What a question asks: presence only where nothing more is asked of the same thing."""
    plain = ("presence", "zone_visible", "count_there")
    detailed = {claim.subject for claim in claims if claim.aspect not in plain}
    kept = [claim for claim in claims if claim.aspect not in plain or claim.subject not in detailed]
    return list(dict.fromkeys(kept))


def _choice(letter: str, said: str, query: Query, context: Context) -> Iterator[Claim]:
    option = query.options[letter]
    if said.strip(" .") and said.strip(" .").lower() != option.strip(" .").lower():
        yield Claim(aspect="option_text", subject="options", value=(said, option))
    counts = [count_of(other.lower()) for other in query.options.values()]
    form = "count" if query.subject in LESIONS and None not in counts else query.form
    claims = list(_fill_in(option.rstrip(".").lower(), replace(query, options={}, form=form), context))
    yield from claims or read_sentence(option, context)
