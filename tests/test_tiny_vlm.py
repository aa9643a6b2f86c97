from functools import cache

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from octa_svr_dataset.tiny_vlm import make_tokenizer
from octa_svr_dataset.vlm import Vlm, load_vlm


def weights(vlm: Vlm) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in vlm.model.parameters()])


def test_the_tiny_model_is_a_function_of_its_seed() -> None:
    tiny = load_vlm("tiny", seed=1)
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    again = load_vlm("tiny", seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(weights(again), weights(tiny))
    assert not torch.equal(weights(load_vlm("tiny", seed=2)), weights(tiny))
    assert again.processor.tokenizer.get_vocab() == tiny.processor.tokenizer.get_vocab()


@settings(max_examples=50, deadline=None)
@given(text=st.text())
def test_the_tiny_tokenizer_loses_nothing_of_any_text(text: str) -> None:
    tokenizer = load_tokenizer()
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@cache
def load_tokenizer():
    return load_vlm("tiny").processor.tokenizer


def test_the_tiny_tokenizer_knows_the_words_of_the_texts() -> None:
    words = make_tokenizer().tokenize(" foveal avascular zone: capillary dropout, microaneurysms, healthy retina")
    assert len(words) == 11
