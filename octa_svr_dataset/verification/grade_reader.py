"""What a sentence claims of the class, the grade, and of the scale behind them."""

import re
from collections.abc import Iterator

from octa_svr_dataset.verification.claims import LESIONS, Claim
from octa_svr_dataset.verification.clauses import Clause, cut_clauses
from octa_svr_dataset.verification.lexicon import find_mentions

CONDITIONAL = re.compile(
    r"\b(?:would|were (?:there|it|they|an?|any)|had (?:there|it|they|an?|any)|if|unless|could (?:raise|lower|change|move)|"
    r"(?:only|it) takes?|required? for|needed for|to reach)\b"
)
"""Marks of a sentence on what is not so."""

_GENERIC = re.compile(
    r"\b(?:define[sd]?|defining|hallmark|by definition|in general|generally|typically|usually|often|are (?:considered|regarded|counted)|counts? as|"
    r"marks?|tells? apart|distinguish\w*|separates?|are the (?:earliest|first)|is the (?:earliest|first)|earliest sign|belongs? to (?:the )?grade|"
    r"stands? for|means? (?:grade|severity)|the scale|this scale|of the scale|on its own|by itself|by themselves|alone|may also|can also|also occurs?|"
    r"not specific|unspecific|nonspecific|are a sign|is a sign)\b"
)

_GRADE_OF_LABEL = {"healthy": (0,), "npdr": (1, 2, 3), "pdr": (4,), "diseased": (1, 2, 3, 4)}


def is_conditional(text: str) -> bool:
    """Whether a sentence speaks of what is not so."""
    return CONDITIONAL.search(text.lower()) is not None


def is_generic(text: str) -> bool:
    """Whether a sentence speaks of lesions as such."""
    return _GENERIC.search(text.lower()) is not None


def read_labels(clause: Clause) -> Iterator[Claim]:
    """Claims of a clause on the class and the grade of this eye."""
    for mention in clause.mentions:
        if mention.tag == "label":
            denied = clause.is_denied(mention) or bool(
                re.search(r"\b(?:not|rules? out|excludes?|against|argues against)\b[\w ,]*$", clause.text[: mention.start].lower())
            )
            yield Claim(aspect="label", subject="label", value=mention.value, holds=not denied)
        elif mention.tag == "grade":
            denied = bool(re.search(r"\b(?:not|above|below|beyond|short of|than)\b[\w ]*$", clause.text[: mention.start].lower()))
            if not denied:
                yield Claim(aspect="grade", subject="severity", value=mention.value)


def read_conditional(text: str) -> Iterator[Claim]:
    """Claims of a conditional sentence: which grade would stand with, or without, some kinds of lesions."""
    clauses = cut_clauses(text)
    added, removed = set(), set()
    for clause in clauses:
        for kind in clause.kinds():
            if kind.value not in (*LESIONS, "diffuse_loss"):
                continue
            before = clause.text[: kind.start].lower()
            if re.search(r"\b(?:without|absence|no|not|absent|lack|neither|nor|removed?|taking away|disregard\w*|ignoring|leaving)\b[^,]*$", before):
                removed.add(str(kind.value))
            else:
                added.add(str(kind.value))
    mentions = find_mentions(text)
    outcomes: list[tuple[str, object]] = [("grade", mention.value) for mention in mentions if mention.tag == "grade"]
    outcomes += [("label", mention.value) for mention in mentions if mention.tag == "label"]
    direction = ""
    if re.search(r"\b(?:raise|higher|increase|lift|push|up to|advance|worse|upgrade)\w*\b", text.lower()):
        direction = "up"
    elif re.search(r"\b(?:lower(?:ed)?|drop|fall|reduce|down|decrease|downgrade)\w*\b", text.lower()):
        direction = "down"
    yield Claim(
        aspect="counterfactual",
        subject="severity",
        value=(frozenset(added), frozenset(removed), tuple(outcomes), direction),
    )


def read_generic(text: str) -> Iterator[Claim]:
    """Claims of a sentence on lesions as such: which grade or class they stand for."""
    clauses = cut_clauses(text)
    for clause in clauses:
        kinds = [str(kind.value) for kind in clause.kinds() if kind.value in (*LESIONS, "diffuse_loss")]
        grades = [mention.value for mention in clause.mentions if mention.tag == "grade"]
        labels = [mention.value for mention in clause.mentions if mention.tag == "label"]
        denied = any(mention.tag == "negation" for mention in clause.mentions)
        if kinds and (grades or labels):
            yield Claim(aspect="scale", subject="severity", value=(tuple(kinds), tuple(grades), tuple(labels)), holds=not denied)
        elif kinds:
            yield Claim(aspect="knowledge", subject=kinds[0], value=clause.text.strip())


def grades_of_label(label: str) -> tuple[int, ...]:
    """Grades that a class covers."""
    return _GRADE_OF_LABEL[label]
