import numpy as np
import pytest

from octa_svr_dataset.measurement.order import median, quantile


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 37, 1200])
def test_medians_and_quantiles_are_those_of_numpy_to_the_last_bit(size, dtype, seed):
    values = np.random.default_rng(seed).normal(100.0, 50.0, size).astype(dtype)
    assert median(values) == float(np.median(values))
    for share in (0.0, 0.01, 0.1, 0.5, 0.75, 1.0):
        assert quantile(values, share) == float(np.quantile(values, share))
