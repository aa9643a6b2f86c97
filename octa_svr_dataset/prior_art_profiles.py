"""The prior art's profiles: four numbers from 0 to 1 that stand for the settings of its standard file.

The tables are those of `_apply_severity_scaling` in its generate_vlm_dataset.py (OCTA-SVR, arXiv 2512.11060).
"""

from collections.abc import Mapping
from typing import Any

from octa_svr_dataset.errors import InputError

PROFILES: dict[str, dict[str, float]] = {
    "dropout_only": {"dropout_prob": 1.0, "severity": 0.55},
    "balanced_combo": {"dropout_prob": 0.9, "severity": 0.55, "nv_severity": 0.45, "ma_severity": 0.35,
                       "tortuosity_severity": 0.35},
    "pdr_combo": {"dropout_prob": 0.95, "severity": 0.75, "nv_severity": 0.7, "ma_severity": 0.55,
                  "tortuosity_severity": 0.55},
}  # fmt: skip
"""What a file that names a profile need not say; kinds that a profile does not have are not made in it."""

SCALES: dict[str, dict[str, Any]] = {
    "severity": {
        "Dropout.strength_range": [(0.45, 0.9), (0.45, 0.9)],
        "Dropout.radius_norm_range": [(0.10, 0.18), (0.20, 0.32)],
        "Dropout.small_dropout_radius_range_norm": [(0.03, 0.06), (0.06, 0.10)],
        "Dropout.ring_radius_norm_range": [(0.16, 0.22), (0.34, 0.42)],
    },
    "nv_severity": {"NV.probability": (0.10, 0.50)},
    "ma_severity": {"MA.density": (0.03, 0.12), "MA.size_mm_range": [(0.010, 0.0115), (0.016, 0.019)]},
    "tortuosity_severity": {
        "Tortuosity.probability": (1.0, 1.0),
        "Dropout.dilation_scale_range": [(1, 1), (1.06, 1.06)],
    },
}
"""Settings of the standard file, under `Pathology`, at 0 and at 1 of each of the four numbers; linear between them."""

SEVERAL_AREAS_FROM, THREE_AREAS_FROM = 0.45, 0.75
"""Severity from which a profile makes up to two areas of dropout, and up to three."""


def expand_profile(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a file by their dotted names, with those of the standard file in place of a profile and its numbers.

    Raises
    ------
    InputError
        The profile is not known, or one of its numbers is not between 0 and 1.
    """
    if "Pathology.profile" not in theirs:
        return dict(theirs)
    name = theirs["Pathology.profile"]
    if not isinstance(name, str) or name not in PROFILES:
        raise InputError(f"Pathology.profile: must be one of {', '.join(PROFILES)}, got {name!r}")
    given = {key: theirs.get(f"Pathology.{key}", value) for key, value in PROFILES[name].items()}
    expanded: dict[str, Any] = {"Pathology.Dropout.probability": given["dropout_prob"]}
    for number, scales in SCALES.items():
        share = given.get(number, 0.0)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise InputError(f"Pathology.{number}: must be a number from 0 to 1, got {share!r}")
        is_made = share > 0 or number == "severity"
        expanded |= {f"Pathology.{key}": _at(share, ends) for key, ends in scales.items() if is_made}
    expanded.setdefault("Pathology.MA.density", 0)
    severity = given["severity"]
    most = 1 + (severity >= SEVERAL_AREAS_FROM) + (severity >= THREE_AREAS_FROM)
    expanded["Pathology.Dropout.count_range"] = theirs.get("Pathology.dropout_count_range", [1, most])
    used = {"Pathology.profile", "Pathology.dropout_prob", "Pathology.dropout_count_range"}
    used |= {f"Pathology.{number}" for number in SCALES}
    return expanded | {key: value for key, value in theirs.items() if key not in used}


def _at(share: float, ends: Any) -> Any:
    """The value, or the values, at a share of the way between its ends."""
    if isinstance(ends, list):
        return [_at(share, pair) for pair in ends]
    return float(f"{ends[0] + (ends[1] - ends[0]) * share:.6g}")
