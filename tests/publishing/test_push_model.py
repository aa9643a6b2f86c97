"""Models onto the Hub by its real client, in a process of its own, against a stand-in of the Hub."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_stand_in import Fault, serve_hub
from hub_state import Hub
from processes import json_printed_by
from small_models import save_adapter, save_model

from octa_svr_dataset.finetuning.record import TrainedOn, TrainingRecord
from octa_svr_dataset.finetuning.saving import finish_folder

ROOT = Path(__file__).parents[2]
MODEL, ADAPTER = "models/org/octa-vlm", "models/org/octa-lora"

READ_BACK = """
import json
from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.vlm import load_vlm
from huggingface_hub import ModelCard, snapshot_download
vlm = load_vlm("org/octa-vlm")
card = ModelCard.load("org/octa-vlm")
card.validate()
adapter = snapshot_download("org/octa-lora")
sums = [sum(float(weight.double().sum()) for weight in one.model.parameters()) for one in (vlm, load_vlm(adapter))]
print(json.dumps({"sums": sums, "card": card.data.to_dict(), "base": str(find_model(adapter).base)}))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained model among what training leaves beside it, and an adapter of it."""
    root = tmp_path_factory.mktemp("models")
    save_model(root / "model")
    data = (TrainedOn(source="my-org/octa_svr", num_rows=7),)
    record = TrainingRecord(base="tiny", data=data, settings={}, log=[{"step": 1, "loss": 2.0}])
    finish_folder(root / "model", record, base="tiny", seed=0)
    (root / "model" / "checkpoint-3").mkdir()
    for name in (
        "optimizer.pt",
        "training_args.bin",
        "trainer_state.json",
        "checkpoint-3/config.json",
        "task_answers.jsonl",
    ):
        (root / "model" / name).write_text("{}")
    save_adapter(root / "adapter", str(root / "model"))
    finish_folder(root / "adapter", record, base=str(root / "model"), seed=0)
    return root


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serve_hub() as running:
        yield running


def push(hub: Hub, folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    variables = {**os.environ, **hub.environment(folder.parent), **environment}
    done = subprocess.run(
        [sys.executable, str(ROOT / "training/push.py"), str(folder), *arguments],
        env={name: value for name, value in variables.items() if value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]  # bars of progress stand beside
    assert len(errors) == (done.returncode != 0)
    return done.returncode, errors[0] if errors else done.stdout


def test_a_model_and_its_adapter_come_back_as_they_were(hub: Hub, folders: Path, tmp_path: Path) -> None:
    hub.faults += [Fault(method="PUT", path="/large/", status=400, times=9)]
    code, said = push(hub, folders / "model", "org/octa-vlm", "--private")
    assert code == 2
    assert "was interrupted" in said, said
    assert "the same command goes on where it stopped" in said
    assert not hub.repositories[MODEL].files, "all files come together"
    hub.faults.clear()
    assert push(hub, folders / "model", "org/octa-vlm", "--private") == (0, f"model: {hub.url}/org/octa-vlm\n")
    assert hub.repositories[MODEL].private
    names = {"model.safetensors", "config.json", "README.md", "provenance.json", "video_preprocessor_config.json"}
    names |= {"generation_config.json", "chat_template.jinja", "tokenizer.json", "tokenizer_config.json"}
    assert set(hub.repositories[MODEL].files) == names | {"processor_config.json", "preprocessor_config.json"}
    num_commits, num_requests = len(hub.repositories[MODEL].commits), len(hub.requests)
    assert push(hub, folders / "model", "org/octa-vlm")[0] == 0
    assert len(hub.repositories[MODEL].commits) == num_commits
    assert not [path for method, path in hub.requests[num_requests:] if method == "PUT"]
    code, said = push(hub, folders / "adapter", "org/octa-lora")
    assert (code, "which is no name on the Hub" in said) == (2, True)
    for name, entry in (("adapter_config.json", "base_model_name_or_path"), ("base_model.json", "name")):
        file = folders / "adapter" / name
        file.write_text(json.dumps(json.loads(file.read_text()) | {entry: "org/octa-vlm"}))
    assert push(hub, folders / "adapter", "org/octa-lora")[0] == 0
    weights = {"adapter_model.safetensors", "adapter_config.json", "base_model.json"}
    assert set(hub.repositories[ADAPTER].files) == weights | {"README.md", "provenance.json"}
    read = json_printed_by(READ_BACK, **hub.environment(tmp_path / "reader"))
    assert read["sums"][0] != read["sums"][1]
    assert "models--org--octa-vlm" in read["base"]
    assert read["card"]["license"] == "mit"


def spoil_card(folder: Path) -> None:
    (folder / "README.md").write_text("---\na: [\n---\n")


@pytest.mark.parametrize(
    ("spoil", "repo", "token", "message"),
    [
        (
            lambda folder: (folder / "model.safetensors").unlink(),
            "org/new",
            "hf_fake",
            "holds no weights: it has no mod",
        ),
        (
            lambda folder: (folder / "README.md").unlink(),
            "org/new",
            "hf_fake",
            "has no README.md; allowed: a folder of",
        ),
        (spoil_card, "org/new", "hf_fake", "is not valid YAML"),
        (lambda folder: shutil.rmtree(folder), "org/new", "hf_fake", "model: there is no folder"),
        (lambda _: None, "no-name", "hf_fake", "repo: must be organization/name"),
        (lambda _: None, "org/new", "", "token: there is none"),
        (lambda _: None, "org/new", "hf_wrong", "token: the Hub does not know it"),
    ],
)
def test_what_cannot_be_pushed_is_refused_in_one_line(hub, folders, tmp_path, spoil, repo, token, message) -> None:
    folder = Path(shutil.copytree(folders / "model", tmp_path / "model"))
    spoil(folder)
    code, said = push(hub, folder, repo, HF_TOKEN=token)
    assert code == 2
    assert said.startswith("error: ")
    assert message in said
    assert "models/org/new" not in hub.repositories
