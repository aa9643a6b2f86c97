"""Sentences of prose as claims, clause by clause."""

from collections.abc import Iterator
from dataclasses import replace

from octa_svr_dataset.verification.claims import Claim, Context
from octa_svr_dataset.verification.clauses import Clause, cut_clauses
from octa_svr_dataset.verification.grade_reader import (
    is_conditional,
    is_generic,
    read_conditional,
    read_generic,
    read_labels,
    read_unspecific,
)
from octa_svr_dataset.verification.lesion_reader import read_lesions
from octa_svr_dataset.verification.picture_reader import (
    is_on_unshown,
    read_quality,
    read_regions,
    read_shape,
    read_unshown,
)
from octa_svr_dataset.verification.zone_reader import is_on_fovea, read_diffuse_loss, read_zone


def read_sentence(text: str, context: Context) -> Iterator[Claim]:
    """Claims of a sentence of prose."""
    if is_generic(text):
        yield from read_generic(text)
        return
    if is_conditional(text):
        yield from read_conditional(text)
        return
    clauses = cut_clauses(text)
    for place, clause in enumerate(clauses):
        former = clauses[place - 1].kinds() if place else []
        if former and clause.has(r"^\W*which\b"):
            context = replace(context, subject=str(former[-1].value))
        yield from read_clause(clause, context)
        context = replace(context, subject=subject_of_clause(clause) or context.subject)


def read_clause(clause: Clause, context: Context) -> Iterator[Claim]:
    """Claims of a clause."""
    subject = "faz" if is_on_fovea(clause) else context.subject
    unspecific = list(read_unspecific(clause, subject))
    if unspecific:
        yield from unspecific
        yield from read_zone(clause, "")
        yield from read_diffuse_loss(clause, subject, is_affirmed=True)
        return
    yield from read_unshown(clause)
    if is_on_unshown(clause):
        return
    regions = list(read_regions(clause, context))
    yield from regions
    if not regions:
        yield from read_zone(clause, subject)
        yield from read_diffuse_loss(clause, subject)
        yield from read_lesions(clause, subject)
    yield from read_shape(clause, subject)
    yield from read_quality(clause, subject)
    yield from read_labels(clause)


def next_subject(text: str, subject: str) -> str:
    """What a sentence leaves to be spoken of."""
    for clause in cut_clauses(text):
        subject = subject_of_clause(clause) or subject
    return subject


def subject_of_clause(clause: Clause) -> str:
    """What a clause speaks of; empty where it names nothing."""
    kinds = clause.kinds()
    if kinds:
        return str(kinds[0].value)
    if clause.has(r"\bquality\b"):
        return "quality"
    if any(mention.tag == "trait" and mention.value in ("tortuous", "beaded") for mention in clause.mentions):
        return "vessel_shape"
    tells_lesions_apart = any(mention.tag in ("size", "area", "number") for mention in clause.mentions)
    is_aside = clause.has(r"^\W*which\b")  # it says where something named before lies
    if clause.has(r"\bquadrants?\b") and not tells_lesions_apart and not is_aside:
        return "regions"
    return ""
