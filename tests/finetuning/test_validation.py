"""What a run leaves: scores of unseen pictures, curves, figures of its speed."""

import json
from pathlib import Path

import pytest
from PIL import Image
from short_runs import BARE, Train, losses

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning import curves


@pytest.fixture(scope="module")
def trained(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(
        folder,
        num_validation=3,
        num_scored=2,
        max_new_tokens=6,
        num_proc=1,
        max_steps=3,
        eval_strategy="steps",
        eval_steps=2,
        overrides=json.dumps(BARE | {"text.turns": [2, 2]}),
    )
    return folder


def test_unseen_pictures_are_asked_at_every_evaluation_and_at_the_end(trained: Path) -> None:
    scores = [json.loads(line) for line in (trained / "task_scores.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in scores] == [2, 3]
    for entry in scores:
        assert entry["num_pictures"] == 2
        assert 0 <= entry["tasks"]["describe"]["value"]["low"] <= entry["tasks"]["describe"]["value"]["high"] <= 1
    answers = [json.loads(line) for line in (trained / "task_answers.jsonl").read_text().splitlines()]
    assert len(answers) == scores[-1]["num_questions"]
    assert {answer["id"].split("-")[2] for answer in answers} == {"validation"}


@pytest.mark.parametrize("metric", ["multiple_choice_value", "binary_balanced_accuracy"])
def test_a_metric_that_the_scored_rows_cannot_give_is_refused_before_the_first_step(
    train: Train, tmp_path: Path, metric: str
) -> None:
    settings = {"num_validation": 1, "num_scored": 1, "eval_strategy": "steps", "eval_steps": 1, "num_proc": 1}
    only_describe = json.dumps(BARE | {"text.turns": [1, 1]})
    with pytest.raises(InputError, match=f"^metric_for_best_model: .*{metric}.*; allowed: .*describe_value"):
        train(tmp_path / "out", **settings, metric_for_best_model=metric, overrides=only_describe)
    assert not list(tmp_path.glob("out/*.json*"))


def test_losses_and_scores_are_logged_and_drawn(trained: Path) -> None:
    history = json.loads((trained / "loss_curve.json").read_text())
    assert len(losses(trained)) == 3
    assert [entry["step"] for entry in history if "eval_loss" in entry] == [2, 3]
    assert [entry["step"] for entry in history if "eval_unparsable" in entry] == [2, 3]
    with Image.open(trained / "loss_curve.png") as picture:
        assert picture.width > 500


def test_without_matplotlib_there_is_a_line_instead_of_a_picture(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    lines = curves.write_curves([{"step": 1, "loss": 2.0}], tmp_path)
    assert "no loss_curve.png: matplotlib is not installed" in lines[-1]
    assert not (tmp_path / "loss_curve.png").exists()
    assert json.loads((tmp_path / "loss_curve.json").read_text()) == [{"step": 1, "loss": 2.0}]


def test_a_run_prints_its_speed_and_its_waiting(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, max_steps=1)
    out = capsys.readouterr().out
    assert "tokens/s" in out
    waiting = float(out.split("tokens/s, ")[1].split("%")[0])
    assert 0 < waiting < 100


@pytest.mark.parametrize("streaming", [True, False])
def test_a_row_that_would_be_cut_ends_a_run_by_its_id(train: Train, tmp_path: Path, streaming: bool) -> None:
    settings = {"max_length": 120, "streaming": streaming, "num_proc": 1, "num_train": 2}
    with pytest.raises(
        InputError, match=r"max_length: row dropout_ma-s0-train-0000000\d has \d+ tokens, more than 120"
    ):
        train(tmp_path / "out", **settings)
    assert not (tmp_path / "out" / "config.json").exists()
