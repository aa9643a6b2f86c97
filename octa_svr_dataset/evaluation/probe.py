"""The transfer probe: a small image classifier that learns healthy from diseased on synthetic pictures alone.

It learns in minutes on a CPU, from scratch or from published weights. Computing on one thread makes its
scores a function of pictures, settings and seed; several probes share the cores, one a process.
"""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import transformers
from scipy.special import expit
from torch import nn

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.augmentation import augmented
from octa_svr_dataset.evaluation.pictures import Pictures
from octa_svr_dataset.evaluation.processes import map_in_processes

COMPACT = "compact"
"""Name of the network that is made here and learns from scratch."""

BATCH_SIZE = 16

COMPACT_LEARNING_RATE = 2e-3

PUBLISHED_LEARNING_RATE = 1e-4
"""Published weights are to be adapted, not forgotten."""

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
    """`"compact"`, or the folder of an image classifier of transformers with weights in safetensors."""

    epochs: int = 12
    """How often a probe sees each picture."""

    is_augmented: bool = True
    """Whether it sees pictures as other scanners might have shown them, too."""


class CompactNetwork(nn.Module):
    """Six convolutions for meshes, holes and dots: about 110,000 weights; the last features see 57 px.

    Normalization by groups of channels within a picture keeps no statistics of the training pictures, which would be
    wrong for other scanners. Mean and maximum of the features are read, as lesions may be everywhere or in one place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(1, 16, kernel_px=5, stride=2),
            *_convolution(16, 32, stride=2),
            *_convolution(32, 32),
            *_convolution(32, 64, stride=2),
            *_convolution(64, 64),
            *_convolution(64, 64, stride=2),
        )
        self.head = nn.Linear(2 * 64, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,) log-odds of disease of (B, S, S) pictures."""
        features = self.features(pictures[:, None])
        pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        return torch.as_tensor(self.head(pooled)[:, 0])


class PublishedNetwork(nn.Module):
    """An image classifier of transformers with a new head for the one question."""

    def __init__(self, model: "transformers.PreTrainedModel") -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,) log-odds of disease of (B, S, S) pictures."""
        channels = getattr(self.model.config, "num_channels", 3)
        return torch.as_tensor(self.model(pictures[:, None].expand(-1, channels, -1, -1)).logits[:, 0])


def require_backbone(settings: ProbeSettings, size_px: int) -> None:
    """Refuse a backbone that cannot be loaded, or that cannot read pictures of a size.

    Raises
    ------
    InputError
        It has no usable files, or stumbles over such a picture.
    """
    network = make_network(settings)
    try:
        disease_probabilities(network, np.zeros((1, size_px, size_px), np.uint8))
    except (ValueError, RuntimeError) as error:
        reason = textwrap.shorten(str(error), 200)
        raise InputError(f"backbone: {settings.backbone!r} cannot read pictures of {size_px} px: {reason}") from None


def make_network(settings: ProbeSettings) -> nn.Module:
    """An untrained probe; what is not published of its weights is drawn from torch's stream."""
    if settings.backbone == COMPACT:
        return CompactNetwork()
    return PublishedNetwork(_load_backbone(settings.backbone))


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
        network = make_network(settings)
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
    learning_rate = COMPACT_LEARNING_RATE if settings.backbone == COMPACT else PUBLISHED_LEARNING_RATE
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


def _convolution(in_channels: int, out_channels: int, *, kernel_px: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, kernel_px, stride, kernel_px // 2, bias=False),
        nn.GroupNorm(8, out_channels),
        nn.ReLU(),
    ]


def _load_backbone(folder: str) -> "transformers.PreTrainedModel":
    if not (Path(folder) / "config.json").is_file():
        raise InputError(
            f"backbone: there is no config.json in a folder {folder!r}; allowed: {COMPACT!r}, or the folder of an "
            "image classifier of transformers"
        )
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # the head is new on purpose
    try:
        model, loading = transformers.AutoModelForImageClassification.from_pretrained(
            folder,
            num_labels=1,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except Exception as error:  # transformers lets through whatever a strange file makes it stumble over
        raise InputError(f"backbone: cannot load {folder!r}: {textwrap.shorten(str(error), 200)}") from None
    finally:
        transformers.logging.set_verbosity(verbosity)
    _require_published(model, loading["missing_keys"] | {key for key, *_ in loading["mismatched_keys"]}, folder)
    return model


def _require_published(model: "transformers.PreTrainedModel", absent: set[str], folder: str) -> None:
    """Refuse weights that lack more than the head: transformers would draw the rest at random."""
    lacking = sorted(key for key in absent if key.startswith(f"{model.base_model_prefix}."))
    if lacking:
        raise InputError(f"backbone: {folder!r} lacks {len(lacking)} weights of its own network, as {lacking[0]}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: faster for small networks, and sums come in one order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
