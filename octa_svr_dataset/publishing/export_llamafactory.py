"""A folder that LLaMA-Factory trains on as it is: data, `dataset_info.json`, and a configuration."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export_rows import ExportRow
from octa_svr_dataset.publishing.export_sharegpt import conversations, write_picture
from octa_svr_dataset.publishing.export_tokens import TokenCounter
from octa_svr_dataset.seeding import Split

DATASET_INFO_NAME, TRAINING_NAME = "dataset_info.json", "train.yaml"

USUAL_CUTOFF_LEN, USUAL_IMAGE_MAX_PIXELS = 2048, 512 * 512
"""Those of the prior art's configuration."""

MODEL = "Qwen/Qwen3-VL-8B-Instruct"


def write_llamafactory(
    out: Path,
    preset: str,
    rows: Mapping[str, Iterable[ExportRow]],
    *,
    counter: TokenCounter,
    cutoff_len: int,
) -> int:
    """Write the rows of each split as a dataset of its own into a folder; their number comes back.

    Raises
    ------
    InputError
        A dialogue is longer than `cutoff_len`: LLaMA-Factory would cut it without a word.
    """
    info: dict[str, Any] = {}
    num_rows, too_long = 0, {}
    for split, split_rows in rows.items():
        name = f"{preset}_{split}"
        info[name] = {
            "file_name": f"{name}.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "images": "images"},
        }
        with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for row in split_rows:
                write_picture(out, row)
                record = {"id": row.row_id, "conversations": conversations(row), "images": [row.picture_name]}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                num_tokens = counter.count(row.columns["messages"], row.size_px)
                if num_tokens > cutoff_len:
                    too_long[row.row_id] = num_tokens
                num_rows += 1
    if too_long:
        longest = max(too_long, key=lambda row_id: too_long[row_id])
        raise InputError(
            f"cutoff_len: {len(too_long)} of {num_rows} dialogues may be longer than {cutoff_len} tokens, the longest "
            f"{too_long[longest]} ({longest}), and LLaMA-Factory would cut image tokens or answers; allowed: at least "
            f"{too_long[longest]}, or --tokenizer for an exact count"
        )
    (out / DATASET_INFO_NAME).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    training = _training(preset, list(rows), cutoff_len=cutoff_len, image_max_pixels=counter.image_max_pixels)
    (out / TRAINING_NAME).write_text(
        "# In this folder: llamafactory-cli train train.yaml\n"
        "# On several GPUs, add a line `deepspeed:` with one of the configurations that LLaMA-Factory comes with.\n"
        + yaml.safe_dump(training, sort_keys=False),
        encoding="utf-8",
    )
    return num_rows


def _training(preset: str, splits: list[str], *, cutoff_len: int, image_max_pixels: int) -> dict[str, Any]:
    """The prior art's settings: vision tower and projector are trained, the language model is frozen.

    Its template is `qwen3_vl`, which takes out the thoughts of earlier turns; `qwen3_vl_nothink` leaves texts alone.
    """
    train = Split.TRAIN.label if Split.TRAIN.label in splits else splits[0]
    validation = Split.VALIDATION.label
    evaluation = {"eval_dataset": f"{preset}_{validation}", "eval_strategy": "epoch", "per_device_eval_batch_size": 1}
    return {
        "model_name_or_path": MODEL,
        "image_max_pixels": image_max_pixels,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "freeze_vision_tower": False,
        "freeze_multi_modal_projector": False,
        "freeze_language_model": True,
        "dataset_dir": ".",
        "dataset": f"{preset}_{train}",
        "template": "qwen3_vl_nothink",
        "cutoff_len": cutoff_len,
        "preprocessing_num_workers": 8,
        "dataloader_num_workers": 4,
        "output_dir": "output",
        "logging_steps": 10,
        "save_steps": 500,
        "plot_loss": True,
        "report_to": "none",
        "per_device_train_batch_size": 16,
        "gradient_accumulation_steps": 2,
        "learning_rate": 1.0e-5,
        "num_train_epochs": 1.0,
        "lr_scheduler_type": "cosine",
        "warmup_ratio": 0.1,
        "bf16": True,
        **(evaluation if validation in splits and validation != train else {}),
    }
