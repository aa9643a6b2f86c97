"""Claims on class, grade and scale, by `octa_svr_dataset.grading`."""

import re

from octa_svr_dataset.grading import Label, label_of_severity
from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.comparison import outcome
from octa_svr_dataset.verification.truth import Truth

GRADES_OF_KIND = {
    "diffuse_loss": (1,),
    "microaneurysm": (1, 2),
    "dropout": (1, 2),
    "irma": (3,),
    "beaded": (3,),
    "neovascularization": (4,),
}
"""Grades that each kind of lesion may stand for."""


def _label(claim: Claim, truth: Truth) -> str:
    is_so = truth.label != Label.HEALTHY if claim.value == "diseased" else claim.value == truth.label
    return outcome(is_so, claim, f"the class is {truth.label}")


def _grade(claim: Claim, truth: Truth) -> str:
    return outcome(claim.value == truth.severity, claim, f"the grade is {truth.severity}")


def _option_text(claim: Claim, truth: Truth) -> str:
    del truth
    said, option = (re.sub(r"\W+", " ", text.lower()).strip() for text in claim.value)
    return "" if said == option else f"the option reads {claim.value[1]!r}"


def _counterfactual(claim: Claim, truth: Truth) -> str:
    added, removed, outcomes, direction = claim.value
    grades = truth.grades_with(added, removed)
    for kind, value in outcomes:
        is_so = any(value == grade if kind == "grade" else _is_label(grade, value) for grade in grades)
        if not is_so:
            stated = " or ".join(map(str, sorted(grades)))
            return f"by the scale: grade {stated} with {sorted(added)}, without {sorted(removed)}"
    if direction == "up" and not any(grade > truth.severity for grade in grades):
        return f"by the scale: the grade stays {truth.severity}"
    if direction == "down" and not any(grade < truth.severity for grade in grades):
        return f"by the scale: the grade stays {truth.severity}"
    return ""


def _scale(claim: Claim, truth: Truth) -> str:
    """What each kind of lesion stands for, on the scale of `grading`; the next grade is the one above this eye's."""
    kinds, grades, labels, is_next = claim.value
    for kind in kinds:
        allowed = (*GRADES_OF_KIND[kind], *((3,) if kind == "dropout" and "beaded" in kinds else ()))
        for grade in grades:
            if grade not in allowed:
                return f"by the scale: {kind} stands for grade {' or '.join(map(str, allowed))}"
        for label in labels:
            if not any(_is_label(grade, label) for grade in GRADES_OF_KIND[kind]):
                return f"by the scale: {kind} does not stand for {label}"
    if is_next and grades and grades[0] != truth.severity + 1:
        return f"the grade is {truth.severity}, and the next one {truth.severity + 1}"
    return ""


def _is_label(grade: int, label: str) -> bool:
    return grade > 0 if label == "diseased" else str(label_of_severity(grade)) == label


def _unspecific(claim: Claim, truth: Truth) -> str:
    """Only what healthy eyes show, too, may be called unspecific, and only where it is there."""
    if claim.subject in ("tortuous", "vessel_shape"):
        return "" if "tortuous" in truth.traits else "in the pixels: no unusual tortuosity"
    if claim.subject == "faz":
        return "" if truth.zone.size != "usual" else "in the pixels: the avascular zone is of the usual size"
    if claim.subject == "diffuse_loss":
        is_so = truth.diffuse_loss.is_visible and truth.diffuse_loss.degree == "mild"
        return "" if is_so else "in the pixels: no mild diffuse loss"
    return f"{claim.subject} is a sign of the disease"


CHECKS = {
    "label": _label,
    "grade": _grade,
    "option_text": _option_text,
    "scale": _scale,
    "unspecific": _unspecific,
    "counterfactual": _counterfactual,
}
"""Check of each aspect."""
