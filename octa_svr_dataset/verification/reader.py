"""Read a dialogue: every sentence of the answers as claims."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from octa_svr_dataset.verification.answer_reader import read_short_answer
from octa_svr_dataset.verification.claims import Claim, Context
from octa_svr_dataset.verification.clause_reader import next_subject, read_sentence
from octa_svr_dataset.verification.clauses import cut_clauses
from octa_svr_dataset.verification.picture_reader import quadrants_in
from octa_svr_dataset.verification.question_reader import Query, read_question
from octa_svr_dataset.verification.sentences import Sentence, split_sentences

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
    r"^(?:(?:first|next|then|now|finally|last|lastly|let me|let us|i (?:will|shall|start|begin|now|look|turn|"
    r"check|go)|to (?:begin|start)|"
    r"start(?:ing)?|beginning|turning|moving|taken? together|putting|in summary|so|step|looking|on to|as for|"
    r"what about)\b)",
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
    context = Context(subject=query.subject, laterality=laterality, quadrants=quadrants_of(query, laterality))
    heading = ""
    for sentence in split_sentences(answer):
        if sentence.heading != heading:
            heading = sentence.heading
            context = replace(context, subject=_subject_of_heading(heading) or context.subject)
        short = tuple(read_short_answer(sentence, query, context))
        claims = short or tuple(read_sentence(sentence.text, context))
        if not short:
            context = replace(context, subject=next_subject(sentence.text, context.subject))
        is_narration = not claims and _NARRATION.match(sentence.text) is not None
        yield Reading(turn=turn, sentence=sentence, claims=claims, is_narration=is_narration)


def quadrants_of(query: Query, laterality: str) -> tuple[str, ...]:
    """Quadrants that a question compares or asks about."""
    clauses = cut_clauses(query.text)
    if query.form == "region":
        named = [name for clause in clauses for name in quadrants_in(clause, laterality)]
    else:
        named = [str(m.value) for clause in clauses for m in clause.mentions if m.tag == "quadrant"]
    return tuple(dict.fromkeys(named))


def _subject_of_heading(heading: str) -> str:
    return next((subject for subject, pattern in _SUBJECT_OF_HEADING if re.search(pattern, heading)), "")
