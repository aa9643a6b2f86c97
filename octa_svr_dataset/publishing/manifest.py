"""What a built folder says of itself: the plan of a build, and the manifest of a finished one."""

import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version as package_version
from typing import Any, get_origin, get_type_hints

from pydantic import ValidationError

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.grading import Label
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.seeding import Split
from octa_svr_dataset.version import VERSION

FORMAT = 1
"""Number of the layout of a built folder."""

MANIFEST_NAME = "manifest.json"
"""The manifest of a finished build, in the folder of its preset."""

PACKAGES = ("datasets", "numba", "numpy", "pillow", "pyarrow", "scikit-image", "scipy")
"""Packages on which pixels, words or files depend; Python comes with them."""

CONTENTS = ("examples", "graphs")
"""What the rows of a build are: examples of the dataset, or the healthy eyes that they start from."""


def installed_versions() -> dict[str, str]:
    """Versions of Python (such as 3.11, as its patches move no bit) and of `PACKAGES`, as they run here."""
    return {"python": ".".join(platform.python_version_tuple()[:2])} | {
        name: package_version(name) for name in PACKAGES
    }


@dataclass(frozen=True, kw_only=True)
class PlannedShard:
    """A file of a build: rows `start` to `stop` (excluded) of a split."""

    file: str
    split: str
    start: int
    stop: int

    @property
    def num_rows(self) -> int:
        """Number of its rows."""
        return self.stop - self.start


@dataclass(frozen=True, kw_only=True)
class ShardEntry(PlannedShard):
    """A finished file, and hashes of what it holds."""

    pixels_sha256: str
    """Over the decoded pixels of pictures and layers."""

    texts_sha256: str
    """Over all other columns."""

    bytes: int
    """Size of the file."""


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """What is to be built: all that the rows, and how files divide them, are a function of."""

    format: int = FORMAT
    content: str = "examples"
    """One of `CONTENTS`."""

    version: str = VERSION
    preset: str
    seed: int

    num: Mapping[str, int]
    """Number of rows by split."""

    config_hash: str

    config: Mapping[str, Any]
    """Resolved settings, nested."""

    include_masks: bool
    include_graph: bool
    rows_per_shard: int

    packages: Mapping[str, str] = field(default_factory=installed_versions)
    """Versions of Python and of `PACKAGES`."""

    @property
    def scene_config(self) -> SceneConfig:
        """The resolved settings."""
        return SceneConfig.model_validate(self.config)

    def planned_shards(self) -> list[PlannedShard]:
        """The files of the build in order; the same ones however many processes write them."""
        return [shard for split in Split for shard in self._shards_of(split.label)]

    def _shards_of(self, split: str) -> list[PlannedShard]:
        num_rows, size = self.num[split], self.rows_per_shard
        starts = range(0, num_rows, size)
        return [
            PlannedShard(
                file=f"{split}-{number:05d}-of-{len(starts):05d}.parquet",
                split=split,
                start=start,
                stop=min(start + size, num_rows),
            )
            for number, start in enumerate(starts)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without those of a manifest."""
        return {plan_field.name: getattr(self, plan_field.name) for plan_field in fields(BuildPlan)}

    def to_json(self) -> str:
        """JSON, as files hold it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "BuildPlan":
        """What a file holds.

        Raises
        ------
        InputError
            It is not what `to_json` writes; the message names the file (`source`) and the field.
        """
        with _saying_how_to_mend():
            return cls(**_checked_values(cls, text, source))


@contextmanager
def _saying_how_to_mend() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(f"{error}; allowed: remove it and run octa-svr build again") from None


@dataclass(frozen=True, kw_only=True)
class Manifest(BuildPlan):
    """A finished build: its plan, its files and their content."""

    shards: tuple[ShardEntry, ...]

    classes: Mapping[str, Mapping[str, int]]
    """Number of rows by split and class; empty for graphs, which have none."""

    @property
    def num_bytes(self) -> int:
        """Size of all files."""
        return sum(shard.bytes for shard in self.shards)

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "Manifest":
        """What a file holds; see `BuildPlan.from_json`."""
        with _saying_how_to_mend():
            values = _checked_values(cls, text, source)
            try:
                values["shards"] = tuple(ShardEntry(**entry) for entry in values["shards"])
            except TypeError as error:
                raise InputError(f"{source}: shards: {error}") from None
            manifest = cls(**values)
            if [(entry.file, entry.start, entry.stop) for entry in manifest.shards] != [
                (shard.file, shard.start, shard.stop) for shard in manifest.planned_shards()
            ]:
                raise InputError(f"{source}: shards: the files are not those of {dict(manifest.num)} rows")
            return manifest


def plan_of(
    preset: str,
    config: SceneConfig,
    *,
    seed: int,
    num: Mapping[str, int],
    rows_per_shard: int,
    include_masks: bool = False,
    include_graph: bool = False,
    content: str = "examples",
) -> BuildPlan:
    """Plan of a build with this code and these packages."""
    return BuildPlan(
        content=content,
        preset=preset,
        seed=seed,
        num=dict(num),
        config_hash=config_hash(config),
        config=config.model_dump(mode="json"),
        include_masks=include_masks,
        include_graph=include_graph,
        rows_per_shard=rows_per_shard,
    )


def no_classes() -> dict[str, int]:
    """Zero rows of each class."""
    return {str(label): 0 for label in Label}


def _checked_values(cls: type[BuildPlan], text: str | bytes, source: str) -> dict[str, Any]:
    """The fields of a plan or manifest as JSON holds them, each of its type."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputError(f"{source}: is not JSON: {error}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, dict) else values
        raise InputError(f"{source}: format: must be {FORMAT}, got {found!r}")
    hints = get_type_hints(cls)
    names = [value_field.name for value_field in fields(cls)]
    for name in dict.fromkeys([*names, *values]):
        if name not in names or name not in values:
            raise InputError(f"{source}: {name}: {'unknown field' if name in values else 'is missing'}")
        kind = get_origin(hints[name]) or hints[name]
        kind = list if kind is tuple else dict if kind is Mapping else kind
        if not isinstance(values[name], kind):
            raise InputError(f"{source}: {name}: must be of type {kind.__name__}, got {values[name]!r}")
    if values["content"] not in CONTENTS:
        raise InputError(f"{source}: content: must be {' or '.join(CONTENTS)}, got {values['content']!r}")
    if any(type(values["num"].get(split.label)) is not int for split in Split):
        raise InputError(f"{source}: num: must hold the number of rows of each split, got {values['num']}")
    try:
        SceneConfig.model_validate(values["config"])
    except ValidationError as error:
        raise InputError(f"{source}: config: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from None
    return values
