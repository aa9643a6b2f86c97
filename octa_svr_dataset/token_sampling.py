"""Outputs that are drawn, not the likeliest: each picture has chance of its own, so that those beside it do not matter.

The likeliest token after Gumbel noise was added to the logits is a draw from their softmax (Gumbel 1954; Maddison et
al. 2014, arXiv 1411.0030), and noise can come from a stream a picture, where a library's draws come from one a batch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import LogitsProcessor, TemperatureLogitsWarper, TopPLogitsWarper


class DrawnTokens(LogitsProcessor):  # type: ignore[misc]
    """Makes the likeliest of the next tokens one that is drawn."""

    def __init__(self, chances: Sequence[np.random.Generator], *, temperature: float, top_p: float) -> None:
        """Set up the draws of one batch.

        Parameters
        ----------
        chances
            N streams, one for each output of the batch.
        temperature
            What the logits are divided by; above 0.
        top_p
            Only the likeliest tokens that together have this probability are drawn from; above 0, at most 1.
        """
        self._chances = tuple(chances)
        self._temper, self._cut = TemperatureLogitsWarper(temperature), TopPLogitsWarper(top_p)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(N, V) logits with noise, to (N, V) logits."""
        scores = self._cut(input_ids, self._temper(input_ids, scores.float()))
        noise = np.stack([chance.gumbel(size=scores.shape[1]) for chance in self._chances])
        return scores + torch.from_numpy(noise).to(scores)
