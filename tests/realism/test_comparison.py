import numpy as np
import pytest

from octa_svr_dataset.realism.comparison import compare_measures, frechet_distance, frechet_floor
from octa_svr_dataset.realism.filters import filter_features, patches
from octa_svr_dataset.realism.measures import measure_picture
from octa_svr_dataset.realism.sampling import SIZE_PX
from octa_svr_dataset.realism.two_sample import two_sample_auc


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def noise_pictures(num: int, mean: float, rng: np.random.Generator) -> list[np.ndarray]:
    return [mean + 20.0 * rng.standard_normal((SIZE_PX, SIZE_PX)) for _ in range(num)]


class TestDifferences:
    def test_brighter_pictures_differ_in_gray_and_in_no_band(self, rng):
        ours, theirs = ([measure_picture(p) for p in noise_pictures(3, mean, rng)] for mean in (130.0, 110.0))
        differences = {difference.name: difference for difference in compare_measures(ours, theirs, rng)}
        median = differences["gray quantile, 50 %"]
        assert median.value == pytest.approx(20.0, abs=0.5)
        assert median.interval[0] < 20.0 < median.interval[1]
        assert median.is_reached is False
        assert differences["log10 power, 101-144 cycles"].is_reached is True
        assert differences["coherence"].is_reached is None

    def test_a_measure_that_some_pictures_lack_is_left_out(self, rng):
        image = noise_pictures(1, 100.0, rng)[0]
        zone = np.zeros(image.shape, bool)
        zone[140:170, 140:170] = True
        names = [
            d.name for d in compare_measures([measure_picture(image, zone)] * 2, [measure_picture(image)] * 2, rng)
        ]
        assert "coherence" in names
        assert "FAZ floor, gray" not in names


class TestFrechetDistance:
    def test_it_is_zero_of_a_set_to_itself(self, rng):
        features = rng.standard_normal((200, 5))
        assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-9)

    def test_it_is_that_of_normal_distributions(self, rng):
        ours, theirs = rng.standard_normal((20_000, 2)), rng.standard_normal((20_000, 2)) * 3.0 + [1.0, 2.0]
        assert frechet_distance(ours, theirs) == pytest.approx(5.0 + 2 * (3 - 1) ** 2, rel=0.05)

    def test_its_floor_is_below_the_distance_to_another_set(self, rng):
        theirs = rng.standard_normal((12, 9, 4))
        other = rng.standard_normal((12, 9, 4)) + 2.0
        distance = frechet_distance(other.reshape(-1, 4), theirs.reshape(-1, 4))
        assert 0.0 < frechet_floor(theirs, rng) < distance / 10


class TestTwoSampleClassifier:
    def test_sets_of_one_kind_are_not_told_apart(self, rng):
        pictures = rng.standard_normal((60, 9, 24)) + rng.standard_normal((60, 1, 24))
        auc = two_sample_auc(pictures[:30], pictures[30:], rng)
        assert auc.interval[0] < 0.5 < auc.interval[1]

    def test_a_picture_recognized_by_its_patches_alone_is_no_difference(self, rng):
        """Patches of one picture that fell into different folds would give the picture away."""
        pictures = np.repeat(10.0 * rng.standard_normal((40, 1, 24)), 9, axis=1)
        assert two_sample_auc(pictures[:20], pictures[20:], rng).value < 0.8

    def test_sets_that_differ_are_told_apart(self, rng):
        pictures = rng.standard_normal((40, 9, 24))
        pictures[:20, :, 3] += 1.0
        auc = two_sample_auc(pictures[:20], pictures[20:], rng)
        assert auc.value > 0.9
        assert auc.interval[0] <= auc.value <= auc.interval[1]


class TestFilters:
    def test_features_are_those_of_the_patch(self, rng):
        image = noise_pictures(1, 100.0, rng)[0]
        changed = image.copy()
        changed[210:290, 210:290] *= 1.4
        shift = np.abs(filter_features(changed) - filter_features(image)).max(axis=1)
        assert shift.argmax() == 8
        assert shift[0] < 1e-6

    def test_patches_are_cut_row_by_row(self):
        rows, columns = np.indices((288, 288))
        np.testing.assert_array_equal(patches(rows).min(axis=1), [0, 0, 0, 96, 96, 96, 192, 192, 192])
        np.testing.assert_array_equal(patches(columns).max(axis=1), [95, 191, 287] * 3)

    def test_stripes_shift_the_ratio_of_slopes(self, rng):
        image = noise_pictures(1, 100.0, rng)[0]
        striped = image + 20.0 * rng.standard_normal((SIZE_PX, 1))
        assert (filter_features(striped)[:, -3:] > filter_features(image)[:, -3:] + 0.1).all()

    def test_a_flat_picture_has_finite_features(self):
        assert np.isfinite(filter_features(np.zeros((SIZE_PX, SIZE_PX)))).all()
