"""Claims of free descriptions that were checked, and how many of them hold; `octa_svr_dataset.explanation` checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.intervals import paired_difference_interval, share_interval
from octa_svr_dataset.evaluation.patients import independent_number

Outcome = Literal["supported", "contradicted", "not checkable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """One thing that is said of one picture."""

    path: str
    patient: str | None
    sentence: str
    claim: str
    """What is said, as the checker understands it."""

    outcome: Outcome
    fact: str
    """What was measured; empty where nothing was."""

    elsewhere: Outcome
    """What the claim would be of the next picture of the folder that is not of this patient: what holds of any picture
    says nothing of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportedShare:
    """Share of the claims that are supported, of those that are supported or contradicted, or a difference of two."""

    value: float
    low: float
    high: float
    """Ends of its 95 % interval: over bootstrap samples of patients, with few of them Wilson's, or of a difference that
    of Newcombe (1998, method 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What became of all claims of a run."""

    claims: tuple[CheckedClaim, ...]
    num_pictures: int
    num_sentences: int
    num_understood: int
    """Sentences, and those of them that the checker makes anything of."""

    counts: dict[Outcome, int]
    supported: SupportedShare | None
    """Absent where no claim can be checked."""

    elsewhere: SupportedShare | None
    """The same claims, checked against the next picture: what chance and generality achieve."""

    lead: SupportedShare | None
    """Share that its own picture supports less that which the next one does, of the claims that both can check."""

    @classmethod
    def of(
        cls,
        claims: Sequence[CheckedClaim],
        rng: np.random.Generator,
        *,
        num_pictures: int,
        num_sentences: int,
        num_understood: int,
    ) -> "Explanation":
        """Count claims; `rng` draws the bootstrap samples."""
        outcomes: tuple[Outcome, ...] = ("supported", "contradicted", "not checkable")
        here = [claim for claim in claims if claim.outcome != "not checkable"]
        there = [claim for claim in claims if claim.elsewhere != "not checkable"]
        both = [claim for claim in here if claim.elsewhere != "not checkable"]
        return cls(
            claims=tuple(claims),
            num_pictures=num_pictures,
            num_sentences=num_sentences,
            num_understood=num_understood,
            counts={outcome: sum(claim.outcome == outcome for claim in claims) for outcome in outcomes},
            supported=_share(here, [claim.outcome == "supported" for claim in here], rng),
            elsewhere=_share(there, [claim.elsewhere == "supported" for claim in there], rng),
            lead=_lead(both, rng),
        )


def _share(claims: Sequence[CheckedClaim], is_supported: list[bool], rng: np.random.Generator) -> SupportedShare | None:
    if not claims:
        return None
    whose = _whose(claims)
    value = float(np.mean(is_supported))
    samples = Resamples.draw(np.zeros(len(claims), np.int64), whose, rng)
    if samples.are_many and 0.0 < value < 1.0:
        drawn = samples.weights @ np.array(is_supported, np.float64) / samples.weights.sum(axis=1)
        low, high = percentile_interval(drawn)
    else:
        low, high = share_interval(value, independent_number(whose))
    return SupportedShare(value=value, low=low, high=high)


def _lead(claims: Sequence[CheckedClaim], rng: np.random.Generator) -> SupportedShare | None:
    if not claims:
        return None
    here = np.array([claim.outcome == "supported" for claim in claims])
    there = np.array([claim.elsewhere == "supported" for claim in claims])
    whose = _whose(claims)
    samples = Resamples.draw(np.zeros(len(claims), np.int64), whose, rng)
    leads = here.astype(np.float64) - there
    if samples.are_many and (here != there).any():
        low, high = percentile_interval(samples.weights @ leads / samples.weights.sum(axis=1))
    else:
        low, high = paired_difference_interval(here, there, independent_number(whose))
    return SupportedShare(value=float(leads.mean()), low=low, high=high)


def _whose(claims: Sequence[CheckedClaim]) -> list[str]:
    """What is resampled together: claims on all pictures of a patient; of unknown patients, on a picture."""
    return [f"picture {claim.path}" if claim.patient is None else f"patient {claim.patient}" for claim in claims]
