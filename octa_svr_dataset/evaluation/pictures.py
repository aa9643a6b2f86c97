"""Pictures and whether their eyes are diseased, as small classifiers and image statistics read them.

Synthetic pictures and those of a folder go the same way: the largest central square, resized to a
common number of pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.evaluation.processes import map_in_processes
from octa_svr_dataset.example import simulate
from octa_svr_dataset.seeding import SceneKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """N pictures with what is known of them."""

    gray: np.ndarray
    """(N, S, S) uint8. Brightness."""

    is_diseased: np.ndarray
    """(N,) bool. Whether the eye has diabetic retinopathy of any kind."""

    @classmethod
    def of(cls, pictures: Iterable[tuple[np.ndarray, bool]]) -> "Pictures":
        """Stack pictures of one size."""
        gray, is_diseased = zip(*pictures, strict=True)
        return cls(gray=np.stack(gray), is_diseased=np.array(is_diseased, dtype=bool))

    @property
    def has_both_classes(self) -> bool:
        """Whether some eyes are diseased and some are not."""
        return bool(self.is_diseased.any() and not self.is_diseased.all())


def synthesize_pictures(
    config: SceneConfig, keys: Sequence[SceneKey], *, size_px: int, workers: int
) -> Iterator[tuple[np.ndarray, bool]]:
    """Pictures of scenes with whether they show a diseased eye, as they get ready, in the order of their keys.

    Parameters
    ----------
    config
        Settings of the scenes.
    keys
        Which scenes.
    size_px
        Width and height S that the pictures are resized to, px.
    workers
        Processes that share the work; the pictures do not depend on it.
    """
    return map_in_processes(partial(_synthesize, config, size_px), keys, workers=workers, items_a_task=4)


def fitted(picture: Image.Image, size_px: int) -> np.ndarray:
    """(S, S) uint8. The largest central square of a gray picture, resized to `size_px`."""
    side_px = min(picture.size)
    left_px, upper_px = ((length_px - side_px) // 2 for length_px in picture.size)
    square = picture.crop((left_px, upper_px, left_px + side_px, upper_px + side_px))
    return np.asarray(square.resize((size_px, size_px), Image.Resampling.BICUBIC), dtype=np.uint8)


def _synthesize(config: SceneConfig, size_px: int, key: SceneKey) -> tuple[np.ndarray, bool]:
    example = simulate(config, key)
    return fitted(Image.fromarray(example.rendering.image), size_px), example.findings.label.is_diseased
