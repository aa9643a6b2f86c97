"""What the scripts refuse before anything heavy begins."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.answering import Model
from octa_svr_dataset.command import run
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning import arguments, limits
from octa_svr_dataset.vlm import load_vlm

ROOT = Path(__file__).parents[2]


def load_script(path: str) -> ModuleType:
    name = path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sft() -> ModuleType:
    return load_script("training/sft.py")


@pytest.fixture(scope="module")
def zero_shot() -> ModuleType:
    return load_script("eval/zero_shot.py")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_the_command_line_goes_before_the_yaml_file(sft: ModuleType) -> None:
    path = str(ROOT / "training/configs/tiny_cpu.yaml")
    data, model, training = sft.read_settings(["--config", path, "--num_train", "7", "--learning_rate", "1e-4"])
    assert (data.num_train, model.model_name_or_path, training.learning_rate) == (7, "tiny", 1e-4)
    assert training.assistant_only_loss
    assert training.max_length is None
    assert sft.read_settings([f"--config={path}"])[0].num_train == 3000


def test_the_published_settings_are_understood(sft: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "find_checkpoint", lambda name, **_: Path("models") / name)
    path = str(ROOT / "training/configs/qwen3_vl_8b_full.yaml")
    data, model, training = sft.read_settings(["--config", path, "--use_cpu", "true"])
    assert model.freeze_language_model
    assert not model.freeze_vision_tower
    assert training.max_length is None
    assert training.activation_checkpointing
    assert data.num_train == 100_000


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("lerning_rate: 1", "lerning_rate: unknown setting, got 1; .*learning_rate"),
        ("qqqqqqqq: 1", "qqqqqqqq: unknown setting, got 1; --help lists what is allowed"),
        ("num_train: ten", "--num_train.* invalid int value: 'ten'"),
        ("num_train: 1.5", "num_train: must be a whole number of at least 1, got 1.5"),
        ("num_train: 0", "num_train: must be a whole number of at least 1, got 0"),
        ("num_validation: -1", "num_validation: must be a whole number of at least 0, got -1"),
        ("dataset_seed: -1", "dataset_seed: must be a whole number of at least 0, got -1"),
        ("learning_rate: [1]", "--learning_rate.* invalid float value"),
        ("preset: nope", "preset: unknown name 'nope'; allowed: .*dropout_ma"),
        ("overrides: {imaging.size_px: 7}", "imaging.size_px.* got 7"),
        ("overrides: [1]", "overrides: must be a mapping"),
        ("dtype: float7", "dtype: unknown value 'float7'; allowed: float32, bfloat16"),
        ("model_name_or_path: outputs/no/such", "model_name_or_path: there is no folder 'outputs/no/such'"),
        ("max_pixels: 1", "max_pixels: must be a whole number of at least 4096, got 1"),
        ("optim: nope", "settings: .*nope"),
        ("- a list", "settings: .*must contain a YAML mapping"),
        ("seed: 1\nnum_train: 5\nseed: 2", "config: 'seed' is set twice, the second time .*line 3"),
        ("overrides: {text.turns: [1, 1], text.turns: [2, 2]}", "config: 'text.turns' is set twice"),
        ("num_scored: 3\nnum_validation: 2", "num_scored: must be at most num_validation, 2, got 3"),
        ("eval_strategy: steps\nuse_cpu: true", "num_validation: must be at least 1 with eval_strategy, got 0"),
        ("max_new_tokens: 0", "max_new_tokens: must be a whole number of at least 1"),
        ("dataset: no-such-folder", "dataset: 'no-such-folder' is no preset, no folder and no name on the Hub"),
        ("dataset_config: x", "dataset_config: not allowed with a preset, got 'x'"),
        ("mixture: []", "mixture: must be a list of at least one source"),
        ("mixture: [{source: healthy}]\nnum_train: 5", "num_train: not allowed with mixture, got 5"),
        ("dataset: my-org/octa\nstreaming: true", "streaming: rows of presets alone are synthesized on demand"),
        ("lora_r: 4", "lora_r: has an effect with use_peft: true only, got 4"),
        ("use_peft: true\nlora_r: 0", "lora_r: must be a whole number of at least 1"),
        ("load_in_4bit: true", "load_in_4bit: .* with use_peft: true"),
        ("load_in_4bit: true\nload_in_8bit: true", "load_in_8bit, load_in_4bit: at most one"),
        (
            "freeze_vision_tower: true\nfreeze_multi_modal_projector: true\nfreeze_language_model: true",
            "nothing is left",
        ),
        ("scratch: {pixels: 4096}", "scratch: must be a mapping with text_config, vision_config, pixels"),
        ("scratch: {pixels: 1, text_config: {}, vision_config: {}}", "scratch: pixels must be a whole number"),
        ("trust_remote_code: true", "trust_remote_code: must be False, got True"),
        ("packing: true", "packing: must be False, got True"),
        ("push_to_hub: true", r"push_to_hub: must be False, got True: training/push.py"),
        ("dataset_text_field: words", "dataset_text_field: must be text, got 'words': rows are messages"),
        ("dataloader_num_workers: -1", "dataloader_num_workers: must be a whole number of at least 0, got -1"),
        ("adam_beta2: 2", "adam_beta2: must be a number from 0 and below 1, got 2.0"),
        ("report_to: nope", "report_to: 'nope' is unknown, or its package is not installed; allowed: none, all"),
        ("deepspeed: none.json", "deepspeed: needs the package deepspeed, which is not installed"),
        ("use_liger_kernel: true", "use_liger_kernel: needs the package liger-kernel, which is not installed"),
        ("chat_template_path: none.jinja", "chat_template_path: there is no file 'none.jinja'"),
        ("attn_implementation: sdpa", "attn_implementation: of a model from files only, got 'sdpa'"),
        (
            "use_cpu: true\nnum_validation: 2\neval_strategy: steps\nmetric_for_best_model: eval_nope",
            "metric_for_best_model: unknown value 'eval_nope'; allowed: loss, .*binary_balanced_accuracy",
        ),
        (
            "use_cpu: true\nnum_validation: 2\nmetric_for_best_model: yes_no_value",
            "metric_for_best_model: 'yes_no_value' is known where num_scored is at least 1, got 0",
        ),
        (
            "use_cpu: true\nnum_validation: 2\nnum_scored: 2\nmetric_for_best_model: yes_on_value",
            "metric_for_best_model: unknown value 'yes_on_value'; allowed: .*yes_no_value",
        ),
        ("do_train: false", "do_train: must be True, got False"),
        ("do_predict: true", "do_predict: must be False, got True"),
        ("dataset_num_proc: 4", "dataset_num_proc: must be None, got 4: see num_proc"),
        ("include_for_metrics: [loss]", r"include_for_metrics: must be \[\], got \['loss'\]"),
        ("hub_model_id: my/model", "hub_model_id: must be None, got 'my/model': training/push.py"),
        ("hub_strategy: end", "hub_strategy: must be every_save, got 'end': training/push.py"),
        ("hub_private_repo: true", "hub_private_repo: must be None, got True: training/push.py"),
        ("hub_always_push: true", "hub_always_push: must be False, got True: training/push.py"),
        ("hub_revision: v2", "hub_revision: must be None, got 'v2': training/push.py"),
        ("model_revision: v2", "model_revision: must be main, got 'v2'"),
        ("resume_from_checkpoint: outputs/none", "resume_from_checkpoint: 'outputs/none' is no whole checkpoint"),
        ("a: [", "config: not YAML"),
        ("3: x", "config: the name of a setting must be text, got 3 .*line 1"),
        ("learning_rate: -1", "learning_rate: must be a number above 0, got -1"),
        ("per_device_train_batch_size: 0", "per_device_train_batch_size: must be a whole number of at least 1, got 0"),
        ("num_train_epochs: 0", "num_train_epochs: must be a number above 0, got 0"),
        ("dataset: my-org/octa\noverrides: {text.turns: [1, 1]}", "overrides: not allowed with a dataset or mixture"),
        ("dataset: my-org/octa\ndataset_seed: 3", "dataset_seed: not allowed with a dataset or mixture"),
    ],
)
def test_an_unusable_setting_is_refused(sft: ModuleType, config: Path, yaml: str, message: str) -> None:
    config.write_text(yaml + "\n")
    with pytest.raises(InputError, match=message):
        sft.read_settings(["--config", str(config)])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "unknown value 'nope'; allowed: eager, sdpa"),
        ("kernels-community/flash-attn3", "unknown value 'kernels-community/flash-attn3'; allowed: eager, sdpa"),
        ("flash_attention_2", "needs the package flash-attn and a GPU"),
        ("flash_attention_3", "needs the package flash-attn-3 and a GPU"),
    ],
)
def test_attention_that_is_not_there_is_refused_before_rows_are_made(
    sft: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr(arguments, "find_checkpoint", lambda name, **_: Path("models") / name)
    with pytest.raises(InputError, match=f"^attn_implementation: .*{message}"):
        sft.read_settings(["--model_name_or_path", "my/model", "--attn_implementation", name])


def test_few_bits_without_their_package_are_refused(sft: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match="load_in_8bit: needs the package bitsandbytes and a GPU"):
        sft.read_settings(["--use_peft", "true", "--load_in_8bit", "true"])


def test_flash_attention_that_is_there_is_taken(sft: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "find_checkpoint", lambda name, **_: Path("models") / name)
    monkeypatch.setattr(limits, "is_flash_attn_3_available", lambda: True)
    given = ["--model_name_or_path", "my/model", "--attn_implementation", "flash_attention_3", "--use_cpu", "true"]
    assert sft.read_settings([*given, "--bf16", "false"])[1].attn_implementation == "flash_attention_3"


@pytest.mark.parametrize(
    ("metric", "is_greater_better"),
    [("unparsable", False), ("eval_entropy", False), ("loss", False), ("yes_no_value", True), (None, None)],
)
def test_the_best_weights_are_those_with_fewest_faults(
    sft: ModuleType, metric: str | None, is_greater_better: bool | None
) -> None:
    given = ["--use_cpu", "true", "--bf16", "false", "--num_validation", "2", "--num_scored", "1"]
    given += [] if metric is None else ["--metric_for_best_model", metric]
    assert sft.read_settings(given)[2].greater_is_better is is_greater_better
    if metric is not None:
        assert sft.read_settings([*given, "--greater_is_better", "true"])[2].greater_is_better is True


def test_an_unusable_command_line_is_refused(sft: ModuleType) -> None:
    with pytest.raises(InputError, match=r"config: cannot read 'missing\.yaml'"):
        sft.read_settings(["--config", "missing.yaml"])
    with pytest.raises(InputError, match="config: the path of a YAML file is missing"):
        sft.read_settings(["--config"])
    with pytest.raises(InputError, match="unknown option '--num_trian'"):
        sft.read_settings(["--num_trian", "5"])
    with pytest.raises(InputError, match=r"^command line: --seed is given twice"):
        sft.read_settings(["--seed", "1", "--seed=2"])
    with pytest.raises(InputError, match=r"^command line: --num_train is given twice"):
        sft.read_settings(["--num_train", "1", "--num-train=2"])
    with pytest.raises(InputError, match="overrides: not JSON"):
        sft.read_settings(["--overrides", "{"])


@pytest.fixture
def eye(tmp_path: Path) -> Path:
    path = tmp_path / "eyes" / "eye.png"
    path.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(path)
    return path


def evaluate(zero_shot: ModuleType, monkeypatch: pytest.MonkeyPatch, **options: object) -> None:
    monkeypatch.setattr(sys, "argv", ["eval/zero_shot.py", *(f"--{name}={value}" for name, value in options.items())])
    run(zero_shot.app, "eval/zero_shot.py")


def test_an_evaluation_that_breaks_off_leaves_no_earlier_result(
    zero_shot: ModuleType, tmp_path: Path, eye: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("report.json", "report.html", "mine.txt"):
        (out / name).write_text("earlier")

    def break_off(*_: object, **__: object) -> None:
        assert sorted(path.name for path in out.iterdir()) == ["mine.txt", "run.json"]
        raise KeyboardInterrupt

    monkeypatch.setattr(zero_shot, "load", lambda *_, **__: Model(respond=break_off, answer=break_off))
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        evaluate(zero_shot, monkeypatch, real_dir=eye.parent, model="tiny", out=out)
    assert sorted(path.name for path in out.iterdir()) == ["mine.txt", "run.json"]


def test_predictions_of_unknown_settings_are_left_as_they_are(
    zero_shot: ModuleType,
    tmp_path: Path,
    eye: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "predictions.jsonl").write_text("earlier")
    with pytest.raises(SystemExit) as stop:
        evaluate(zero_shot, monkeypatch, real_dir=eye.parent, model="tiny", out=out)
    assert stop.value.code == 2
    assert "allowed: another folder, or --overwrite" in capsys.readouterr().err
    assert (out / "predictions.jsonl").read_text() == "earlier"


def test_an_evaluation_of_a_broken_model_leaves_no_new_folder_and_no_result_out(
    zero_shot: ModuleType,
    tmp_path: Path,
    eye: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    vlm = load_vlm("tiny")
    vlm.model.save_pretrained(tmp_path / "model")
    vlm.processor.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "processor_config.json").write_text("{}")
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        evaluate(zero_shot, monkeypatch, real_dir=eye.parent, model=tmp_path / "model", out=tmp_path / "new" / "out")
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_limit_takes_pictures_from_the_whole_folder(zero_shot: ModuleType) -> None:
    assert zero_shot.spread(tuple(range(10)), 3) == [0, 3, 6]
    assert zero_shot.spread((1, 2), 5) == zero_shot.spread((1, 2), None) == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": "0"}, "batch_size: must be a whole number of at least 1, got 0"),
        ({"limit": "-3"}, "limit: must be a whole number of at least 1, got -3"),
        ({"model": "outputs/no/such"}, "model: there is no folder 'outputs/no/such'"),
        ({"out": "{tmp}/whole/eye.png/out"}, "out: cannot write to the folder"),
        ({"real_dir": "{tmp}/broken"}, "image: cannot read .*cut.png"),
        ({"batch_size": "many"}, "--batch_size"),
        ({"preset": "nope"}, "error: preset: unknown name 'nope'"),
        ({"localize_preset": "nope"}, "error: localize_preset: unknown name 'nope'; allowed: .*dr_staging"),
        ({"contrast": "vivid"}, "contrast: unknown name 'vivid'; allowed: none, quantiles"),
        ({"field_of_view_mm": "0.3"}, "field_of_view_mm: must be a number from 1 to 24, got 0.3"),
        (
            {"crop": None},
            "crop: a picture can be cut to the field of training only where its own is known; .* --field_of_view_mm",
        ),
        ({"compare": "{tmp}/none.jsonl"}, "compare: cannot read .*none.jsonl"),
        ({"probe": "{tmp}/whole/eye.png"}, "probe: .*eye.png"),
        ({"endpoint": "localhost:8000"}, "endpoint: must be an address such as"),
        ({"endpoint": "http://127.0.0.1:9"}, "endpoint: nothing usable answers at http://127.0.0.1:9/v1"),
        ({"layer": "deep"}, "layer: got 'deep', but .* is no release of OCTA-500"),
        ({"real": "{tmp}"}, "No such option"),
    ],
)
def test_an_unusable_option_ends_the_evaluation_with_one_line(
    zero_shot: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, str | None],
    message: str,
) -> None:
    whole, broken = tmp_path / "whole" / "eye.png", tmp_path / "broken" / "cut.png"
    for path in (whole, broken):
        path.parent.mkdir()
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(path)
    broken.write_bytes(whole.read_bytes()[:2000])
    defaults = {"real_dir": str(whole.parent), "model": "tiny", "out": str(tmp_path / "out")}
    options = defaults | {name: value and value.format(tmp=tmp_path) for name, value in arguments.items()}
    given = [f"--{name}" if value is None else f"--{name}={value}" for name, value in options.items()]
    monkeypatch.setattr(sys, "argv", ["eval/zero_shot.py", *given])
    with pytest.raises(SystemExit) as stop:
        run(zero_shot.app, "eval/zero_shot.py")
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert re.search(message, errors)
    assert not (tmp_path / "out" / "report.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float8"}, "dtype: unknown value 'float8'; allowed: auto, float32, bfloat16"),
        ({"device": "abacus"}, "device: cannot compute on 'abacus'"),
        ({"device": "cpu", "endpoint": "http://localhost:1"}, "device, dtype: have no effect with --endpoint"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    options: dict[str, str],
    message: str,
    zero_shot: ModuleType,
    tmp_path: Path,
    eye: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        evaluate(zero_shot, monkeypatch, real_dir=eye.parent, model="tiny", out=tmp_path / "out", **options)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


FILE = "use_cpu: true\npreset: healthy\nnum_train: 5\ndataset_seed: 3\noverrides: {text.turns: [1, 1]}\n"
MIXTURE = '[{"source": "dropout_ma", "num_train": 9}]'


@pytest.mark.parametrize(
    ("given", "is_validated", "kept", "replaced"),
    [
        (["--dataset", "my-org/octa"], False, {"num_train": 5, "overrides": None}, "overrides, dataset_seed"),
        (["--dataset=my-org/octa"], True, {"num_train": 5, "dataset_seed": 3}, ""),
        (["--mixture", MIXTURE], False, {"num_train": None, "dataset_seed": 3}, "overrides, num_train"),
        (["--mixture", MIXTURE], True, {"num_train": None, "overrides": {"text.turns": [1, 1]}}, "num_train"),
    ],
)
def test_rows_of_the_command_line_take_the_place_of_those_of_the_file(
    sft: ModuleType,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    is_validated: bool,
    kept: dict[str, object],
    replaced: str,
) -> None:
    config.write_text(FILE + ("num_validation: 2\n" if is_validated else ""))
    data = sft.read_settings(["--config", str(config), *given])[0]
    assert {name: getattr(data, name) for name in kept} == kept
    assert [source.source for source in data.sources] == ["my-org/octa" if "dataset" in given[0] else "dropout_ma"]
    said = capsys.readouterr().err
    assert said == (f"{given[0].partition('=')[0]} takes the place of the file's {replaced}\n" if replaced else "")


def test_an_option_with_dashes_is_that_with_underscores(
    sft: ModuleType, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(FILE)
    given = ["--config", str(config), "--dataset", "my-org/octa", "--num-validation", "2"]
    data = sft.read_settings(given)[0]
    assert (data.num_validation, data.overrides, data.dataset_seed) == (2, {"text.turns": [1, 1]}, 3)
    assert capsys.readouterr().err == ""
    assert sft.read_settings([*given, "--dataset-seed=7"])[0].dataset_seed == 7
    assert capsys.readouterr().err == ""
    mixed = sft.read_settings(["--config", str(config), "--mixture", MIXTURE, "--dataset-seed", "7"])[0]
    assert mixed.dataset_seed == 7
    assert capsys.readouterr().err == "--mixture takes the place of the file's overrides, num_train\n"


def test_what_the_command_line_itself_says_of_rows_must_fit_together(sft: ModuleType, config: Path) -> None:
    config.write_text(FILE)
    with pytest.raises(InputError, match="overrides: not allowed with a dataset or mixture where num_validation is 0"):
        sft.read_settings(
            ["--config", str(config), "--dataset", "my-org/octa", "--overrides", '{"text.turns": [2, 2]}']
        )
    config.write_text(FILE + "streaming: true\nmixture: [{source: healthy}]\n")
    data = sft.read_settings(["--config", str(config), "--dataset", "my-org/octa"])[0]
    assert (data.streaming, data.mixture) == (False, None)
