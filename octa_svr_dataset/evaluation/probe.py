"""The transfer probe: a small image classifier that learns healthy from diseased on synthetic pictures alone.

It learns in minutes on a CPU, from scratch or from published weights. Computing on one thread makes its
scores a function of pictures, settings and seed; several probes share the cores, one a process.
"""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.special import expit
from torch import nn

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.augmentation import augmented
from octa_svr_dataset.evaluation.efficientnet import EFFICIENTNET_LITE0
from octa_svr_dataset.evaluation.networks import COMPACT, make_network
from octa_svr_dataset.evaluation.pictures import Pictures
from octa_svr_dataset.evaluation.processes import map_in_processes

BATCH_SIZE = 16

LEARNING_RATES = {COMPACT: 2e-3, EFFICIENTNET_LITE0: 5e-4}

PUBLISHED_LEARNING_RATE = 1e-4
"""For networks from a folder, of whatever kind: published weights are to be adapted, not forgotten."""

COMPACT_EPOCHS = 12

PUBLISHED_EPOCHS = 4
"""They learn faster, and each picture costs more."""

WEIGHT_DECAY = 0.05

WARM_UP_SHARE = 0.1
"""Share of the steps over which the learning rate rises, before it falls along a cosine."""

LARGEST_GRADIENT = 1.0
"""Norm to which a longer gradient is cut."""

AUGMENTED_SHARE = 0.5
"""Share of the pictures that are augmented, drawn anew each time: on the others, what to look for is learnt first."""

LABEL_SMOOTHING = 0.05
"""Certainty that a label gives up, so that scores stay comparable where the classes are easy to tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How a probe is made and trained."""

    backbone: str = COMPACT
    """`"compact"`, `"efficientnet-lite0"`, or the folder of an image classifier of transformers."""

    epochs: int = COMPACT_EPOCHS
    """How often a probe sees each picture."""

    is_augmented: bool = True
    """Whether it sees pictures as other scanners might have shown them, too."""


def usual_epochs(backbone: str) -> int:
    """How often a probe sees each picture where nobody says otherwise."""
    return COMPACT_EPOCHS if backbone == COMPACT else PUBLISHED_EPOCHS


def require_backbone(settings: ProbeSettings, size_px: int) -> None:
    """Refuse a backbone that cannot be loaded, or that cannot read pictures of a size.

    Raises
    ------
    InputError
        It has no usable files, or stumbles over such a picture.
    """
    network = make_network(settings.backbone)
    try:
        disease_probabilities(network, np.zeros((1, size_px, size_px), np.uint8))
    except (ValueError, RuntimeError) as error:
        reason = textwrap.shorten(str(error), 200)
        raise InputError(f"backbone: {settings.backbone!r} cannot read pictures of {size_px} px: {reason}") from None


def train_probes(
    training: Pictures,
    targets: Sequence[np.ndarray],
    settings: ProbeSettings,
    *,
    seeds: Sequence[int],
    workers: int,
) -> Iterator[list[np.ndarray]]:
    """Train a probe for each seed and let it score pictures, as they get ready.

    Parameters
    ----------
    training
        Pictures to learn from.
    targets
        (N, S, S) uint8 each. Sets of pictures to score.
    settings
        How a probe is made and trained.
    seeds
        One for each probe.
    workers
        Processes that share the probes; the scores do not depend on it.

    Yields
    ------
    list of (N,) ndarray of float64
        Probabilities of disease by one probe, for each of the targets.
    """
    return map_in_processes(partial(_train_and_score, training, targets, settings), seeds, workers=workers)


def train_probe(training: Pictures, settings: ProbeSettings, rng: np.random.Generator) -> nn.Module:
    """Train one probe, on one thread.

    Parameters
    ----------
    training
        Pictures to learn from.
    settings
        How the probe is made and trained.
    rng
        Source of all chance: first weights, order, augmentation.
    """
    with _one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        network = make_network(settings.backbone)
        _fit(network, training, settings, rng)
    return network


@torch.inference_mode()
def disease_probabilities(network: nn.Module, gray: np.ndarray) -> np.ndarray:
    """(N,) float64. What a probe gives for (N, S, S) uint8 pictures, each on its own."""
    network.eval()
    with _one_thread():
        batches = np.array_split(gray, range(BATCH_SIZE, len(gray), BATCH_SIZE))
        return np.asarray(expit(np.concatenate([network(_standardized(batch)).double().numpy() for batch in batches])))


def _train_and_score(
    training: Pictures, targets: Sequence[np.ndarray], settings: ProbeSettings, seed: int
) -> list[np.ndarray]:
    network = train_probe(training, settings, np.random.default_rng(np.random.SeedSequence(seed)))
    return [disease_probabilities(network, gray) for gray in targets]


def _fit(network: nn.Module, training: Pictures, settings: ProbeSettings, rng: np.random.Generator) -> None:
    learning_rate = LEARNING_RATES.get(settings.backbone, PUBLISHED_LEARNING_RATE)
    batches = list(_batches(len(training.gray), settings.epochs, rng))
    optimizer = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, len(batches), pct_start=WARM_UP_SHARE)
    truths = torch.from_numpy(training.is_diseased.astype(np.float32))
    truths = truths * (1.0 - 2.0 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    network.train()
    for batch in batches:
        gray = training.gray[batch]
        if settings.is_augmented:
            gray = _partly_augmented(gray, rng)
        loss = nn.functional.binary_cross_entropy_with_logits(network(_standardized(gray)), truths[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()


def _partly_augmented(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(B, S, S) float32. Pictures with brightness in [0, 1], some of them as from other scanners."""
    is_foreign = rng.random(len(gray)) < AUGMENTED_SHARE
    own = gray.astype(np.float32) / np.float32(255.0)
    return np.stack(
        [augmented(gray[index], rng) if foreign else own[index] for index, foreign in enumerate(is_foreign)]
    )


def _batches(num_pictures: int, epochs: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Numbers of the pictures of each step, all of them once an epoch."""
    for _ in range(epochs):
        yield from np.array_split(rng.permutation(num_pictures), range(BATCH_SIZE, num_pictures, BATCH_SIZE))


def _standardized(gray: np.ndarray) -> torch.Tensor:
    """(B, S, S) float32. Pictures of mean 0 and standard deviation 1: a scanner's gain and offset tell nothing."""
    pictures = torch.from_numpy(np.asarray(gray, dtype=np.float32))
    spread, mean = torch.std_mean(pictures, dim=(1, 2), keepdim=True)
    return (pictures - mean) / spread.clamp_min(1e-6)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: faster for small networks, and sums come in one order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
