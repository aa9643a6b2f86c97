import pytest

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export_tokens import (
    AROUND_IMAGE,
    AROUND_MESSAGE,
    bounded_text_tokens,
    image_tokens,
    token_counter,
)

OF_QWEN3 = {
    "What do you see in this OCTA image?": 10,
    "Seven focal dilations have the appearance of microaneurysms. They are found in various directions from the fovea."
    "\nAnswer: 7": 30,
    "0.5 mm²": 5,
    "A dense network of fine loops, 0.15 mm² in area, lies in the parafovea below the fovea and is consistent with "
    "neovascularization.": 38,
    "<think>\nThe scan is of good quality, without disturbing artifacts.\n</think>\nConclusion: non-proliferative "
    "diabetic retinopathy (NPDR).": 30,
    '[{"bbox_2d": [112, 87, 301, 455], "label": "capillary dropout"}]': 35,
}
"""Texts of ours, and how many tokens the tokenizer of Qwen3 makes of them."""


class TestTexts:
    @pytest.mark.parametrize("text", OF_QWEN3)
    def test_the_bound_lies_above_the_tokenizer_and_not_far(self, text):
        assert OF_QWEN3[text] <= bounded_text_tokens(text) <= 1.6 * OF_QWEN3[text]

    def test_nothing_takes_no_tokens(self):
        assert bounded_text_tokens("") == 0


class TestPictures:
    @pytest.mark.parametrize(
        ("size_px", "max_pixels", "tokens"),
        [(304, 512**2, 100), (512, 512**2, 256), (1024, 512**2, 256), (1024, 1024**2, 1024), (128, 512**2, 64)],
    )
    def test_a_patch_of_32_px_is_a_token(self, size_px, max_pixels, tokens):
        assert image_tokens(size_px, max_pixels) == tokens


class TestCounter:
    MESSAGES = ({"role": "user", "content": "Is it healthy?"}, {"role": "assistant", "content": "Yes."})

    def test_a_dialogue_is_its_picture_its_texts_and_the_template(self):
        texts = sum(bounded_text_tokens(message["content"]) for message in self.MESSAGES)
        template = AROUND_IMAGE + sum(AROUND_MESSAGE.values())
        assert token_counter(None, 512**2).count(self.MESSAGES, 304) == 100 + template + texts

    def test_a_tokenizer_counts_exactly(self, tmp_path):
        tokenizers = pytest.importorskip("tokenizers")
        words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0, "healthy": 1}, unk_token="?"))
        words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        words.save(str(tmp_path / "tokenizer.json"))
        for path in (tmp_path, tmp_path / "tokenizer.json"):
            assert token_counter(path, 512**2).text_tokens("Is it healthy?") == 4

    def test_what_is_no_tokenizer_is_refused(self, tmp_path):
        pytest.importorskip("tokenizers")
        (tmp_path / "tokenizer.json").write_text("{}")
        with pytest.raises(InputError, match=r"tokenizer: .*tokenizer\.json' cannot be read"):
            token_counter(tmp_path, 512**2)
