"""The card of a trained model: `README.md`, and `provenance.json` with all that it rests on, for machines.

Every figure of the card comes from the run: from its settings, its log, and `task_scores.jsonl` where it was scored.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from huggingface_hub import ModelCardData

from octa_svr_dataset.adapter_files import hub_name, is_adapter
from octa_svr_dataset.checkpoint import TINY
from octa_svr_dataset.command import write_whole
from octa_svr_dataset.finetuning.card_tables import data_table, loss_table, score_tables, settings_table
from octa_svr_dataset.finetuning.record import FROM_SCRATCH, PROVENANCE_NAME, TASK_SCORES_NAME, TrainingRecord
from octa_svr_dataset.publishing.card import CARD_NAME
from octa_svr_dataset.version import VERSION

_TAGS = ("octa", "oct-angiography", "retina", "diabetic-retinopathy", "medical", "synthetic-data", "octa_svr_dataset")

_APACHE = "Qwen/Qwen3-VL"
"""Models of this family are under Apache 2.0."""


def write_model_card(folder: Path, record: TrainingRecord) -> None:
    """Write the card of a model or an adapter, and what it rests on.

    Parameters
    ----------
    folder
        That of the model; `task_scores.jsonl` there gives the scores.
    record
        How it was trained.
    """
    write_whole(folder / PROVENANCE_NAME, json.dumps(record.as_record(), indent=1, default=str) + "\n")
    lines = []
    if (folder / TASK_SCORES_NAME).exists():
        lines = [json.loads(line) for line in (folder / TASK_SCORES_NAME).read_text(encoding="utf-8").splitlines()]
        lines = [line for line in lines if record.step in (None, line["step"])]
    write_whole(folder / CARD_NAME, card_text(record, lines, is_adapter=is_adapter(folder)))


def card_text(record: TrainingRecord, scores: Sequence[Mapping[str, Any]], *, is_adapter: bool) -> str:
    """The card.

    Parameters
    ----------
    record
        How the model was trained.
    scores
        Lines of `task_scores.jsonl`, the last of them of the weights that the card is of.
    is_adapter
        Whether the weights are those of an adapter.
    """
    template = Template((Path(__file__).parent / "card_template.md").read_text(encoding="utf-8"))
    return template.substitute(
        metadata=_metadata(record, is_adapter).to_yaml(),
        title=f"{record.base_name.split('/')[-1]} fine-tuned on {'synthetic OCTA' if record.is_synthetic else 'OCTA'}",
        trained_on=_SYNTHETIC if record.is_synthetic else _OTHER,
        what="LoRA adapter of" if is_adapter else "fine-tuned version of",
        base=f"[{record.base_name}](https://huggingface.co/{record.base_name})" if hub_name(record.base) else
        _OWN.get(record.base, f"`{record.base_name}`"),
        merging=_MERGING if is_adapter else "",
        data=data_table([asdict(part) for part in record.data]),
        settings=settings_table(record.settings),
        losses=loss_table(record.log),
        scores=score_tables(scores, record.validation),
        license=_license_words(record),
        version=VERSION,
    )  # fmt: skip


_OWN = {
    TINY: "the embedded tiny model of `octa_svr_dataset`, made from scratch",
    FROM_SCRATCH: "a Qwen3-VL that began with random weights",
}
"""Models that are under this package's license, in words."""

_SYNTHETIC = "synthetic OCTA (optical coherence tomography angiography) images with reasoning\ntexts"
_OTHER = "images with texts of the sources below; not all of them are known to be synthesized by `octa_svr_dataset`"

_MERGING = """
Made one with its model, so that `transformers` and vLLM load it without PEFT:
`python training/merge.py --model THIS_FOLDER --out merged`.
"""


def _metadata(record: TrainingRecord, is_adapter: bool) -> ModelCardData:
    """What the Hub reads of a card."""
    base = hub_name(record.base)
    is_known = record.base in _OWN or (base or "").startswith(_APACHE)
    more: dict[str, Any] = {"base_model_relation": "adapter" if is_adapter else "finetune"} if base else {}
    return ModelCardData(
        base_model=base,
        language="en",
        library_name="peft" if is_adapter else "transformers",
        license=("mit" if record.base in _OWN else "apache-2.0") if is_known else "other",
        license_name=None if is_known else "license-of-the-base-model",
        pipeline_tag="image-text-to-text",
        tags=[
            *(tag for tag in _TAGS if record.is_synthetic or tag != "synthetic-data"),
            *(["lora"] if is_adapter else []),
        ],
        **more,
    )


def _license_words(record: TrainingRecord) -> str:
    if not record.is_synthetic:
        return (
            f"The weights derive from {record.base_name} and from the sources above, and are under their licenses. The "
            "code of `octa_svr_dataset` is under the MIT license."
        )
    if record.base in _OWN:
        return "The weights, the code and the synthetic data are under the MIT license."
    return (
        f"The weights derive from {record.base_name} and are under its license. The code and the synthetic data of "
        "`octa_svr_dataset` are under the MIT license."
    )
