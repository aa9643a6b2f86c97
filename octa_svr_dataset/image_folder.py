"""A folder of synthetic pictures, one subfolder a class, as evaluations and other tools read them."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from octa_svr_dataset.command import output_folder, unfinished_path
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.patients import write_patients
from octa_svr_dataset.example import simulate
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.row import encode_png, row_id
from octa_svr_dataset.seeding import SceneKey
from octa_svr_dataset.version import VERSION

NOTE_NAME = "SYNTHETIC.txt"
"""File that says that the pictures are synthetic, and how they were made."""


def write_image_folder(
    out: Path,
    preset: str,
    config: SceneConfig,
    keys: Iterable[SceneKey],
    *,
    command: str,
    include_masks: bool = False,
) -> None:
    """Write `<class>/<row id>.png` for each key, and the note; the folder is there whole or not at all.

    Where an eye has several views, `patients.csv` says which pictures show the same one.

    Parameters
    ----------
    out
        Folder that does not exist yet, or is empty.
    preset, config, keys
        What the pictures are a function of.
    command
        Command line for the note.
    include_masks
        Adds the pixel layers as `masks/<layer>/<row id>.png`.

    Raises
    ------
    InputError
        The folder holds something, or cannot be written.
    """
    out = out.resolve()
    with output_folder(out.parent, field="out"):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"out: {str(out)!r} already holds something; allowed: a new or an empty folder")
        unfinished = unfinished_path(out)
        try:
            eyes = {}
            for key in keys:
                path = _write_example(unfinished, preset, config, key, include_masks=include_masks)
                eyes[path.relative_to(unfinished)] = (
                    f"s{key.seed}-{key.split.label}-eye{key.scene_index // config.imaging.views}"
                )
            if config.imaging.views > 1:
                write_patients(unfinished, eyes)
            (unfinished / NOTE_NAME).write_text(_note(config, command), encoding="utf-8")
            if out.exists():
                out.rmdir()
            unfinished.replace(out)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _write_example(folder: Path, preset: str, config: SceneConfig, key: SceneKey, *, include_masks: bool) -> Path:
    """Write one example; the path of its picture comes back."""
    example = simulate(config, key)
    name = f"{row_id(preset, key)}.png"
    picture = folder / str(example.findings.label) / name
    files = {picture: example.rendering.image}
    if include_masks:
        layers = example.rendering.layers.as_dict()
        files |= {folder / "masks" / layer / name: pixels for layer, pixels in layers.items()}
    for path, pixels in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(pixels))
    return picture


def _note(config: SceneConfig, command: str) -> str:
    return (
        "These pictures are synthetic: they show no eye of any patient. Not for clinical use.\n\n"
        f"Made by octa_svr_dataset {VERSION} with\n\n    {command}\n\n"
        f"Configuration {config_hash(config)}:\n\n"
        f"{yaml.safe_dump(config.model_dump(mode='json'), sort_keys=False)}"
    )
