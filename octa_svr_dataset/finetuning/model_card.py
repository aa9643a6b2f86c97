"""The card of a trained model: `README.md`, and `provenance.json` with all that it rests on, for machines.

Every figure of the card comes from the run: from its settings, its log, and `task_scores.jsonl` where it was scored.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import Template
from typing import Any, Self

from huggingface_hub import ModelCardData

from octa_svr_dataset.adapter_files import hub_name, is_adapter
from octa_svr_dataset.checkpoint import TINY, read_json
from octa_svr_dataset.command import write_whole
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.card_tables import data_table, loss_table, score_tables, settings_table
from octa_svr_dataset.publishing.card import CARD_NAME
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.version import VERSION

PROVENANCE_NAME = "provenance.json"
TASK_SCORES_NAME = "task_scores.jsonl"
"""One line an evaluation: the step, and all figures of `TaskScores`."""

FROM_SCRATCH = "random weights"
"""Stands for the model that a training began with where there was none."""

SHOWN_SETTINGS = (
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "optim", "weight_decay", "max_grad_norm"),
    *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "world_size"),
    *("bf16", "fp16", "assistant_only_loss", "max_length", "seed"),
)
"""Settings of TRL's `SFTConfig` that a card tells."""

_TAGS = ("octa", "oct-angiography", "retina", "diabetic-retinopathy", "medical", "synthetic-data", "octa_svr_dataset")

_APACHE = "Qwen/Qwen3-VL"
"""Models of this family are under Apache 2.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedOn:
    """One part of what a model was trained on."""

    source: str
    """A preset, a folder, or a name on the Hub."""

    num_rows: int | None
    """Of those of a mixture, that it took; absent where nobody counted."""

    seed: int | None = None
    """Of the scenes, where it is known."""

    weight: float = 1.0
    config_hash: str | None = None
    settings: Mapping[str, Any] | None = None
    """Every setting of the scenes, resolved, where they are known."""

    version: str | None = None
    """Of the data, where they are synthesized."""

    def __post_init__(self) -> None:
        if Path(self.source).is_absolute() or Path(self.source).is_dir():
            object.__setattr__(self, "source", Path(self.source).name)  # where it lies here is nobody's business

    @classmethod
    def of_preset(cls, preset: str, config: SceneConfig, *, seed: int, num_rows: int, weight: float = 1.0) -> Self:
        """Rows that this version synthesizes."""
        return cls(
            source=preset,
            num_rows=num_rows,
            seed=seed,
            weight=weight,
            config_hash=config_hash(config),
            settings=config.model_dump(mode="json"),
            version=VERSION,
        )

    @classmethod
    def of_folder(cls, folder: Path, *, config_name: str | None, num_rows: int, weight: float = 1.0) -> Self:
        """Rows of a folder, with what its manifest tells where `octa-svr build` wrote it."""
        manifests = sorted(folder.glob(f"{config_name or '*'}/{MANIFEST_NAME}")) or sorted(folder.glob(MANIFEST_NAME))
        told = read_json(manifests[0], "dataset") if len(manifests) == 1 else {}
        return cls(
            source=str(folder),
            num_rows=num_rows,
            seed=told.get("seed"),
            weight=weight,
            config_hash=told.get("config_hash"),
            settings=told.get("config"),
            version=told.get("version"),
        )

    @property
    def is_ours(self) -> bool:
        """Whether the rows are known to be synthesized by this package."""
        return self.config_hash is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """How a model was trained."""

    base: str
    """The model that it was trained from, as `find_model` takes it."""

    data: tuple[TrainedOn, ...]
    settings: Mapping[str, Any]
    """Of the training, by their names."""

    log: Sequence[Mapping[str, Any]]
    """The trainer's log: entries with a step, and a loss or others."""

    validation: Mapping[str, Any] = field(default_factory=dict)
    """What the scores are of, as `preset` and `num_rows`; empty where there are none."""

    step: int | None = None
    """The step that the weights are of; absent stands for the last one that was scored."""

    @property
    def base_name(self) -> str:
        """Name of the model that it was trained from, without where it lies on this machine."""
        return hub_name(self.base) or (self.base if self.base in (TINY, FROM_SCRATCH) else Path(self.base).name)

    @property
    def is_synthetic(self) -> bool:
        """Whether all rows are known to be synthesized by this package."""
        return all(part.is_ours for part in self.data)

    def as_record(self) -> dict[str, Any]:
        """As JSON holds it; no path of this machine is in it."""
        return {**asdict(self), "base": self.base_name, "data": [asdict(part) for part in self.data]}

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The record in the folder of a model; absent where there is none.

        Raises
        ------
        InputError
            The file holds something else.
        """
        if not (folder / PROVENANCE_NAME).exists():
            return None
        record = read_json(folder / PROVENANCE_NAME, "model")
        try:
            return cls(**record | {"data": tuple(TrainedOn(**part) for part in record["data"])})
        except (KeyError, TypeError) as error:
            raise InputError(f"model: {str(folder / PROVENANCE_NAME)!r} is no record of a training: {error}") from None


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
