"""How pictures of a folder are made alike those that a model was trained on: field, resolution, contrast.

Every step is explicit and recorded; none looks at more than the picture itself and the settings.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import NARROWEST_MM, WIDEST_MM
from octa_svr_dataset.evaluation.pictures import synthesize_pictures
from octa_svr_dataset.seeding import SceneKey, Split

Contrast = Literal["none", "quantiles"]
"""What becomes of the gray levels: nothing, or their dark and bright end are moved to those of training."""

CONTRASTS: tuple[Contrast, ...] = ("none", "quantiles")

MATCHED_QUANTILES = (0.01, 0.99)
"""Quantiles of a picture that contrast normalization moves: the floor of noise, and the larger vessels.

Two only, and at the ends: between them lies the density of capillaries, which disease takes. Matching a whole
histogram would give every eye the density of the training pictures.
"""

NUM_LEVEL_PICTURES = 32
"""How many training pictures say what the gray levels of training are."""

SMALLEST_PX = 32
"""A picture is never scaled to less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """Steps from a picture of a folder to what a model sees: central square, field, resolution, contrast."""

    field_of_view_mm: float | None
    """Width of pictures that do not say it themselves, mm; absent where nobody knows."""

    training_field_mm: float
    """Width of the pictures that the model was trained on, mm."""

    crop: bool
    """Whether wider pictures are cut to the central field of training."""

    contrast: Contrast
    """What becomes of the gray levels."""

    size_px: int
    """Width and height of the training pictures, px."""

    training_levels: tuple[float, float] | None = None
    """Gray levels of training pictures at `MATCHED_QUANTILES`; needed for the contrast "quantiles" only."""

    def __post_init__(self) -> None:
        for name, field_mm in (
            ("field_of_view_mm", self.field_of_view_mm),
            ("training_field_mm", self.training_field_mm),
        ):
            if field_mm is not None and not NARROWEST_MM <= field_mm <= WIDEST_MM:
                raise InputError(f"{name}: must be a number from {NARROWEST_MM:g} to {WIDEST_MM:g}, got {field_mm}")
        if self.contrast not in CONTRASTS:
            raise InputError(f"contrast: unknown name {self.contrast!r}; allowed: {', '.join(CONTRASTS)}")
        if self.size_px < SMALLEST_PX:
            raise InputError(f"size_px: must be a whole number of at least {SMALLEST_PX}, got {self.size_px}")
        if (self.contrast == "quantiles") != (self.training_levels is not None):
            raise InputError("training_levels: are given with the contrast 'quantiles', and only with it")
        if self.training_levels is not None and not 0 <= self.training_levels[0] < self.training_levels[1] <= 255:
            raise InputError(f"training_levels: must rise within 0 and 255, got {self.training_levels}")

    @classmethod
    def for_training(
        cls, config: SceneConfig, *, field_of_view_mm: float | None, crop: bool, contrast: Contrast, workers: int = 1
    ) -> Self:
        """Steps towards the training pictures of a configuration.

        Parameters
        ----------
        config
            Settings of the scenes that the model was trained on.
        field_of_view_mm, crop, contrast
            As the fields.
        workers
            Processes that synthesize the pictures that contrast normalization needs; nothing depends on it.
        """
        size_px, training_levels = config.imaging.size_px, None
        if contrast == "quantiles":
            keys = [SceneKey(seed=0, split=Split.TRAIN, scene_index=index) for index in range(NUM_LEVEL_PICTURES)]
            made = synthesize_pictures(config, keys, size_px=size_px, workers=workers)
            training_levels = gray_levels([gray for gray, _ in made])
        return cls(
            field_of_view_mm=field_of_view_mm,
            training_field_mm=config.field_of_view_mm,
            crop=crop,
            contrast=contrast,
            size_px=size_px,
            training_levels=training_levels,
        )

    def apply(self, picture: Image.Image, field_of_view_mm: float | None = None) -> Image.Image:
        """The picture as the model sees it.

        Parameters
        ----------
        picture
            8-bit gray, of any size.
        field_of_view_mm
            Its own width, mm; where it is absent, that of the settings holds.

        Returns
        -------
        PIL.Image.Image
            8-bit gray, square. With a known field, as many pixels a millimeter as in training, and so wider than
            `size_px` where it shows more; with an unknown one, `size_px`.
        """
        square = self._laid_out(picture, field_of_view_mm, Image.Resampling.BICUBIC)
        return square if self.training_levels is None else _matched(square, self.training_levels)

    def apply_to_mask(self, mask: Image.Image, field_of_view_mm: float | None = None) -> Image.Image:
        """What outlines something in a picture, as it lies in the picture that the model sees.

        Parameters
        ----------
        mask
            8-bit gray, of the size of the picture.
        field_of_view_mm
            As in `apply`.

        Returns
        -------
        PIL.Image.Image
            Of the size that `apply` gives the picture; each value is one of the mask's own.
        """
        return self._laid_out(mask, field_of_view_mm, Image.Resampling.NEAREST)

    def region_px(self, size_px: tuple[int, int], field_of_view_mm: float | None = None) -> tuple[int, int, int, int]:
        """The square of a picture that the model sees: its left, upper, right and lower edge, px of the picture.

        Parameters
        ----------
        size_px
            Width and height of the picture, px.
        field_of_view_mm
            As in `apply`.
        """
        known_mm = field_of_view_mm if field_of_view_mm is not None else self.field_of_view_mm
        if known_mm is None and self.crop:
            raise InputError(
                "crop: a picture can be cut to the field of training only where its own is known; "
                "allowed: with --field_of_view_mm, or a column of the labels that gives it"
            )
        region = _central((0, 0, *size_px), 1.0)
        if known_mm is not None and self.crop and known_mm > self.training_field_mm:
            return _central(region, self.training_field_mm / known_mm)
        return region

    def width_mm(self, field_of_view_mm: float | None = None) -> float:
        """Width of the field that the model sees, mm; where nobody knows it, that of training."""
        known_mm = field_of_view_mm if field_of_view_mm is not None else self.field_of_view_mm
        if known_mm is None:
            return self.training_field_mm
        return min(known_mm, self.training_field_mm) if self.crop else known_mm

    def _laid_out(
        self, picture: Image.Image, field_of_view_mm: float | None, resampling: Image.Resampling
    ) -> Image.Image:
        """Central square, field and resolution."""
        square = picture.crop(self.region_px(picture.size, field_of_view_mm))
        known_mm = field_of_view_mm if field_of_view_mm is not None else self.field_of_view_mm
        if known_mm is not None and self.crop:
            known_mm = min(known_mm, self.training_field_mm)
        scale = 1.0 if known_mm is None else known_mm / self.training_field_mm
        size_px = max(round(self.size_px * scale), SMALLEST_PX)
        if square.width != size_px:
            square = square.resize((size_px, size_px), resampling)
        return square

    def as_record(self) -> dict[str, Any]:
        """Every setting by its name, for a report."""
        return asdict(self) | {"matched_quantiles": MATCHED_QUANTILES if self.contrast == "quantiles" else None}


def require_contrast(name: str) -> Contrast:
    """The name of a contrast.

    Raises
    ------
    InputError
        There is none of that name.
    """
    for contrast in CONTRASTS:
        if name == contrast:
            return contrast
    raise InputError(f"contrast: unknown name {name!r}; allowed: {', '.join(CONTRASTS)}")


def gray_levels(pictures: Sequence[np.ndarray]) -> tuple[float, float]:
    """Gray levels at `MATCHED_QUANTILES`: the median over pictures, (H, W) uint8 each."""
    low, high = np.median([np.quantile(picture, MATCHED_QUANTILES) for picture in pictures], axis=0)
    return float(low), float(high)


def _central(region_px: tuple[int, int, int, int], share: float) -> tuple[int, int, int, int]:
    """Edges of the central square whose side is a share of the shorter side of a region."""
    left, upper, right, lower = region_px
    width_px, height_px = right - left, lower - upper
    side_px = max(round(min(width_px, height_px) * share), 1)
    left, upper = left + (width_px - side_px) // 2, upper + (height_px - side_px) // 2
    return left, upper, left + side_px, upper + side_px


def _matched(picture: Image.Image, training_levels: tuple[float, float]) -> Image.Image:
    """The picture with its gray levels moved and stretched so that two quantiles are those of training."""
    gray = np.asarray(picture, np.float64)
    low, high = np.quantile(gray, MATCHED_QUANTILES)
    if high <= low:
        return picture
    target_low, target_high = training_levels
    matched = target_low + (gray - low) * (target_high - target_low) / (high - low)
    return Image.fromarray(np.round(np.clip(matched, 0, 255)).astype(np.uint8))
