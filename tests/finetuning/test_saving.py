"""A saved or merged model is complete, equals what it was made of, and tells where it comes from."""

import json
import os
import re
import resource
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image
from processes import json_printed_by
from safetensors import safe_open
from small_models import save_adapter, save_model
from torchvision_outline import write_torchvision

from octa_svr_dataset.adapter_files import find_model, record_base
from octa_svr_dataset.command import run
from octa_svr_dataset.finetuning.record import TrainedOn, TrainingRecord
from octa_svr_dataset.finetuning.saving import VIDEO_SETTINGS, complete_processor, finish_folder
from octa_svr_dataset.resolve import config_hash, resolve_config
from octa_svr_dataset.version import VERSION
from octa_svr_dataset.vlm import load_vlm, prompt_inputs

ROOT = Path(__file__).parents[2]

SCORES = {
    "step": 20,
    "num_pictures": 5,
    "num_questions": 6,
    "unparsable": 0.1,
    "tasks": {
        "describe": {"value": {"value": 0.8, "low": 0.5, "high": 0.9, "number": 6}, "exact": 0.7, "unparsable": 0.1}
    },
    "binary": {"value": 0.75, "low": 0.6, "high": 0.9, "recalls": {}},
    "three_class": {"value": None, "low": None, "high": None, "recalls": {}},
}


def record_of(base: Path | str) -> TrainingRecord:
    config = resolve_config("dr_staging")
    return TrainingRecord(
        base=str(base),
        data=(TrainedOn.of_preset("dr_staging", config, seed=3, num_rows=1200),),
        settings={"learning_rate": 2e-4},
        log=[{"step": 10 * (step + 1), "loss": 4.0 / (step + 1)} for step in range(100)]
        + [{"step": 20, "eval_loss": 9.0}],
        validation={"preset": "dr_staging", "num_rows": 5},
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and an adapter of it that touches words, pictures and what lies between them."""
    root = tmp_path_factory.mktemp("models")
    save_model(root / "base")
    save_adapter(root / "adapter", str(root / "base"), target_modules="all-linear", modules_to_save=["merger"])
    (root / "adapter" / "task_scores.jsonl").write_text(json.dumps(SCORES) + "\n")
    finish_folder(root / "adapter", record_of(root / "base"), base=str(root / "base"), seed=0)
    return root


@pytest.fixture
def merge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the script; its exit code and what it says last."""
    app = runpy.run_path(str(ROOT / "training/merge.py"))["app"]

    def merge(*flags: str, **options: object) -> tuple[int, str]:
        given = [f"--{name}={value}" for name, value in options.items()]
        monkeypatch.setattr(sys, "argv", ["training/merge.py", *given, *flags])
        with pytest.raises(SystemExit) as stop:
            run(app, "training/merge.py")
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.err if stop.value.code else said.out

    return merge


def logits(folder: Path) -> torch.Tensor:
    images = [Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8)) for seed in range(2)]
    vlm = load_vlm(str(folder))
    with torch.inference_mode():
        return vlm.model(**prompt_inputs(vlm, images, "What do you see?")).logits


def shapes(folder: Path) -> dict[str, list[int]]:
    found = {}
    for file in sorted(folder.glob("model*.safetensors")):
        with safe_open(file, "numpy") as weights:
            found |= {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
    return found


def config_of(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text())


def parts(config: dict) -> tuple[dict, ...]:
    return config, config["text_config"], config["vision_config"]


def test_a_merged_model_answers_as_model_and_adapter_do(folders: Path, merge, tmp_path: Path) -> None:
    code, said = merge(model=folders / "adapter", out=tmp_path / "merged")
    assert (code, "in float32" in said) == (0, True)
    apart = logits(folders / "adapter")
    assert torch.allclose(logits(tmp_path / "merged"), apart, atol=2e-4)
    assert not torch.allclose(logits(folders / "base"), apart, atol=0.1)


def test_a_merged_model_looks_like_its_base(folders: Path, merge, tmp_path: Path) -> None:
    merge(model=folders / "base", adapter=folders / "adapter", out=tmp_path / "merged")
    assert shapes(tmp_path / "merged") == shapes(folders / "base")
    merged, base = (config_of(folder) for folder in (tmp_path / "merged", folders / "base"))
    assert {part.pop("dtype", "float32") for part in (*parts(merged), *parts(base))} == {"float32"}
    assert merged == base
    names = {path.name for path in (tmp_path / "merged").iterdir()}
    assert names >= {path.name for path in (folders / "base").iterdir()} | {VIDEO_SETTINGS, "preprocessor_config.json"}
    assert not names & {"adapter_config.json", "adapter_model.safetensors", "base_model.json", ".unfinished"}


def test_a_merge_onto_a_full_disk_ends_with_one_line(folders: Path, tmp_path: Path) -> None:
    limit = sum(file.stat().st_size for file in (folders / "base").glob("model*.safetensors")) // 2
    done = subprocess.run(
        [sys.executable, "training/merge.py", f"--model={folders / 'adapter'}", f"--out={tmp_path / 'out'}"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert re.search("^error: out: cannot write to the folder '.*out' any more: File too large$", last), last
    assert not (tmp_path / "out" / "config.json").exists()


def test_large_weights_go_to_several_files(folders: Path, merge, tmp_path: Path) -> None:
    merge(model=folders / "adapter", out=tmp_path / "merged", max_shard_size="500KB", dtype="bfloat16")
    files = sorted((tmp_path / "merged").glob("model*.safetensors"))
    assert len(files) > 2
    assert shapes(tmp_path / "merged") == shapes(folders / "base")
    assert find_model(str(tmp_path / "merged")).fingerprint
    with safe_open(files[0], "pt") as weights:
        assert weights.get_tensor(next(iter(weights.keys()))).dtype == torch.bfloat16
    assert {part["dtype"] for part in parts(config_of(tmp_path / "merged"))} == {"bfloat16"}
    code, _ = merge("--overwrite", model=folders / "adapter", out=tmp_path / "merged")
    assert code == 0
    assert [file.name for file in (tmp_path / "merged").glob("model*")] == ["model.safetensors"]


def test_settings_of_videos_are_those_of_the_model_or_fit_its_pictures(folders: Path, tmp_path: Path) -> None:
    for name in ("told", "untold"):
        shutil.copytree(folders / "base", tmp_path / name)
    base = Path(shutil.copytree(folders / "base", tmp_path / "base"))
    (base / VIDEO_SETTINGS).write_text('{"video_processor_type": "Qwen3VLVideoProcessor", "fps": 7}')
    complete_processor(tmp_path / "told", base)
    complete_processor(tmp_path / "untold", folders / "base")
    assert json.loads((tmp_path / "told" / VIDEO_SETTINGS).read_text())["fps"] == 7
    settings = json.loads((tmp_path / "untold" / VIDEO_SETTINGS).read_text())
    assert (settings["video_processor_type"], settings["patch_size"]) == ("Qwen3VLVideoProcessor", 16)
    assert settings["image_mean"] == [0.3] * 3
    assert torch.equal(logits(tmp_path / "untold"), logits(folders / "base"))


def test_where_torchvision_is_installed_the_whole_processor_loads(folders: Path, merge, tmp_path: Path) -> None:
    merge(model=folders / "adapter", out=tmp_path / "merged")
    write_torchvision(tmp_path / "packages")
    code = (
        "import json; from transformers import AutoProcessor; "
        f"p = AutoProcessor.from_pretrained({str(tmp_path / 'merged')!r}); "
        "print(json.dumps([type(p).__name__, type(p.video_processor).__name__, p.video_processor.patch_size]))"
    )
    told = json_printed_by(code, PYTHONPATH=f"{tmp_path / 'packages'}{os.pathsep}{ROOT}")
    assert told == ["Qwen3VLProcessor", "Qwen3VLVideoProcessor", 16]


def test_the_card_says_what_the_adapter_was_trained_on_and_how_well(folders: Path, merge, tmp_path: Path) -> None:
    card = ModelCard.load(folders / "adapter" / "README.md")
    assert card.data.library_name == "peft"
    assert card.data.pipeline_tag == "image-text-to-text"
    assert card.data.license == "other"
    assert card.data.license_name
    digest = config_hash(resolve_config("dr_staging"))
    row = f"| `dr_staging` | 1,200 | 3 | 1 | {VERSION} | `{digest}` |"
    for words in (row, "| `learning_rate` | 0.0002 |", "Not for clini",
                  "| describe | 0.800 [0.500, 0.900] | 0.700 | 0.100 | 6 |", "| healthy or diabetic | 0.750 [0.600, 0",
                  "| 20 | 2.0000 | 9.0000 |", "| 1000 | 0.0400 |", "a class has no picture", "```bibtex"):  # fmt: skip
        assert words in card.text, words
    assert str(folders) not in card.content, "where it lay on this machine is not told"
    told = json.loads((folders / "adapter" / "provenance.json").read_text())
    assert told["data"][0]["settings"] == resolve_config("dr_staging").model_dump(mode="json")
    assert TrainingRecord.read(folders / "adapter").as_record() == told
    merge(model=folders / "adapter", out=tmp_path / "merged")
    merged = ModelCard.load(tmp_path / "merged" / "README.md")
    assert merged.data.library_name == "transformers"
    assert "| describe | 0.800" in merged.text
    assert "training/merge.py" not in merged.text


def test_a_model_of_the_hub_goes_by_its_name_there(folders: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--Qwen--Qwen3-VL-8B-Instruct" / "snapshots" / "0a1b"
    shutil.copytree(folders / "base", snapshot)
    adapter = Path(shutil.copytree(folders / "adapter", tmp_path / "adapter"))
    finish_folder(adapter, record_of(snapshot), base=str(snapshot), seed=0)
    card = ModelCard.load(adapter / "README.md")
    assert (card.data.base_model, card.data.license) == ("Qwen/Qwen3-VL-8B-Instruct", "apache-2.0")
    assert card.data.base_model_relation == "adapter"
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "Qwen/Qwen3-VL-8B-Instruct"
    assert find_model(str(snapshot), adapter=adapter).base == snapshot
    record_base(adapter, "tiny", seed=4)
    assert json.loads((adapter / "base_model.json").read_text()) == {"name": "tiny", "seed": 4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "{root}/base"}, "model: '.*base' is no adapter, and none is given; allowed: --adapter"),
        ({"model": "{root}/none"}, "model: there is no folder '.*none'"),
        ({"model": "tiny", "adapter": "{root}/adapter"}, "belongs to the weights of '.*base'; the model 'tiny' has"),
        ({"dtype": "int8"}, "dtype: unknown value 'int8'; allowed: auto, float32"),
        ({"max_shard_size": "much"}, "max_shard_size: must be a number with KB, MB or GB, such as 5GB, got 'much'"),
        ({"out": "{root}/base"}, "out: '.*base' is the folder of the model or of the adapter"),
        ({"out": "{root}/other"}, "out: '.*other' already holds a model; allowed: another folder, or --overwrite"),
        ({"out": "{root}/base/config.json/x"}, "out: cannot write to the folder"),
    ],
)
def test_unusable_input_ends_a_merge_with_one_line(folders: Path, merge, tmp_path: Path, options, message: str) -> None:
    (folders / "other").mkdir(exist_ok=True)
    (folders / "other" / "config.json").write_text("{}")
    given = {"model": str(folders / "adapter"), "out": str(tmp_path / "out")} | options
    code, said = merge(**{name: value.format(root=folders) for name, value in given.items()})
    assert code == 2
    assert said.count("\n") == 1
    assert re.search(message, said), said
    assert not (tmp_path / "out").exists()
