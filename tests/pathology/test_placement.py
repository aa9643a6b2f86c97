import numpy as np

from octa_svr_dataset.config import DropoutConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.placement import INSIDE_MARGIN_MM, draw_dropouts, strongest_dropout

FOVEA = Fovea(position_mm=np.array([1.4, 1.6]), suppression_radius_mm=0.44)
SEEDS = range(60)


def draw(seed: int, config: DropoutConfig | None = None):
    return draw_dropouts(config or DropoutConfig(), 3.0, FOVEA, np.random.default_rng(seed))


def test_the_first_area_is_large_and_the_others_are_small():
    config = DropoutConfig()
    for seed in SEEDS:
        radii_mm = [dropout.radius_mm for dropout in draw(seed)]
        assert config.large_radius_mm[0] <= radii_mm[0] <= config.large_radius_mm[1]
        assert all(config.small_radius_mm[0] <= radius <= config.small_radius_mm[1] for radius in radii_mm[1:])


def test_counts_cover_the_range_and_never_leave_it():
    counts = {len(draw(seed, DropoutConfig(count=(2, 4)))) for seed in SEEDS}
    assert counts == {2, 3, 4}


def test_areas_lie_inside_the_field_and_off_one_another():
    for seed in SEEDS:
        dropouts = draw(seed)
        for number, dropout in enumerate(dropouts):
            assert np.all(dropout.center_mm >= INSIDE_MARGIN_MM)
            assert np.all(dropout.center_mm <= 3.0 - INSIDE_MARGIN_MM)
            for other in dropouts[:number]:
                gap_mm = np.linalg.norm(dropout.center_mm - other.center_mm)
                assert gap_mm > dropout.reach_mm + other.reach_mm - 1e-9


def test_at_most_one_area_adjoins_the_avascular_zone():
    """Two that do would look like one."""
    for seed in SEEDS:
        to_fovea_mm = [np.linalg.norm(d.center_mm - FOVEA.position_mm) - d.reach_mm for d in draw(seed)]
        assert sum(gap_mm < 1.3 * FOVEA.avascular_radius_mm for gap_mm in to_fovea_mm) <= 1


def test_an_area_that_finds_no_place_is_left_out_but_never_the_first():
    crowded = DropoutConfig(count=(12, 12), small_radius_mm=(0.9, 1.0), large_radius_mm=(1.4, 1.5))
    counts = [len(draw(seed, crowded)) for seed in range(10)]
    assert min(counts) >= 1
    assert max(counts) < 12


def test_the_strongest_area_takes_the_upper_ends_of_the_ranges():
    config = DropoutConfig(large_radius_mm=(0.3, 0.7), strength=(0.2, 0.8))
    (dropout,) = strongest_dropout(config, 3.0, FOVEA, np.random.default_rng(0))
    assert (dropout.radius_mm, dropout.strength) == (0.7, 0.8)
