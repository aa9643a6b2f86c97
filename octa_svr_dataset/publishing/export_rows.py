"""What an export is made of: rows of a built folder, or of a preset, in one form."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.example import simulate
from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.folder import BuiltFolder, open_built
from octa_svr_dataset.resolve import preset_names, resolve_config
from octa_svr_dataset.row import example_row
from octa_svr_dataset.seeding import LARGEST_SEED, SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph

USUAL_NUM = 100
"""Rows of a preset where no number is given."""

_COLUMNS = ("id", "image", "label", "severity", "laterality", "messages", "findings", "provenance")

IMAGE_FOLDER = "images"


@dataclass(frozen=True, kw_only=True)
class ExportRow:
    """One eye."""

    columns: Mapping[str, Any]
    """Plain values; the label by its name."""

    @property
    def row_id(self) -> str:
        """Name of the row."""
        return str(self.columns["id"])

    @property
    def picture_name(self) -> str:
        """Where an export keeps its picture, in the prior art's way."""
        return f"{IMAGE_FOLDER}/M_{self.row_id}.png"

    @property
    def png(self) -> bytes:
        """The picture as PNG."""
        return bytes(self.columns["image"]["bytes"])

    @property
    def size_px(self) -> int:
        """Width and height of the picture, px."""
        with Image.open(io.BytesIO(self.png)) as picture:
            return picture.width

    @property
    def findings(self) -> dict[str, Any]:
        """What can be seen in the picture."""
        return dict(json.loads(self.columns["findings"]))

    @property
    def field_of_view_mm(self) -> float:
        """Width of the picture, mm."""
        return float(self.columns["provenance"]["field_of_view_mm"])

    def mask(self, name: str) -> np.ndarray:
        """(H, W) pixels of a layer."""
        with Image.open(io.BytesIO(self.columns["masks"][name]["bytes"])) as layer:
            return np.asarray(layer)

    @property
    def graph(self) -> VesselGraph:
        """The vessels, mm."""
        columns = {name: np.array(values) for name, values in self.columns["graph"].items()}
        columns["position_mm"] = columns["position_mm"].reshape(-1, 3)
        columns["links"] = columns["links"].reshape(-1, 2)
        return VesselGraph(**columns)


@dataclass(frozen=True, kw_only=True)
class ExportSource:
    """Rows to export."""

    preset: str

    num: Mapping[str, int]
    """Number of rows by split; splits without rows are not there."""

    built: BuiltFolder | None
    seed: int
    overrides: Mapping[str, Any]
    config_file: Path | None
    needs: tuple[str, ...]
    """Of "masks" and "graph", which columns are used."""

    def rows(self, split: str) -> Iterator[ExportRow]:
        """The rows of a split in order."""
        if self.built is None:
            config = resolve_config(self.preset, config_file=self.config_file, overrides=self.overrides)
            for index in range(self.num[split]):
                example = simulate(config, SceneKey(seed=self.seed, split=Split.from_name(split), scene_index=index))
                columns = example_row(
                    example, self.preset, include_masks="masks" in self.needs, include_graph="graph" in self.needs
                )
                yield ExportRow(columns=columns)
            return
        names = [str(label) for label in Label]
        rows = self.built.rows(self.preset, split, [*_COLUMNS, *self.needs])
        for _, columns in zip(range(self.num[split]), rows, strict=False):
            yield ExportRow(columns=columns | {"label": names[columns["label"]]})


def open_source(
    target: str,
    *,
    preset: str | None,
    split: str | None,
    num: int | None,
    seed: int | None,
    config_file: Path | None,
    overrides: Mapping[str, Any],
    needs: tuple[str, ...],
) -> ExportSource:
    """The rows of a folder or of a preset.

    Parameters
    ----------
    target
        A built folder, or the name of a preset.
    preset
        Which configuration of a folder; needed where it holds several.
    split
        The only split to export; all that hold rows by default, and the training split of a preset.
    num
        At most so many rows of each split of a folder, or the number of rows of a preset.
    seed, config_file, overrides
        As in `load_dataset`; for a preset only.
    needs
        Of "masks" and "graph", which columns the export uses.

    Raises
    ------
    InputError
        The target is neither, lacks what the export needs, or an option is not usable with it.
    """
    if num is not None and num < 1:
        raise InputError(f"num: must be a whole number of at least 1, got {num}")
    chosen = None if split is None else Split.from_name(split).label
    if Path(target).is_dir():
        if seed is not None or config_file or overrides:
            raise InputError("seed, set, config_file: are of use with a preset only, and this is a folder")
        return _of_folder(open_built(target), preset, chosen, num, needs)
    if target not in preset_names():
        raise InputError(
            f"target: {target!r} is no folder and no preset; allowed: a folder made by octa-svr build, "
            f"{', '.join(preset_names())}"
        )
    if preset is not None:
        raise InputError("preset: is of use with a folder only, and this is a preset")
    resolve_config(target, config_file=config_file, overrides=overrides)
    return ExportSource(
        preset=target,
        num={chosen or Split.TRAIN.label: num or USUAL_NUM},
        built=None,
        seed=require_whole_number("seed", seed or 0, largest=LARGEST_SEED),
        overrides=overrides,
        config_file=config_file,
        needs=needs,
    )


def _of_folder(
    built: BuiltFolder, preset: str | None, split: str | None, num: int | None, needs: tuple[str, ...]
) -> ExportSource:
    names = ", ".join(built.manifests)
    if preset is None and len(built.manifests) > 1:
        raise InputError(f"preset: {str(built.path)!r} holds several; allowed: --preset with one of {names}")
    chosen = preset or next(iter(built.manifests))
    if chosen not in built.manifests:
        raise InputError(f"preset: {str(built.path)!r} holds no {chosen!r}; allowed: {names}")
    manifest = built.manifests[chosen]
    held = {"masks": manifest.include_masks, "graph": manifest.include_graph}
    for need in needs:
        if not held[need]:
            raise InputError(
                f"{str(built.path)!r}: this format needs the column {need!r}, which {chosen} was built without; "
                f"allowed: a build with --include-{need}"
            )
    present = {
        label: min(manifest.num[label], num or manifest.num[label])
        for label in (one.label for one in Split)
        if manifest.num[label] and split in (None, label)
    }
    if not present:
        raise InputError(f"split: {chosen} in {str(built.path)!r} has no rows of {split!r}")
    return ExportSource(
        preset=chosen, num=present, built=built, seed=manifest.seed, overrides={}, config_file=None, needs=needs
    )
