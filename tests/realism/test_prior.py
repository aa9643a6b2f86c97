from typing import get_origin

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.realism.prior import AppearancePrior
from octa_svr_dataset.setting_types import Within

PRIOR = AppearancePrior.around(ImagingConfig())


def test_every_setting_that_is_a_range_has_a_prior_but_one_that_is_always_0():
    ranges = [name for name, field in ImagingConfig.model_fields.items() if get_origin(field.annotation) is tuple]
    assert list(PRIOR.names) == [name for name in ranges if name != "mesh_lobule_mm"]
    assert "mesh_lobule_mm" in AppearancePrior.around(ImagingConfig(mesh_lobule_mm=(0.0, 0.7))).names


def test_priors_hold_the_defaults_and_are_wider_and_within_the_limits():
    assert (PRIOR.limits[:, 0] <= PRIOR.default[:, 0]).all()
    assert (PRIOR.limits[:, 1] >= PRIOR.default[:, 1]).all()
    assert (np.diff(PRIOR.limits) > np.diff(PRIOR.default)).all()
    for name, (low, high) in zip(PRIOR.names, PRIOR.limits, strict=True):
        limit = next(entry for entry in ImagingConfig.model_fields[name].metadata if isinstance(entry, Within))
        assert limit.low <= low < high <= limit.high


def test_units_are_turned_into_values_and_back():
    units = np.random.default_rng(0).uniform(-1, 1, len(PRIOR.names))
    values = PRIOR.from_units(units)
    is_drawn = ~PRIOR.is_count
    np.testing.assert_allclose(PRIOR.to_units(values)[is_drawn], units[is_drawn], atol=1e-9)
    np.testing.assert_array_equal(values[PRIOR.is_count], np.rint(values[PRIOR.is_count]))


def test_the_settings_accept_what_the_prior_draws():
    for units in (-np.ones(len(PRIOR.names)), np.ones(len(PRIOR.names))):
        values = PRIOR.from_units(units)
        config = ImagingConfig.model_validate(PRIOR.as_ranges(values, values))
        assert all(low == high for low, high in (getattr(config, name) for name in PRIOR.names))


def test_a_setting_that_is_always_zero_has_no_prior():
    assert "motion_lines" not in AppearancePrior.around(ImagingConfig(motion_lines=(0, 0))).names


def test_a_setting_of_one_value_has_a_prior_around_it():
    prior = AppearancePrior.around(ImagingConfig(gain=(1.0, 1.0)))
    np.testing.assert_allclose(prior.limits[prior.names.index("gain")], [0.5, 1.5])
