"""What the loss counts: all of every answer, and nothing else."""

from pathlib import Path

import pytest
from trl.chat_template_utils import get_training_chat_template
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from octa_svr_dataset.finetuning.sources import OnDemand
from octa_svr_dataset.vlm import Vlm, load_vlm
from octa_svr_dataset.vlm_processors import token_count


@pytest.fixture(scope="module")
def saved_tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    vlm = load_vlm("tiny")
    vlm.model.save_pretrained(folder)
    vlm.processor.save_pretrained(folder)
    return folder


@pytest.fixture(params=["embedded", "saved", "qwen2_5"])
def vlm(request: pytest.FixtureRequest, saved_tiny: Path, qwen2_5: Path) -> Vlm:
    return load_vlm({"embedded": "tiny", "saved": str(saved_tiny), "qwen2_5": str(qwen2_5)}[request.param])


def test_the_loss_counts_every_token_of_the_answers_and_no_other(vlm: Vlm, bare_rows: OnDemand) -> None:
    template = get_training_chat_template(vlm.processor)
    collate = DataCollatorForVisionLanguageModeling(vlm.processor, assistant_only_loss=True, chat_template=template)
    rows = [bare_rows[index] for index in range(len(bare_rows))]
    batch = collate([{name: row[name] for name in ("image", "messages")} for row in rows])
    end = vlm.processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    for row, labels, ids in zip(rows, batch["labels"], batch["input_ids"], strict=True):
        counted = labels[labels != -100]
        answers = [message["content"] for message in row["messages"] if message["role"] == "assistant"]
        assert len(answers) == 2
        text = vlm.processor.tokenizer.decode(counted)
        assert text == "".join(f"{answer}<|im_end|>\n" for answer in answers)
        assert (counted == end).sum() == len(answers)
        assert (labels[labels != -100] == ids[labels != -100]).all()


def test_the_length_of_a_row_is_that_which_trains(vlm: Vlm, bare_rows: OnDemand) -> None:
    template = get_training_chat_template(vlm.processor)
    collate = DataCollatorForVisionLanguageModeling(vlm.processor, assistant_only_loss=True, chat_template=template)
    for index in range(len(bare_rows)):
        row = bare_rows[index]
        length = collate([{name: row[name] for name in ("image", "messages")}])["input_ids"].shape[1]
        assert token_count(vlm.processor, row["image"], row["messages"]) == length
