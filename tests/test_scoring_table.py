"""Answers as models give them, and the scores that they should get: `scoring_answers.yaml`."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from octa_svr_dataset.scoring import score
from octa_svr_dataset.text.answers import TASKS, format_answer

GROUPS = yaml.safe_load((Path(__file__).parent / "scoring_answers.yaml").read_text(encoding="utf-8"))
ROWS = [(group["task"], json.dumps(group["answer"]), row) for group in GROUPS for row in group["outputs"]]
VALUES = {"exact": 1.0, "wrong": 0.0, "unparsable": 0.0}


def test_the_table_covers_every_task():
    assert len(ROWS) >= 200
    counts = Counter(task for task, _, _ in ROWS)
    assert set(counts) == set(TASKS)
    assert min(counts.values()) >= 15


@pytest.mark.parametrize(
    ("task", "answer", "row"), ROWS, ids=[f"{task}-{number}" for number, (task, _, _) in enumerate(ROWS)]
)
def test_each_answer_gets_the_score_that_it_deserves(task, answer, row):
    result = score(task, answer, row["output"])
    read = result.answer and format_answer(result.answer)
    value = row["value"] if row["kind"] == "partial" else VALUES[row["kind"]]
    assert (read, result.kind, result.value) == (row["read"], row["kind"], pytest.approx(value, abs=5e-4))
    assert bool(result.problem) is (row["kind"] != "exact")
