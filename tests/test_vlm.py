import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from trl.chat_template_utils import get_training_chat_template
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.tiny_vlm import MEAN_GRAY
from octa_svr_dataset.vlm import Vlm, freeze, generate, limit_threads, load_vlm
from octa_svr_dataset.vlm_processors import token_count

NORM = "model.language_model.norm.weight"
ANSWER = "Perfusion: No area of capillary dropout is seen.\nConclusion: healthy retina."


@pytest.fixture(scope="module")
def tiny() -> Vlm:
    torch.set_num_threads(1)
    return load_vlm("tiny", seed=1)


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    sizes = [(304, 304), (304, 304), (96, 160), (512, 512)]
    return [Image.fromarray(rng.integers(0, 256, size, dtype=np.uint8)) for size in sizes]


@pytest.fixture(scope="module")
def messages() -> list[dict[str, str]]:
    return [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]


def weights(vlm: Vlm) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in vlm.model.parameters()])


def test_answers_in_a_batch_equal_those_alone(images: list[Image.Image]) -> None:
    num_answers = 0
    for seed in range(4, 9):
        vlm = load_vlm("tiny", seed=seed)
        together = generate(vlm, images, QUESTION, max_new_tokens=12)
        assert together == [generate(vlm, [image], QUESTION, max_new_tokens=12)[0] for image in images]
        num_answers = max(num_answers, len(set(together)))
    assert num_answers > 1, "the pictures must matter for this to mean anything"


def test_answers_are_the_same_every_time(tiny: Vlm, images: list[Image.Image]) -> None:
    assert generate(tiny, images, QUESTION, max_new_tokens=4) == generate(tiny, images, QUESTION, max_new_tokens=4)


def test_a_saved_model_answers_like_the_original(tmp_path, tiny: Vlm, images: list[Image.Image]) -> None:
    save(tiny, tmp_path)
    reloaded = load_vlm(str(tmp_path))
    assert torch.equal(weights(reloaded), weights(tiny))
    assert reloaded.processor.tokenizer(ANSWER)["input_ids"] == tiny.processor.tokenizer(ANSWER)["input_ids"]
    assert generate(reloaded, images, QUESTION, max_new_tokens=8) == generate(tiny, images, QUESTION, max_new_tokens=8)


def test_the_file_layout_of_published_models_is_read(tmp_path, tiny: Vlm, images: list[Image.Image]) -> None:
    save(tiny, tmp_path)
    processor = json.loads((tmp_path / "processor_config.json").read_text())
    published = processor["image_processor"] | {
        "processor_class": "Qwen3VLProcessor",
        "image_processor_type": "Qwen2VLImageProcessorFast",
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(published))
    template = (tmp_path / "chat_template.jinja").read_text()
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    (tmp_path / "processor_config.json").unlink()
    (tmp_path / "chat_template.jinja").unlink()
    published_vlm = load_vlm(str(tmp_path))
    published_vlm.processor.mean_gray = MEAN_GRAY
    assert type(published_vlm.processor.image_processor).__name__ == "Qwen2VLImageProcessorPil"
    assert generate(published_vlm, images[:1], QUESTION, max_new_tokens=8) == generate(
        tiny, images[:1], QUESTION, max_new_tokens=8
    )


def test_a_chat_template_in_the_tokenizer_s_settings_is_found(tmp_path, tiny: Vlm) -> None:
    save(tiny, tmp_path)
    template = tmp_path / "chat_template.jinja"
    tokenizer = json.loads((tmp_path / "tokenizer_config.json").read_text())
    tokenizer |= {"chat_template": template.read_text()}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    template.unlink()
    assert load_vlm(str(tmp_path)).processor.chat_template == tiny.processor.chat_template


def test_a_processor_that_evens_out_brightness_does_so_after_it_was_saved(tmp_path, tiny: Vlm) -> None:
    bright = Image.fromarray(np.random.default_rng(0).integers(0, 200, (160, 160), dtype=np.uint8))
    dark = bright.point([level // 2 for level in range(256)])
    save(tiny, tmp_path)
    for processor in (tiny.processor, load_vlm(str(tmp_path)).processor):
        one, other = (processor(images=[[image]], text=["<|image_pad|>"])["pixel_values"] for image in (bright, dark))
        assert np.abs(np.asarray(one) - np.asarray(other)).max() < 0.1
        processor.mean_gray = None
        one, other = (processor(images=[[image]], text=["<|image_pad|>"])["pixel_values"] for image in (bright, dark))
        assert np.asarray(one).mean() - np.asarray(other).mean() > 0.5
    tiny.processor.mean_gray = MEAN_GRAY


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop(NORM), rf"1 missing \({NORM}\)$"),
        (lambda weights: weights.update({NORM: torch.zeros(3)}), rf"1 of another shape \({NORM}\)$"),
        (lambda weights: weights.update(bogus=torch.zeros(3)), r"1 unknown \(bogus\)$"),
        (lambda weights: [weights.pop(name) for name in sorted(weights)[-9:]], r"9 missing \(.*, .*, .*, \.\.\.\)$"),
    ],
)
def test_weights_that_are_not_the_model_s_are_refused_by_name(tmp_path, tiny: Vlm, capfd, change, message) -> None:
    save(tiny, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    change(weights)
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=rf"^mine: the weights in '{tmp_path}' do not fit .*{message}"):
        load_vlm(str(tmp_path), field="mine")
    assert "LOAD REPORT" not in capfd.readouterr().err


def test_an_output_head_stored_beside_the_embeddings_it_is_tied_to_is_no_unknown_weight(tmp_path, tiny: Vlm) -> None:
    save(tiny, tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    stored["lm_head.weight"] = stored["model.language_model.embed_tokens.weight"].clone()
    save_file(stored, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert torch.equal(weights(load_vlm(str(tmp_path))), weights(tiny))


@pytest.mark.parametrize(
    ("name", "content"),
    [("processor_config.json", "{}"), ("config.json", '{"hidden_size": "wide"}')],
)
def test_files_that_make_no_model_are_refused_in_one_line(tmp_path, tiny: Vlm, name: str, content: str) -> None:
    save(tiny, tmp_path)
    changed = json.loads(content)
    if name == "config.json":
        changed = json.loads((tmp_path / name).read_text())
        changed["text_config"] |= json.loads(content)
    (tmp_path / name).write_text(json.dumps(changed))
    with pytest.raises(InputError, match=r"^model: cannot use the model's files in ") as refusal:
        load_vlm(str(tmp_path))
    assert "\n" not in str(refusal.value)


def save(vlm: Vlm, folder) -> None:
    vlm.model.save_pretrained(folder)
    vlm.processor.save_pretrained(folder)


@pytest.mark.parametrize("part", ["vision_tower", "projector", "language_model"])
def test_freezing_a_part_leaves_all_others_to_train(part: str) -> None:
    vlm = load_vlm("tiny")
    freeze(vlm.model, **{part: True})
    frozen = {name for name, parameter in vlm.model.named_parameters() if not parameter.requires_grad}
    assert frozen == {name for name, _ in vlm.model.named_parameters() if part_of(name) == part}


def part_of(name: str) -> str:
    if "visual" not in name:
        return "language_model"
    return "projector" if "merger" in name else "vision_tower"


def test_freezing_every_part_is_refused(tiny: Vlm) -> None:
    with pytest.raises(InputError, match="nothing is left to train"):
        freeze(tiny.model, vision_tower=True, projector=True, language_model=True)


def test_the_length_of_a_row_is_that_of_its_tokens(tiny: Vlm, images: list[Image.Image], messages) -> None:
    collate = DataCollatorForVisionLanguageModeling(
        tiny.processor, assistant_only_loss=True, chat_template=get_training_chat_template(tiny.processor)
    )
    for image in images:
        row = collate([{"image": image, "messages": messages}])
        assert token_count(tiny.processor, image, messages) == row["input_ids"].shape[1]


def test_more_pixels_make_more_tokens(tiny: Vlm, images: list[Image.Image], messages) -> None:
    sharper = load_vlm("tiny", max_pixels=256 * 256)
    assert token_count(sharper.processor, images[0], messages) > token_count(tiny.processor, images[0], messages)


def test_a_small_model_computes_on_one_thread(tiny: Vlm) -> None:
    torch.set_num_threads(2)
    limit_threads(tiny.model)
    assert torch.get_num_threads() == 1
