"""The prior art's settings as ours: YAML files of OCTA-SVR (arXiv 2512.11060) and of the simulator of its vessels.

Lengths there are shares of the field, or millimeters where the name says so; here all are millimeters. What a key of
theirs becomes, or why it becomes nothing, stands in the tables below; a key that is in none of them is not known.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.prior_art_profiles import expand_profile
from octa_svr_dataset.resolve import read_settings, resolve_config

BASE_PRESET = "dropout_ma"
"""Preset that the imported settings are meant to change."""

FIELD_MM = 3.0
"""Width of the prior art's field where a file does not give it (`param_scale`), mm."""

_GROUPS = {"SVC": "growth.superficial", "DVC": "growth.deep"}
"""Growth modes and where their settings are."""

_ALIKE = {
    "Pathology.Dropout.count_range": "pathology.dropout.count",
    "Pathology.Dropout.strength_range": "pathology.dropout.strength",
    "Pathology.dropout_count_range": "pathology.dropout.count",
    "Pathology.Dropout.vessel_dilation_range": "pathology.dropout.dilation",
    "Pathology.Dropout.dilation_scale_range": "pathology.dropout.dilation",
    "Pathology.MA.density": "pathology.microaneurysms.rate_per_segment",
    "Pathology.MA.size_mm_range": "pathology.microaneurysms.radius_mm",
    "Greenhouse.d": "growth.superficial.step_mm",
    "Greenhouse.r": "growth.terminal_radius_mm",
    "Greenhouse.rotation_radius": "growth.rotation_radius_mm",
    "Greenhouse.param_scale": "field_of_view_mm",
    "Forest.N_trees": "growth.trees_per_kind",
    "output.image_scale_factor": "imaging.size_px",
} | {
    f"Greenhouse.modes.{mode}.{theirs}": f"{group}.{ours}"
    for mode, group in _GROUPS.items()
    for theirs, ours in {
        "I": "iterations",
        "N": "candidates_per_iteration",
        "eps_n": "artery_distance_mm",
        "eps_s": "sink_spacing_mm",
        "eps_k": "satisfaction_distance_mm",
        "delta_art": "perception_distance_mm",
        "gamma_art": "perception_angle_deg",
        "phi": "bifurcation_spread_deg",
        "omega": "direction_persistence",
        "kappa": "murray_exponent",
        "delta_sigma": "tissue_growth_rate",
    }.items()
}
"""Keys whose values are ours."""

_SHARES_OF_FIELD = {
    "Pathology.Dropout.radius_norm_range": "pathology.dropout.large_radius_mm",
    "Pathology.Dropout.small_dropout_radius_range_norm": "pathology.dropout.small_radius_mm",
    "Pathology.Dropout.ring_radius_norm_range": "pathology.dropout.faz_distance_mm",
    "FAZ.center_jitter": "growth.fovea_offset_mm",
    "Greenhouse.SimulationSpace.no_voxel_z": "growth.depth_mm",
}
"""Keys whose values become ours by the width of the field."""

_ALWAYS: dict[str, tuple[Any, str]] = {
    "General.use_gan": (False, "there is no GAN here; pictures are made by imaging.appearance"),
    "Pathology.Dropout.ensure_one_large": (True, "the first area of an eye is always the large one"),
    "Pathology.MA.near_dropout_only": (True, "how many lie elsewhere is pathology.microaneurysms.rate_away_per_mm2"),
    "Pathology.MA.prob_vs_dropout_strength_gain": (0, "their rate does not depend on the strength of the dropout"),
    "Greenhouse.FAZ_center": ([0.5, 0.5], "the fovea lies around the center (growth.fovea_offset_mm)"),
    "Greenhouse.SimulationSpace.no_voxel_x": (1, "the field is a square"),
    "Greenhouse.SimulationSpace.no_voxel_y": (1, "the field is a square"),
    "Forest.type": ("stumps", "trees grow from stumps at the sides"),
    **{f"Forest.source_walls.{wall}": (True, "trees enter from all four sides") for wall in ("x0", "x1", "y0", "y1")},
    **{f"Forest.source_walls.{wall}": (False, "trees enter from the four sides only") for wall in ("z0", "z1")},
}
"""Keys that are honored at one value, as things are never otherwise here; and how they are."""

NOT_HONORED = {
    "Pathology.NV": "tufts grow by another law; their settings are those of pathology.neovascularization",
    "Pathology.NV.overlay": "new vessels are drawn by the same optics as all others",
    "Pathology.Tortuosity": "it has no unit; give pathology.tortuosity.gain, by which courses get longer",
    "Pathology.Tortuosity.band": "vessels wind as a whole, not at borders of dropout alone",
    "Pathology.Dropout.vessel_elongation_range": "vessels are not stretched",
    "Pathology.MA.shape_randomness": "give pathology.microaneurysms.fusiform_share and .elongation",
    "Pathology.severity": "it needs a profile; else give pathology.dropout.large_radius_mm and .strength",
    "Pathology.nv_severity": "it needs a profile; else give pathology.severity_shares",
    "Pathology.ma_severity": "it needs a profile; else give pathology.microaneurysms.rate_per_segment and .radius_mm",
    "Pathology.tortuosity_severity": "it needs a profile; else give pathology.tortuosity.probability",
    "Pathology.mask_vessel_sparing_px": "masks of dropout are areas, vessels included",
    "FAZ.max_center_shift": "the fovea is nowhere farther out than growth.fovea_offset_mm",
    "General": "it is an option of the command that makes the pictures, not a setting",
    "Paths": "files are given to commands; import the file of the vessels on its own",
    "GAN": "there is no GAN here; pictures are made by imaging.appearance",
    "VQA": "texts come from what can be seen in the picture; see text",
    "Render": "vessels are drawn at their width through the optics; see imaging",
    "Greenhouse.FAZ_center_jitter_std": "the fovea lies uniformly within growth.fovea_offset_mm",
    "Greenhouse.nerve_center": "the optic nerve is not in the field",
    "Greenhouse.nerve_radius": "the optic nerve is not in the field",
    "Greenhouse.SimulationSpace.oxygen_sample_geometry_path": "tissue is a slab; no file is read",
    "output": "it is an option of the command that makes the pictures, not a setting",
}
"""Keys, or groups of keys, that nothing here corresponds to, and why."""

_UNKNOWN = "not known"

_DROPOUT_PROBABILITY = ("Pathology.Dropout.probability", "Pathology.dropout_prob")
_RIVALS = (
    _DROPOUT_PROBABILITY,
    ("Pathology.Dropout.count_range", "Pathology.dropout_count_range"),
    ("Pathology.Dropout.vessel_dilation_range", "Pathology.Dropout.dilation_scale_range"),
    ("FAZ.radius_bound", "Greenhouse.FAZ_radius_bound"),
)
"""Keys that become the same setting; where a file gives both, the first one counts."""

_NEW_VESSELS_PROBABILITY = "Pathology.NV.probability"

USUAL_DROPOUT = 0.5
"""Share of the eyes with dropout where a file does not give it, as in the prior art's standard file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSettings:
    """What a file of the prior art comes to."""

    settings: Mapping[str, Any]
    """Our settings by their dotted names, for `resolve_config`."""

    not_honored: Mapping[str, str]
    """Keys without effect here, with the reason, in the order of the file."""


def import_settings(path: Path) -> ImportedSettings:
    """Read a YAML file of the prior art.

    Raises
    ------
    InputError
        The file cannot be read, none of its keys is known, or a value is not usable.
    """
    given = dict(_leaves(read_settings(path, field="file")))
    reasons = {key: f"{rival} is the same setting, and counts" for rival, key in _RIVALS if {rival, key} <= set(given)}
    theirs = expand_profile({key: value for key, value in given.items() if key not in reasons})
    (field_mm,) = _numbers("Greenhouse.param_scale", theirs.get("Greenhouse.param_scale", FIELD_MM), count=1)
    _checked("Greenhouse.param_scale", "field_of_view_mm", field_mm)
    settings: dict[str, Any] = {}
    for key, value in theirs.items():
        honored = _honored(key, value, theirs, field_mm)
        settings |= {name: _checked(key, name, setting) for name, setting in honored.items()}
        if not honored and not _is_always_so(key, value, theirs):
            reasons[key] = _reason(key)
    if not settings and all(reason == _UNKNOWN for reason in reasons.values()):
        raise InputError(f"file: {str(path)!r} holds no key of the prior art; known are: {', '.join(_top_keys())}")
    resolve_config(BASE_PRESET, overrides=settings)
    return ImportedSettings(settings=settings, not_honored=reasons)


def _honored(key: str, value: Any, theirs: Mapping[str, Any], field_mm: float) -> dict[str, Any]:
    """Our settings that a key of theirs becomes."""
    if key in (*_DROPOUT_PROBABILITY, _NEW_VESSELS_PROBABILITY):
        return _severity_shares(theirs)
    if key == "Pathology.Tortuosity.probability":
        return {"pathology.tortuosity.probability": [0, *[_probability(theirs, key)] * 3]}
    if key in ("FAZ.radius_bound", "Greenhouse.FAZ_radius_bound"):
        return _avascular_zone(key, value)
    if key in _ALIKE and key.endswith(".N"):
        return {_ALIKE[key]: _scaled(key, value, lambda count: round(count * (FIELD_MM / field_mm) ** 2))}
    if key in _ALIKE:
        return {_ALIKE[key]: value}
    if key in _SHARES_OF_FIELD:
        return {_SHARES_OF_FIELD[key]: _scaled(key, value, lambda share: float(f"{share * field_mm:.6g}"))}
    return {}


def _severity_shares(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Eyes without dropout are healthy there; those with it have severity 2, or 4 with new vessels."""
    of_dropout = [_probability(theirs, key) for key in _DROPOUT_PROBABILITY if key in theirs]
    dropout = of_dropout[0] if of_dropout else USUAL_DROPOUT
    new_vessels = _probability(theirs, _NEW_VESSELS_PROBABILITY) if _NEW_VESSELS_PROBABILITY in theirs else 0.0
    shares = [1 - dropout, 0, dropout * (1 - new_vessels), 0, dropout * new_vessels]
    settings: dict[str, Any] = {"pathology.severity_shares": [float(f"{share:.6g}") for share in shares]}
    if new_vessels > 0:
        settings["pathology.neovascularization.probability"] = [0, 0, 0, 1]
    return settings


def _probability(theirs: Mapping[str, Any], key: str) -> float:
    (probability,) = _numbers(key, theirs[key], count=1)
    if not 0 <= probability <= 1:
        raise InputError(f"{key}: must be a probability from 0 to 1, got {theirs[key]!r}")
    return probability


def _avascular_zone(key: str, value: Any) -> dict[str, Any]:
    """Mean and standard deviation of the radius in which growth is suppressed, mm."""
    mean_mm, spread_mm = _numbers(key, value, count=2)
    if not (mean_mm > 0 and spread_mm >= 0):
        raise InputError(f"{key}: must be a mean above 0 and a standard deviation of at least 0, got {value!r}")
    radius_mm = Fovea(position_mm=np.zeros(2), suppression_radius_mm=mean_mm).avascular_radius_mm
    return {
        "growth.faz_area_median_mm2": float(f"{math.pi * radius_mm**2:.3g}"),
        "growth.faz_radius_spread": float(f"{spread_mm / mean_mm:.4g}"),
    }


def _is_always_so(key: str, value: Any, theirs: Mapping[str, Any]) -> bool:
    """Whether things are as a key says, whatever our settings."""
    if key == "FAZ.max_center_shift" and "FAZ.center_jitter" in theirs:
        (limit,), (jitter,) = (_numbers(name, theirs[name], count=1) for name in (key, "FAZ.center_jitter"))
        return limit >= jitter
    if key.endswith((".delta_ven", ".gamma_ven")) and key.startswith("Greenhouse.modes."):
        return bool(value == theirs.get(key.replace("_ven", "_art")))
    return key in _ALWAYS and value == _ALWAYS[key][0]


def _reason(key: str) -> str:
    """Why a key is not honored."""
    if key in _ALWAYS:
        return _ALWAYS[key][1]
    if key.endswith((".delta_ven", ".gamma_ven")) and key.startswith("Greenhouse.modes."):
        return "veins perceive as far and as wide as arteries"
    groups = [group for group in NOT_HONORED if key == group or key.startswith(f"{group}.")]
    return NOT_HONORED[max(groups, key=len)] if groups else _UNKNOWN


def _leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Keys that are given a value, by their dotted path; the growth modes by their names."""
    for key, value in settings.items():
        name = f"{path}{key}"
        if name == "Greenhouse.modes":
            yield from _leaves(_modes_by_name(value), f"{name}.")
        elif isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{name}.")
        elif value not in (None, {}):
            yield name, value


def _modes_by_name(modes: Any) -> dict[str, Any]:
    if not isinstance(modes, list) or any(not isinstance(mode, Mapping) or "name" not in mode for mode in modes):
        raise InputError(f"Greenhouse.modes: must be a list of mappings with a name, got {modes!r}")
    return {str(mode["name"]): {key: value for key, value in mode.items() if key != "name"} for mode in modes}


def _top_keys() -> list[str]:
    tables = (_ALIKE, _SHARES_OF_FIELD, _ALWAYS, NOT_HONORED)
    return sorted({key.partition(".")[0] for table in tables for key in table})


def _scaled(key: str, value: Any, scale: Callable[[float], float]) -> Any:
    numbers = [scale(number) for number in _numbers(key, value)]
    return numbers if isinstance(value, list) else numbers[0]


def _numbers(key: str, value: Any, *, count: int | None = None) -> list[float]:
    """The numbers of a value."""
    numbers = value if isinstance(value, list) else [value]
    is_usable = all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers)
    if not is_usable or not numbers or count not in (None, len(numbers)) or not np.isfinite(numbers).all():
        wanted = {None: "numbers", 1: "a number", 2: "two numbers"}[count]
        raise InputError(f"{key}: must be {wanted}, got {value!r}")
    return numbers


def _checked(key: str, name: str, setting: Any) -> Any:
    """Our setting, if it is usable."""
    try:
        resolve_config(BASE_PRESET, overrides={name: setting})
    except InputError as error:
        raise InputError(f"{key}: becomes {error}") from None
    return setting
