"""The one source of chance: a scene's key, and one independent random stream for each stage of it.

Streams come from `numpy.random.SeedSequence(seed, spawn_key=(split, scene_index, stage))`, so any
scene can be made alone, no two scenes or stages share draws, and new draws in one stage move
nothing in another.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from octa_svr_dataset.errors import InputError, require_whole_number

LARGEST_SEED = 2**63 - 1
"""A row keeps its seed as a signed 64-bit number."""


class Split(IntEnum):
    """Numbers of the splits in the seed; fixed, append only."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2

    @classmethod
    def from_name(cls, name: str) -> "Split":
        """Split named as in `load_dataset`."""
        for split in cls:
            if split.label == name:
                return split
        raise InputError(f"split: unknown value {name!r}; allowed: {', '.join(split.label for split in cls)}")

    @property
    def label(self) -> str:
        """Name as in `load_dataset`: train, validation or test."""
        return self.name.lower()


class Stage(IntEnum):
    """Numbers of the stages in the seed; fixed, append only."""

    GROWTH = 0
    LESIONS = 1
    IMAGING = 2
    TEXT = 3
    MOTION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneKey:
    """What a scene's chance is a function of."""

    seed: int
    split: Split
    scene_index: int

    def __post_init__(self) -> None:
        require_whole_number("seed", self.seed, largest=LARGEST_SEED)
        require_whole_number("index", self.scene_index)

    def rng(self, stage: Stage) -> np.random.Generator:
        """Fresh generator at the start of a stage's stream."""
        spawn_key = (int(self.split), self.scene_index, int(stage))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=spawn_key))
