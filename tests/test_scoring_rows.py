"""The texts of the dataset get full marks for their own questions."""

import pytest

from octa_svr_dataset.example import make_example
from octa_svr_dataset.scoring import score


@pytest.mark.parametrize("preset", ["dr_staging", "hard_negatives", "dropout_ma"])
def test_the_answer_of_every_turn_is_exact(preset):
    for index in range(3):
        example = make_example(preset, seed=11, index=index)
        answers = [message.content for message in example.dialogue.messages if message.role == "assistant"]
        layers = example.rendering.layers.as_dict()
        for task, answer in zip(example.dialogue.tasks, answers, strict=True):
            result = score(task.task, task.answer, answer, layers=layers)
            assert (result.kind, result.problem) == ("exact", ""), f"{task}: {answer}"
