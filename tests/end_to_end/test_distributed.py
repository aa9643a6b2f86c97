"""Two processes train as one does: on the same rows, none of them twice, to the same loss."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from short_runs import ROOT, SHORT, losses, options

EPOCH = SHORT | {"num_train": 12, "max_steps": -1, "num_train_epochs": 1, "optim": "sgd", "learning_rate": 0.03}
"""Plain gradient descent: the first steps of AdamW are signs of gradients, and turn with the last bit of tiny ones."""

NOTE_ROWS = """
import os, runpy, sys
from torch.utils.data import get_worker_info
from octa_svr_dataset.finetuning.rows import RowReader

read = RowReader.__call__

def noting(reader, places):
    rows = read(reader, places)
    if get_worker_info() is not None:
        with open(os.path.join(os.environ["NOTES"], f"{os.environ.get('RANK', 0)}-{os.getpid()}"), "a") as file:
            file.writelines(f"{name}\\n" for name in rows["id"])
    return rows

RowReader.__call__ = noting
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script, and writes the ids that each worker of each rank reads into a file of its own."""


def train(folder: Path, num_processes: int, **settings: object) -> dict[str, list[str]]:
    """Train; the ids of rows by file of notes, which is named by rank and process."""
    notes, code = folder / "notes", folder / "note_rows.py"
    notes.mkdir(parents=True)
    code.write_text(NOTE_ROWS)
    given = options(**(EPOCH | settings), output_dir=folder / "out", num_proc=1, dataloader_num_workers=2)
    launcher = [sys.executable]
    if num_processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(num_processes)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NOTES": str(notes)}
    done = subprocess.run(
        [*launcher, str(code), "training/sft.py", *given],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text().split() for path in sorted(notes.iterdir())}


@pytest.mark.parametrize("streaming", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_two_processes_train_as_one_does(tmp_path: Path, streaming: bool) -> None:
    settings = {"streaming": streaming, "num_validation": 3, "num_scored": 3, "max_new_tokens": 8}
    of_two = train(tmp_path / "two", 2, per_device_train_batch_size=2, **settings)
    of_one = train(tmp_path / "one", 1, per_device_train_batch_size=4, **settings)
    ranks = [{row for name, ids in of_two.items() if name[0] == rank for row in ids} for rank in "01"]
    validation = {row for ids in of_two.values() for row in ids if "-validation-" in row}
    trained = [rank - validation for rank in ranks]
    assert not trained[0] & trained[1], "no row is trained on twice"
    assert len(trained[0]) == len(trained[1]) == 6
    assert Counter(row for ids in of_two.values() for row in ids if row not in validation).most_common(1)[0][1] == 1
    assert trained[0] | trained[1] == {row for ids in of_one.values() for row in ids} - validation
    assert losses(tmp_path / "two" / "out") == pytest.approx(losses(tmp_path / "one" / "out"), abs=2e-5)
    scores = [json.loads((tmp_path / name / "out" / "task_scores.jsonl").read_text()) for name in ("one", "two")]
    assert scores[0]["num_questions"] == scores[1]["num_questions"]
    assert scores[0]["num_pictures"] == scores[1]["num_pictures"] == 3
