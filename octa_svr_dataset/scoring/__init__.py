"""Is this answer right? A model's output read once, by the grammar that wrote the training texts."""

from octa_svr_dataset.scoring.score import Score, score
from octa_svr_dataset.scoring.truth import Truth, read_truth
from octa_svr_dataset.scoring.verdict import Verdict, read_output

__all__ = ["Score", "Truth", "Verdict", "read_output", "read_truth", "score"]
