import math

import numpy as np
import pytest
import torch
from PIL import Image

from octa_svr_dataset.evaluation.protocol import reasons
from octa_svr_dataset.label_likelihood import answer_log_probabilities, continued_log_probabilities
from octa_svr_dataset.vlm import Vlm, load_vlm, prompt_inputs

QUESTION = "Healthy, NPDR or PDR: which is it?"
ANSWERS = ("Healthy", "NPDR", "PDR")


@pytest.fixture(scope="module")
def tiny() -> Vlm:
    torch.set_num_threads(1)
    return load_vlm("tiny", seed=3)


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, size, dtype=np.uint8)) for size in [(304, 304), (96, 160), (64, 64)]]


def by_hand(vlm: Vlm, image: Image.Image, answer: str) -> float:
    """One forward pass for each token of the answer."""
    inputs = prompt_inputs(vlm, [image], QUESTION)
    total = 0.0
    for token in vlm.processor.tokenizer(answer)["input_ids"]:
        with torch.inference_mode():
            logits = vlm.model(**inputs).logits[0, -1].double()
        total += float(torch.log_softmax(logits, dim=-1)[token])
        for name, value in (("input_ids", token), ("attention_mask", 1), ("mm_token_type_ids", 0)):
            if name in inputs:
                inputs[name] = torch.cat([inputs[name], torch.tensor([[value]])], dim=1)
    return total


def test_the_log_probability_of_an_answer_is_the_sum_over_its_tokens(tiny: Vlm, images: list[Image.Image]) -> None:
    together = answer_log_probabilities(tiny, images, QUESTION, ANSWERS)
    expected = [[by_hand(tiny, image, answer) for answer in ANSWERS] for image in images]
    assert np.array(together) == pytest.approx(np.array(expected), abs=1e-3)
    lengths = {len(tiny.processor.tokenizer(answer)["input_ids"]) for answer in ANSWERS}
    assert len(lengths) > 1, "answers of different length must be told apart for this to mean anything"


def test_the_pictures_beside_a_picture_do_not_matter(tiny: Vlm, images: list[Image.Image]) -> None:
    together = answer_log_probabilities(tiny, images, QUESTION, ANSWERS)
    alone = [answer_log_probabilities(tiny, [image], QUESTION, ANSWERS)[0] for image in images]
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-3)
    assert len({round(row[0], 4) for row in together}) == len(images), "the pictures must matter"


def test_answers_that_exclude_each_other_share_a_probability_of_at_most_one(
    tiny: Vlm, images: list[Image.Image]
) -> None:
    vocabulary = tiny.processor.tokenizer.get_vocab()
    words = [tiny.processor.tokenizer.decode([number]) for number in range(len(vocabulary))]
    single = [word for word in words if word.isalpha() and len(tiny.processor.tokenizer(word)["input_ids"]) == 1][:50]
    (row,) = answer_log_probabilities(tiny, images[:1], QUESTION, single)
    assert 0.0 < sum(map(math.exp, row)) <= 1.0


def test_a_reply_that_has_begun_is_gone_on_with(tiny: Vlm, images: list[Image.Image]) -> None:
    """P(begun and answer) = P(begun) P(answer after it), where joining them makes no other tokens."""
    begun, answers = "The zone is closed.\nConclusion:", (" healthy retina.", " proliferative")
    found = continued_log_probabilities(tiny, images[:2], QUESTION, answers, [begun, None])
    assert found[1] is None
    (start,) = answer_log_probabilities(tiny, images[:1], QUESTION, [begun])[0]
    whole = answer_log_probabilities(tiny, images[:1], QUESTION, [begun + answer for answer in answers])[0]
    assert np.array(found[0]) + start == pytest.approx(np.array(whole), abs=1e-3)


def test_reasons_end_where_a_class_is_concluded() -> None:
    assert reasons("A closed zone.\nConclusion: healthy retina.") == "A closed zone.\nConclusion:"
    thoughts = "<think>\nConclusion: none yet.\n</think>\n\n"
    assert reasons(f"{thoughts}Conclusion: healthy retina.") == f"{thoughts}Conclusion:"
    assert [reasons(output) for output in ("Healthy", "", "Conclusion:", f"{thoughts}Healthy")] == [None] * 4
