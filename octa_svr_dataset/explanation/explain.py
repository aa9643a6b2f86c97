"""Read descriptions by the verifier's reader, and check what they claim."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.evaluation.explained import CheckedClaim, Explanation, Outcome
from octa_svr_dataset.explanation.checks import OVERALL_DENSITY, is_so
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.measurement.picture import PictureMeasures
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.reader import read_dialogue

_DENSITY = re.compile(
    r"\b(?:vessel|vascular|perfusion)\b(?: area)? density\b(?![^.]*\bquadrant)[^.%\d]{0,40}(\d+(?:\.\d+)?) ?%",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One picture with what a model says of it."""

    path: str
    patient: str | None
    eye: str | None
    """"od" or "os"; absent where nobody knows."""

    output: str
    measures: PictureMeasures
    """Of the picture as the model saw it."""


def explain(described: Sequence[Described], projection: str, rng: np.random.Generator) -> Explanation:
    """Check all claims of a run.

    Parameters
    ----------
    described
        Pictures with what is said of them.
    projection
        Of the pictures: "superficial", "deep" or "full"; words of degree are set against healthy eyes of it.
    rng
        Draws bootstrap samples.
    """
    claims: list[CheckedClaim] = []
    num_sentences = num_understood = 0
    for index, entry in enumerate(described):
        other = _next_of_another(described, index)
        for sentence, of_sentence, is_understood in _read(entry):
            num_sentences += 1
            num_understood += is_understood
            for claim in of_sentence:
                outcome, fact = _check(claim, entry.measures, projection)
                claims.append(
                    CheckedClaim(
                        path=entry.path,
                        patient=entry.patient,
                        sentence=sentence,
                        claim=_words(claim),
                        outcome=outcome,
                        fact=fact,
                        elsewhere="not checkable" if other is None else _check(claim, other, projection)[0],
                    )
                )
    return Explanation.of(
        claims, rng, num_pictures=len(described), num_sentences=num_sentences, num_understood=num_understood
    )


def _next_of_another(described: Sequence[Described], index: int) -> PictureMeasures | None:
    """Measures of the next picture that is not known to be of the same patient; absent where there is none."""
    whose = described[index].patient
    for entry in (*described[index + 1 :], *described[:index]):
        if whose is None or entry.patient != whose:
            return entry.measures
    return None


def _read(entry: Described) -> Iterator[tuple[str, tuple[Claim, ...], bool]]:
    """Sentences with their claims, each claim at its first mention, and whether anything was understood."""
    told: set[str] = set()
    for reading in read_dialogue(((QUESTION, entry.output),), entry.eye or "od"):
        density = _DENSITY.search(reading.sentence.text)
        claims = [claim for claim in reading.claims if not _is_implied(claim, reading.claims)]
        if density:
            claims.append(Claim(aspect=OVERALL_DENSITY, subject="vessels", value=float(density[1])))
        new = {_words(claim): claim for claim in claims if _words(claim) not in told}
        told |= new.keys()
        yield reading.sentence.text, tuple(new.values()), reading.is_mapped or density is not None


def _is_implied(claim: Claim, others: Sequence[Claim]) -> bool:
    """Whether it only says that there is a zone, of one that is said to run into dropout, which cannot be measured."""
    runs_into_dropout = {("zone_delimited", False), ("zone_open", True)}
    return claim.aspect == "zone_visible" and any((other.aspect, other.holds) in runs_into_dropout for other in others)


def _check(claim: Claim, measures: PictureMeasures, projection: str) -> tuple[Outcome, str]:
    found, fact = is_so(claim, measures, HealthyRanges.of(projection, measures.fov.width_mm))
    if found is None:
        return "not checkable", ""
    return ("supported" if found == claim.holds else "contradicted"), fact


def _words(claim: Claim) -> str:
    value = "" if claim.value is None else f" {claim.value}"
    return f"{'' if claim.holds else 'not '}{claim.subject}: {claim.aspect}{value}"
