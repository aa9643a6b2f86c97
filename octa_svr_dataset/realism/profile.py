"""From a folder of real pictures, and to the file that holds the appearance fitted to them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import open_image_folder
from octa_svr_dataset.picture_files import SUFFIXES, square
from octa_svr_dataset.realism.fit import FittedSetting
from octa_svr_dataset.realism.sampling import SIZE_PX
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.version import VERSION


def config_of_pictures(field_of_view_mm: float, projection: str) -> SceneConfig:
    """Configuration of healthy eyes in pictures of a field and projection, at the sampling of all measures.

    Raises
    ------
    InputError
        There are no such pictures.
    """
    imaging = {"projection": projection, "size_px": SIZE_PX}
    return resolve_config("healthy", overrides={"field_of_view_mm": field_of_view_mm, "imaging": imaging})


def read_pictures(path: Path) -> list[np.ndarray]:
    """(H, H) uint8 pictures of a folder; those that lie in a subfolder of a disease are left out.

    Raises
    ------
    InputError
        There is no such folder, it holds no picture that can be used, or a picture is too small or not square.
    """
    folder = open_image_folder(path, field="folder")
    unusable = [entry for entry in folder.left_out if Path(entry.name).suffix.lower() in SUFFIXES]
    if unusable:
        raise InputError(
            f"folder: {unusable[0].name!r} in {str(path)!r} cannot be used: {unusable[0].reason}; "
            "allowed: pictures of eyes, each once"
        )
    images = [image for image in folder.images if image.truth is None or not image.truth.is_diseased]
    if not images:
        raise InputError(f"folder: {str(path)!r} holds diseased eyes only; allowed: pictures of healthy eyes")
    return [
        square(np.asarray(folder.read(image)), folder.root / image.path, field="folder", least_px=SIZE_PX)
        for image in images
    ]


def write_profile(out: Path, fitted: Sequence[FittedSetting], *, num_pictures: int, command: str) -> None:
    """Write the fitted ranges as YAML, with a comment on each and on where they come from."""
    pictures = "1 real picture" if num_pictures == 1 else f"{num_pictures} real pictures"
    lines = [f"# Appearance of {pictures}, fitted by octa_svr_dataset {VERSION} with", f"#     {command}"]
    for setting in fitted:
        low, high = setting.fitted
        lines.append(f"{setting.name}: [{_as_yaml(low)}, {_as_yaml(high)}]  # {_origin(setting)}")
    write_whole(out, "\n".join(lines) + "\n")


def _origin(setting: FittedSetting) -> str:
    if setting.fitted == setting.default:
        return "default: pictures do not tell"
    return f"a picture takes away {100 * setting.known:.0f} % of what is uncertain"


def _as_yaml(number: float) -> str:
    """A number with four digits; without an exponent, which YAML would take for a text."""
    return str(np.format_float_positional(number, precision=4, fractional=False, trim="-"))
