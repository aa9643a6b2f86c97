"""Verify rows: read, compare, keep what is wrong."""

from collections import Counter
from dataclasses import dataclass, field

from octa_svr_dataset.verification.checks import contradiction
from octa_svr_dataset.verification.columns import column_contradictions
from octa_svr_dataset.verification.consistency import inconsistencies
from octa_svr_dataset.verification.reader import Reading, read_dialogue
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth, truth_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A sentence that is not true of its picture, or a column that says something else."""

    row_id: str
    kind: str
    sentence: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was found in the rows so far."""

    rows: int = 0
    sentences: int = 0
    mapped: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    contradictions: list[Contradiction] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    _last: tuple[Row, Truth] | None = None
    """The row before, whose pixels the next one may share."""

    @property
    def mapped_share(self) -> float:
        """Share of the sentences that were mapped to a claim; 1 where there are none."""
        return self.mapped / self.sentences if self.sentences else 1.0

    def add(self, row: Row) -> list[Contradiction]:
        """Verify a row; what is wrong with it is returned, too."""
        readings = read_dialogue(row.turns, row.laterality)
        if self._last is None or self._last[0].image is not row.image:
            self._last = row, truth_of(row)
        found = contradictions_of(row, readings, self._last[1])
        self.rows += 1
        for reading in readings:
            self.sentences += 1
            self.mapped += reading.is_mapped
            self.claims.update(claim.aspect for claim in reading.claims)
            if not reading.is_mapped:
                self.unmapped[reading.sentence.text] += 1
        self.contradictions += found
        return found


def contradictions_of(row: Row, readings: tuple[Reading, ...], truth: Truth) -> list[Contradiction]:
    """Claims that pixels refute, claims that refute each other, and columns that disagree with the claims."""
    found = [
        Contradiction(
            row_id=row.row_id, kind=f"{claim.aspect} {claim.subject}", sentence=reading.sentence.text, reason=reason
        )
        for reading in readings
        for claim in reading.claims
        if (reason := contradiction(claim, truth))
    ]
    for kind, sentence, reason in (*inconsistencies(readings), *column_contradictions(row, readings, truth)):
        found.append(Contradiction(row_id=row.row_id, kind=kind, sentence=sentence, reason=reason))
    return found


def is_refuted(row: Row, truth: Truth) -> bool:
    """Whether the pixels refute a text; columns and other sentences are not asked."""
    readings = read_dialogue(row.turns, row.laterality)
    return any(contradiction(claim, truth) for reading in readings for claim in reading.claims)
