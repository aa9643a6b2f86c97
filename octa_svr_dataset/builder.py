"""`OctaSvr`: the builder behind `load_dataset("octa_svr", preset, ...)`; rows are made, not downloaded.

For streaming, `datasets` replaces `open`, `pathlib.Path` and the like in the module of a builder by
versions that read URLs; so this module uses none of them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import datasets
import yaml
from datasets.data_files import DataFilesDict
from datasets.fingerprint import Hasher

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.example import simulate
from octa_svr_dataset.grading import Label
from octa_svr_dataset.release import NAME as RELEASE_NAME
from octa_svr_dataset.release import Release
from octa_svr_dataset.resolve import config_hash, preset_names, resolve_config
from octa_svr_dataset.row import LAYER_NAMES, example_row
from octa_svr_dataset.seeding import LARGEST_SEED, SceneKey, Split
from octa_svr_dataset.source_hash import cache_hash
from octa_svr_dataset.version import VERSION

CACHE_NAME = "octa_svr_dataset"
"""Folder in the cache of `datasets`; not the name that `load_dataset` takes, see `registration`."""

EXAMPLES_PER_SHARD = 8
"""A resumed stream makes at most so many examples again, but for very large splits."""

NUM_TRAIN, USUAL_NUM_TRAIN = {"octa_100k_svr": 100_000}, 1000
"""Number of training examples where none is given: of presets that stand for a dataset of a size, and of the others."""

FEW_SHARDS, MANY_SHARDS = 32, 16_384
"""A split has at least the first number of shards, as far as it has examples, and at most the second."""


@dataclass(kw_only=True)
class OctaSvrConfig(datasets.BuilderConfig):  # type: ignore[misc]
    """The keyword arguments of `load_dataset("octa_svr", preset, ...)`, checked and resolved.

    There, None stands for the default of any of them.
    """

    version: datasets.Version = field(default_factory=lambda: datasets.Version(VERSION))
    """Version of the data."""

    data_files: DataFilesDict = field(default_factory=DataFilesDict)
    """Empty, as there are none; `datasets` asks for files where it finds None."""

    seed: int = 0
    """Seed of all chance."""

    num_train: int | None = None
    """Number of examples of the training split, `NUM_TRAIN` of the preset by default; a split of 0 does not exist."""

    num_validation: int = 100
    """Number of examples of the validation split."""

    num_test: int = 100
    """Number of examples of the test split."""

    include_masks: bool = False
    """Whether rows hold the pixel layers."""

    include_graph: bool = False
    """Whether rows hold the vessel graph."""

    overrides: Mapping[str, Any] | None = None
    """Settings of the scene that differ from the preset, nested or with dotted keys."""

    config_file: str | PathLike[str] | None = None
    """YAML file with settings of the scene; `overrides` go on top."""

    scene: SceneConfig = field(init=False)
    """The resolved settings: preset, then file, then overrides, read once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seed = require_whole_number("seed", self.seed, largest=LARGEST_SEED)
        if self.num_train is None:
            self.num_train = NUM_TRAIN.get(self.name, USUAL_NUM_TRAIN)
        for split in Split:
            name = f"num_{split.label}"
            setattr(self, name, require_whole_number(name, getattr(self, name)))
        if not any(self.num_examples(split) for split in Split):
            raise InputError("num_train, num_validation, num_test: at least one must be above 0, got 0 for each")
        for name in ("include_masks", "include_graph"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}: must be True or False, got {getattr(self, name)!r}")
        self.scene = resolve_config(self.name, config_file=self.config_file, overrides=self.overrides)

    def num_examples(self, split: Split) -> int:
        """Number of examples of a split."""
        return int(getattr(self, f"num_{split.label}"))

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Any = None) -> str:
        """Name of the cache folder: a function of the resolved settings, in whatever form they were given."""
        del config_kwargs
        settings = {
            "seed": self.seed,
            "num": [self.num_examples(split) for split in Split],
            "include": [self.include_masks, self.include_graph],
            "scene": config_hash(self.scene),
            "features": custom_features and Hasher.hash(custom_features),
        }
        return f"{self.name}-{hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]}"


@dataclass(kw_only=True)
class ReleaseConfig(datasets.BuilderConfig):  # type: ignore[misc]
    """The published dataset, read from its folder; its one keyword argument is `data_dir`."""

    name: str = RELEASE_NAME

    version: datasets.Version = field(default_factory=lambda: datasets.Version(VERSION))
    """Version of the code that reads it."""

    release: Release = field(init=False)
    """The folder `data_dir`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.data_dir, str | PathLike):
            raise InputError(f"data_dir: must be the folder of the published OCTA-100K-SVR, got {self.data_dir!r}")
        self.release = Release(self.data_dir)

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Any = None) -> str:
        """Name of the cache folder: a function of the state of the files."""
        del config_kwargs
        state = f"{self.release.fingerprint()} {custom_features and Hasher.hash(custom_features)}"
        return f"{self.name}-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


KEYWORDS = (
    *("seed", "num_train", "num_validation", "num_test"),
    *("include_masks", "include_graph", "overrides", "config_file"),
)
"""What `load_dataset("octa_svr", preset, ...)` takes beside the arguments of `datasets`."""


class OctaSvr(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Builder of synthetic OCTA datasets; also without `load_dataset`.

    `OctaSvr(config_name="dropout_ma", seed=7)` followed by `download_and_prepare()` and `as_dataset()`
    makes, and caches in the same place, what `load_dataset("octa_svr", "dropout_ma", seed=7)` returns.
    """

    BUILDER_CONFIG_CLASS = OctaSvrConfig
    BUILDER_CONFIGS = [OctaSvrConfig(name=preset) for preset in preset_names()]  # noqa: RUF012
    DEFAULT_WRITER_BATCH_SIZE = 100

    def __init__(
        self,
        cache_dir: str | None = None,
        dataset_name: str | None = None,
        config_name: str | None = None,
        hash: str | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> None:
        super().__init__(cache_dir, dataset_name or CACHE_NAME, config_name, hash or cache_hash(), **kwargs)

    def _create_builder_config(
        self,
        config_name: str | None = None,
        custom_features: Any = None,
        config_id: str | None = None,
        **keywords: Any,
    ) -> tuple[OctaSvrConfig | ReleaseConfig, str]:
        """Settings of this builder and the name of its cache folder; `datasets` calls it once."""
        names = [*preset_names(), RELEASE_NAME]
        if config_name is None:
            raise InputError(f"name: the preset is missing; allowed: {', '.join(names)}")
        if not isinstance(config_name, str):
            raise InputError(f"name: must be the name of a preset, got {config_name!r}; allowed: {', '.join(names)}")
        is_release = config_name == RELEASE_NAME
        allowed = ("data_dir",) if is_release else KEYWORDS
        for keyword in keywords:
            if keyword not in allowed:
                raise InputError(f"{keyword}: unknown keyword argument; allowed: {', '.join(allowed)}")
        given = {keyword: value for keyword, value in keywords.items() if value is not None}
        config = ReleaseConfig(**given) if is_release else OctaSvrConfig(name=config_name, **given)
        return config, config_id or config.create_config_id(keywords, custom_features)

    def _info(self) -> datasets.DatasetInfo:
        if isinstance(self.config, ReleaseConfig):
            return datasets.DatasetInfo(
                description="OCTA-100K-SVR (Li et al., MIDL 2026), as published, in the columns of octa_svr.",
                features=row_features(),
            )
        settings = yaml.safe_dump(self.config.scene.model_dump(mode="json"), sort_keys=False)
        return datasets.DatasetInfo(
            description=(
                "Synthetic OCTA images of the retina with reasoning texts. Not for clinical use.\n\n"
                f"Configuration {config_hash(self.config.scene)}:\n{settings}"
            ),
            features=row_features(self.config.include_masks, self.config.include_graph),
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        del dl_manager
        if isinstance(self.config, ReleaseConfig):
            entries = self.config.release.entries()
            parts = [entries[start:stop] for start, stop in shards(len(entries))]
            return [datasets.SplitGenerator(name="train", gen_kwargs={"split": Split.TRAIN, "shards": parts})]
        return [
            datasets.SplitGenerator(
                name=split.label, gen_kwargs={"split": split, "shards": shards(self.config.num_examples(split))}
            )
            for split in Split
            if self.config.num_examples(split) > 0
        ]

    def _generate_examples(self, split: Split, shards: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        config = self.config
        if isinstance(config, ReleaseConfig):
            for entries in shards:
                yield from config.release.rows(entries)
            return
        for start, stop in shards:
            for index in range(start, stop):
                example = simulate(config.scene, SceneKey(seed=config.seed, split=split, scene_index=index))
                yield (
                    index,
                    example_row(
                        example,
                        config.name,
                        include_masks=config.include_masks,
                        include_graph=config.include_graph,
                    ),
                )


def shards(num_examples: int) -> list[tuple[int, int]]:
    """First index and end of each shard: the parts that processes share and at which a stream resumes."""
    size = min(max(num_examples // FEW_SHARDS, 1), EXAMPLES_PER_SHARD)
    size = max(size, -(-num_examples // MANY_SHARDS))
    return [(start, min(start + size, num_examples)) for start in range(0, num_examples, size)]


def row_features(include_masks: bool = False, include_graph: bool = False) -> datasets.Features:
    """Columns of a row and their types."""
    text = datasets.Value("string")
    columns: dict[str, Any] = {
        "id": text,
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=[str(label) for label in Label]),
        "severity": datasets.Value("int8"),
        "laterality": text,
        "messages": datasets.List({"role": text, "content": text}),
        "tasks": datasets.List(
            {
                "task": text,
                "answer": text,
                "sentences": datasets.List(
                    {"start": datasets.Value("int32"), "end": datasets.Value("int32"), "findings": datasets.List(text)}
                ),
            }
        ),
        "findings": text,
        "provenance": {
            "version": text,
            "seed": datasets.Value("int64"),
            "split": text,
            "index": datasets.Value("int64"),
            "config_hash": text,
            "field_of_view_mm": datasets.Value("float64"),
            "projection": text,
        },
    }
    if include_masks:
        columns["masks"] = {name: datasets.Image() for name in LAYER_NAMES}
    if include_graph:
        columns["graph"] = {
            "position_mm": datasets.List(datasets.List(datasets.Value("float64"))),
            "parent": datasets.List(datasets.Value("int32")),
            "radius_mm": datasets.List(datasets.Value("float64")),
            "kind": datasets.List(datasets.Value("uint8")),
            "layer": datasets.List(datasets.Value("uint8")),
            "links": datasets.List(datasets.List(datasets.Value("int32"))),
        }
    return datasets.Features(columns)
