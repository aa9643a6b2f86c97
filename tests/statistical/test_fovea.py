"""The avascular zone that is asked for against the one that can be measured in the picture's layers."""

import numpy as np
import pytest

from octa_svr_dataset.example import make_example

NUM_EYES = 40

pytestmark = pytest.mark.slow


def measured_mm2(count: int, **growth: float) -> np.ndarray:
    """Avascular areas of healthy eyes, mm2."""
    overrides = {f"growth.{name}": value for name, value in growth.items()}
    examples = [make_example("healthy", seed=11, index=index, overrides=overrides) for index in range(count)]
    pictures = [example.rendering for example in examples]
    return np.array([picture.fov.area_mm2(float(picture.layers.faz.sum())) for picture in pictures])


@pytest.mark.parametrize("area_mm2", [0.05, 0.1, 0.2, 0.4, 0.8])
def test_the_avascular_zone_has_the_area_that_is_set(area_mm2):
    areas_mm2 = measured_mm2(NUM_EYES, faz_area_median_mm2=area_mm2, faz_radius_spread=0.0, faz_area_least_mm2=0.01)
    print(f"\nset {area_mm2} mm2, measured {np.median(areas_mm2):.3f} ({areas_mm2.min():.2f} to {areas_mm2.max():.2f})")
    assert np.median(areas_mm2) == pytest.approx(area_mm2, rel=0.12)


def test_healthy_eyes_have_the_areas_of_healthy_people():
    """Linderman et al. 2017 (TVST 6(3):16), 116 subjects, superficial: 0.257 +- 0.104 mm2."""
    areas_mm2 = measured_mm2(120)
    print(f"\n{areas_mm2.mean():.3f} +- {areas_mm2.std():.3f}, {areas_mm2.min():.2f} to {areas_mm2.max():.2f} mm2")
    assert areas_mm2.mean() == pytest.approx(0.257, rel=0.1)
    assert areas_mm2.std() == pytest.approx(0.104, rel=0.2)
    assert areas_mm2.min() > 0.03
