"""What there is to tell of a training: on what, how, and how it went; `provenance.json` holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from octa_svr_dataset.adapter_files import hub_name
from octa_svr_dataset.checkpoint import TINY, read_json
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.version import VERSION

PROVENANCE_NAME = "provenance.json"
TASK_SCORES_NAME = "task_scores.jsonl"
"""One line an evaluation: the step, and all figures of `TaskScores`."""

FROM_SCRATCH = "random weights"
"""Stands for the model that a training began with where there was none."""


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
