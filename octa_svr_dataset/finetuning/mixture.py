"""What to train on, as it is named: one source of rows, or a mixture of several; nothing of them is opened here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from octa_svr_dataset.builder import NUM_TRAIN, USUAL_NUM_TRAIN
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.resolve import preset_names, resolve_config
from octa_svr_dataset.seeding import LARGEST_SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One part of what a model is trained on, checked as far as nothing has to be opened for it."""

    source: str
    """A preset; else a folder that `octa-svr build` or `save_to_disk` wrote; else a name on the Hub."""

    weight: float = 1.0
    """Share of the rows in a mixture, relative to the other weights."""

    seed: int = 0
    """Of the scenes of a preset."""

    num_train: int | None = None
    """Rows to take; where absent, of a preset as many as `load_dataset` makes, else all."""

    overrides: Mapping[str, Any] | None = None
    """Settings of the scenes that differ from the preset."""

    config_file: str | None = None
    """YAML file with settings of the scenes that differ from the preset."""

    dataset_config: str | None = None
    """Name of a configuration in a folder or on the Hub that holds several."""

    field: str = "preset"
    """Name of the setting, for messages."""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source:
            raise InputError(f"{self.field}: must be a preset, a folder or a name on the Hub, got {self.source!r}")
        if isinstance(self.weight, bool) or not isinstance(self.weight, int | float) or not 0 < self.weight < 1e9:
            raise InputError(f"{self.field}: weight must be a number above 0, got {self.weight!r}")
        require_whole_number(f"{self.field}: seed", self.seed, largest=LARGEST_SEED)
        if self.num_train is not None and require_whole_number(f"{self.field}: num_train", self.num_train) == 0:
            raise InputError(f"{self.field}: num_train must be at least 1, got 0")
        if self.is_preset:
            self.resolve()
            if self.dataset_config is not None:
                raise InputError(
                    f"{self.field}: dataset_config is of folders and of the Hub, got preset {self.source!r}"
                )
            return
        if self.overrides is not None or self.config_file is not None:
            raise InputError(
                f"{self.field}: overrides and config_file are settings of presets; {self.source!r} is none of them: "
                f"{', '.join(preset_names())}"
            )
        self._require_place()

    @property
    def is_preset(self) -> bool:
        """Whether the rows are synthesized."""
        return self.source in preset_names()

    @property
    def num_synthesized(self) -> int:
        """Rows of a preset to train on."""
        return NUM_TRAIN.get(self.source, USUAL_NUM_TRAIN) if self.num_train is None else self.num_train

    def resolve(self) -> SceneConfig:
        """All settings of the scenes of a preset."""
        return resolve_config(self.source, config_file=self.config_file, overrides=self.overrides)

    def _require_place(self) -> None:
        path = Path(self.source)
        if path.is_dir():
            if not data_files(path):
                raise InputError(
                    f"{self.field}: the folder {self.source!r} holds no dataset: no Parquet or Arrow file; "
                    "allowed: a folder of octa-svr build or save_to_disk"
                )
            return
        try:
            validate_repo_id(self.source)
            is_name = self.source.count("/") == 1 and not path.is_file()
        except HFValidationError:
            is_name = False
        if not is_name:
            raise InputError(
                f"{self.field}: {self.source!r} is no preset, no folder and no name on the Hub (my-org/octa_svr); "
                f"presets: {', '.join(preset_names())}"
            )


def parse_mixture(mixture: object) -> tuple[Source, ...]:
    """Sources of the setting `mixture`: a list of mappings, or JSON of one.

    Raises
    ------
    InputError
        It is something else, or one of them is not usable.
    """
    if isinstance(mixture, str):
        try:
            mixture = json.loads(mixture)
        except ValueError as error:
            raise InputError(f"mixture: not JSON ({error}), got {mixture!r}") from None
    if not isinstance(mixture, list) or not mixture:
        raise InputError(f"mixture: must be a list of at least one source, got {mixture!r}")
    allowed = [entry.name for entry in fields(Source) if entry.name != "field"]
    sources = []
    for number, settings in enumerate(mixture):
        name = f"mixture[{number}]"
        if not isinstance(settings, Mapping) or "source" not in settings:
            raise InputError(f"{name}: must be a mapping with source, got {settings!r}")
        for key in settings:
            if key not in allowed:
                raise InputError(f"{name}: unknown key {key!r}; allowed: {', '.join(allowed)}")
        sources.append(Source(**settings, field=name))
    return tuple(sources)


def data_files(folder: Path) -> list[Path]:
    """Files of rows in a folder."""
    return sorted(path for kind in ("parquet", "arrow") for path in folder.rglob(f"*.{kind}"))
