import numpy as np
import pytest
import torch

from octa_svr_dataset.token_sampling import DrawnTokens

SHARES = np.array([0.5, 0.3, 0.15, 0.05])
NUM_DRAWS = 20_000


def drawn(temperature: float, top_p: float, num: int = NUM_DRAWS, seed: int = 0) -> np.ndarray:
    choose = DrawnTokens(
        [np.random.default_rng((seed, row)) for row in range(num)], temperature=temperature, top_p=top_p
    )
    logits = torch.from_numpy(np.log(SHARES)).float().repeat(num, 1)
    return choose(torch.zeros((num, 1), dtype=torch.long), logits).argmax(dim=1).numpy()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_they_are_likely(temperature: float) -> None:
    shares = SHARES ** (1 / temperature)
    shares /= shares.sum()
    found = np.bincount(drawn(temperature, 1.0), minlength=4) / NUM_DRAWS
    assert np.abs(found - shares).max() < 4 * 0.5 / np.sqrt(NUM_DRAWS)


def test_unlikely_tokens_are_left_out() -> None:
    assert set(drawn(1.0, 0.7, 500)) == {0, 1}
    assert set(drawn(1.0, 0.4, 50)) == {0}


def test_the_draws_of_one_picture_do_not_depend_on_those_beside_it() -> None:
    assert np.array_equal(drawn(1.0, 1.0, 10), drawn(1.0, 1.0, 40)[:10])
    assert not np.array_equal(drawn(1.0, 1.0, 40), drawn(1.0, 1.0, 40, seed=1))
