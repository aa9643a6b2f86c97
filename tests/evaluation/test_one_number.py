import numpy as np
import pytest

from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.evaluation.one_number import ONE_NUMBER, one_number_scores, thresholds
from octa_svr_dataset.example import make_example


@pytest.mark.parametrize(("width_mm", "nearest_mm"), [(3.0, 3.0), (6.0, 6.0), (4.0, 3.0), (4.5, 6.0), (12.0, 6.0)])
def test_every_measure_has_a_cut_for_the_nearest_width(width_mm, nearest_mm):
    cuts, known_mm = thresholds(width_mm)
    assert known_mm == nearest_mm
    assert cuts.keys() == ONE_NUMBER.keys()


def test_a_black_picture_and_a_white_one_have_numbers_too():
    for level in (0, 255):
        scores = one_number_scores(np.full((64, 64), level, np.uint8), 3.0)
        assert np.isfinite(list(scores.values())).all()


@pytest.mark.slow
def test_the_cuts_part_synthetic_pictures_that_they_were_not_fixed_on():
    examples = [make_example("dr_staging", seed=31, split="test", index=index) for index in range(60)]
    is_diseased = np.array([example.findings.label.is_diseased for example in examples])
    scores = [one_number_scores(example.rendering.image, 3.0) for example in examples]
    cuts, _ = thresholds(3.0)
    least = {"perfusion index": 0.75, "mean brightness": 0.6, "low perfusion": 0.8, "coarse mesh power": 0.7}
    for name, cut in cuts.items():
        values = np.array([score[name] for score in scores])
        recalls = [(values[is_diseased] > cut).mean(), (values[~is_diseased] <= cut).mean()]
        assert np.mean(recalls) > least[name], name
        assert measure_auc(values, is_diseased).value > least[name], name
