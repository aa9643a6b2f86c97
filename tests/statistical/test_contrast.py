"""Contrast normalization leaves what disease does to pictures."""

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset import make_example
from octa_svr_dataset.evaluation.preprocessing import MATCHED_QUANTILES, Preprocessing
from octa_svr_dataset.resolve import resolve_config

pytestmark = pytest.mark.slow

NUM_EYES = 16


def test_lesions_darken_a_picture_after_normalization_as_they_do_before() -> None:
    config = resolve_config("dr_staging")
    steps = Preprocessing.for_training(config, field_of_view_mm=3.0, crop=False, contrast="quantiles")
    levels = []
    for index in range(NUM_EYES):
        pair = [
            make_example("dr_staging", seed=3, split="test", index=index, lesions=lesions) for lesions in (True, False)
        ]
        if pair[0].findings.label.is_diseased:
            gray = [example.rendering.image for example in pair]
            prepared = [np.asarray(steps.apply(Image.fromarray(picture))) for picture in gray]
            brightest = np.quantile(gray, MATCHED_QUANTILES[1], axis=(1, 2))
            levels.append([brightest, np.median(gray, axis=(1, 2)), np.median(prepared, axis=(1, 2))])
    moved = np.diff(levels, axis=2)[..., 0] * -1.0
    bright, plain, normalized = moved.mean(axis=0)
    print(
        f"\nlesions of {len(levels)} eyes move the brightest level by {bright:.1f}, the median by {plain:.1f}, ", end=""
    )
    print(f"after normalization by {normalized:.1f}")
    assert abs(bright) < 4
    assert plain < -8
    assert normalized < 0.5 * plain
