"""Which examples a gallery shows: of a preset, made here, or of a built folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import Example, simulate
from octa_svr_dataset.publishing.folder import BuiltFolder, open_built, say_left_out
from octa_svr_dataset.publishing.gallery_item import gallery_item, refusing
from octa_svr_dataset.publishing.gallery_pixels import Pixels, decoded, picture_of
from octa_svr_dataset.publishing.manifest import Manifest
from octa_svr_dataset.resolve import config_hash, preset_names, resolve_config
from octa_svr_dataset.row import LAYER_NAMES, example_row
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.version import VERSION

COLUMNS = ("id", "image", "label", "severity", "laterality", "messages", "tasks", "findings", "provenance")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What is shown, and what the page says of it."""

    title: str
    subtitle: str
    num: int
    items: Iterator[dict[str, Any]]
    """Made one by one."""


def preview_of(
    target: str,
    *,
    num: int,
    seed: int | None,
    split: str | None,
    config_file: Path | None,
    overrides: Mapping[str, Any],
) -> Preview:
    """The first examples of a preset's split, or those of a built folder.

    Raises
    ------
    InputError
        The target is neither, or an option is not usable with it.
    """
    folder = Path(target)
    if target in preset_names() and not folder.is_dir():
        config = resolve_config(target, config_file=config_file, overrides=overrides)
        return _of_preset(target, config, num=num, seed=seed or 0, split=Split.from_name(split or Split.TRAIN.label))
    if not folder.is_dir():
        raise InputError(
            f"target: {target!r} is no folder and no preset; allowed: a folder made by octa-svr build, "
            f"{', '.join(preset_names())}"
        )
    if seed is not None or overrides or config_file:
        raise InputError(
            f"seed, set, config_file: are of use with a preset only, and {target!r} is a folder; "
            "allowed: another name for the folder, or another target"
        )
    built = open_built(folder)
    say_left_out(built)
    return _of_folder(built, num=num, split=None if split is None else Split.from_name(split).label)


def _of_preset(preset: str, config: SceneConfig, *, num: int, seed: int, split: Split) -> Preview:
    keys = [SceneKey(seed=seed, split=split, scene_index=index) for index in range(num)]
    return Preview(
        title=preset,
        subtitle=f"{split.label} split, seed {seed}, configuration {config_hash(config)}",
        num=num,
        items=(_made(preset, config, key) for key in keys),
    )


def _made(preset: str, config: SceneConfig, key: SceneKey) -> dict[str, Any]:
    example = simulate(config, key)
    return gallery_item(example_row(example, preset), preset, _pixels_of(example, "made"))


def _pixels_of(example: Example, origin: str) -> Pixels:
    twin = simulate(example.config, example.key, lesions=False)
    return Pixels(layers=example.rendering.layers.as_dict(), twin=twin.rendering.image, origin=origin)


def _of_folder(built: BuiltFolder, *, num: int, split: str | None) -> Preview:
    """As many rows of each preset, from the first one on: rows are independent of each other, in any order."""
    splits = {preset: split or _first_split(manifest) for preset, manifest in built.manifests.items()}
    present = {preset: manifest.num[splits[preset]] for preset, manifest in built.manifests.items()}
    if not any(present.values()):
        held = {preset: dict(manifest.num) for preset, manifest in built.manifests.items()}
        raise InputError(f"split: {str(built.path)!r} holds no row of {split!r}; rows there: {held}")
    shares = _shares(num, present)
    shown = ", ".join(f"{preset} ({splits[preset]} split)" for preset, share in shares.items() if share)
    return Preview(
        title=built.path.resolve().name,
        subtitle=f"rows of the built folder: {shown}",
        num=sum(shares.values()),
        items=(item for preset in shares for item in _stored(built, preset, splits[preset], shares[preset])),
    )


def _first_split(manifest: Manifest) -> str:
    return next((split.label for split in Split if manifest.num[split.label]), Split.TRAIN.label)


def _shares(num: int, present: Mapping[str, int]) -> dict[str, int]:
    """How many rows of each preset are shown: as many of each, as far as they go."""
    shares = dict.fromkeys(present, 0)
    while num and any(shares[preset] < present[preset] for preset in present):
        for preset in present:
            if num and shares[preset] < present[preset]:
                shares[preset], num = shares[preset] + 1, num - 1
    return shares


def _stored(built: BuiltFolder, preset: str, split: str, num: int) -> Iterator[dict[str, Any]]:
    if not num:
        return
    manifest = built.manifests[preset]
    columns = (*COLUMNS, "masks") if manifest.include_masks else COLUMNS
    for number, row in enumerate(built.rows(preset, split, columns), start=1):
        with refusing(row):
            pixels = _pixels_of_row(row, manifest)
        yield gallery_item(row, preset, pixels)
        if number == num:
            return


def _pixels_of_row(row: Mapping[str, Any], manifest: Manifest) -> Pixels:
    """Layers as stored, else of the same picture made again; boxes alone where it comes out another."""
    again = _made_again(row, manifest)
    masks = row.get("masks")
    if masks is not None:
        layers = {name: decoded(masks.get(name), f"row {row.get('id')!r}: masks: {name}") for name in LAYER_NAMES}
        return Pixels(layers=layers, twin=None if again is None else again.twin, origin="stored")
    return again or Pixels(layers=None, twin=None, origin="boxes")


def _made_again(row: Mapping[str, Any], manifest: Manifest) -> Pixels | None:
    """Layers and twin of a row from its provenance; None where version, settings or pixels are others."""
    provenance = row["provenance"]
    if provenance["version"] != VERSION or provenance["config_hash"] != config_hash(manifest.scene_config):
        return None
    key = SceneKey(seed=provenance["seed"], split=Split.from_name(provenance["split"]), scene_index=provenance["index"])
    example = simulate(manifest.scene_config, key)
    return _pixels_of(example, "again") if np.array_equal(example.rendering.image, picture_of(row)) else None
