"""No setting without effect: each one, changed alone, changes what an example shows or says."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from octa_svr_dataset.example import make_example
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.settings_table import settings

BASE = {"pathology.severity_shares": [0, 0, 1, 0, 0]}

PLEXUS = {
    "iterations": 40,
    "candidates_per_iteration": 1500,
    "sink_spacing_mm": 0.1,
    "satisfaction_distance_mm": 0.1,
    "perception_distance_mm": 0.2,
    "perception_angle_deg": 70.0,
    "bifurcation_spread_deg": 3.0,
    "direction_persistence": 0.6,
    "murray_exponent": 2.2,
    "tissue_growth_rate": 0.03,
    "step_mm": 0.12,
    "least_step_mm": 0.06,
    "rotation_floor": 0.3,
}

CHANGES: dict[str, Any] = {
    "field_of_view_mm": 2.5,
    "growth.margin_mm": 0.2,
    "growth.depth_mm": 0.08,
    "growth.trunks": "scattered",
    "growth.trees_per_kind": 4,
    "growth.stump_length_mm": 0.1,
    "growth.stump_murray_exponent": 3.0,
    "growth.terminal_radius_mm": 0.004,
    "growth.faz_area_median_mm2": 0.5,
    "growth.faz_radius_spread": 0.4,
    "growth.faz_area_least_mm2": 0.6,
    "growth.fovea_offset_mm": 0.1,
    "growth.rotation_radius_mm": 0.5,
    "growth.tortuosity": [1.1, 1.1],
    "growth.age_loss": [0.1, 0.1],
    "growth.capillary_bed": "open",
    **{f"growth.superficial.{name}": value for name, value in PLEXUS.items()},
    **{f"growth.deep.{name}": value for name, value in PLEXUS.items()},
    "growth.superficial.artery_distance_mm": 0.012,
    "growth.deep.artery_distance_mm": 0.012,
    "pathology.severity_shares": [1, 0, 0, 0, 0],
    "pathology.dropout.probability": [0, 0, 1, 1],
    "pathology.microaneurysms.probability": [1, 0, 1, 1],
    "pathology.dropout.count": [9, 9],
    "pathology.dropout.large_radius_mm": [0.3, 0.3],
    "pathology.dropout.small_radius_mm": [0.1, 0.1],
    "pathology.dropout.faz_distance_mm": [1.0, 1.1],
    "pathology.dropout.strength": [0.7, 0.7],
    "pathology.dropout.irregularity": 0.0,
    "pathology.dropout.edge_softness": 0.9,
    "pathology.dropout.spared_radius_mm": 0.02,
    "pathology.dropout.extent": [1, 0.5, 1, 1],
    "pathology.dropout.vessel_reach": 0.0,
    "pathology.dropout.deep_excess": 0.3,
    "pathology.dropout.dilation": [3.0, 3.0],
    "pathology.dropout.dilated_band_mm": 0.4,
    "pathology.dispersed_loss.probability": [0, 1, 0, 0],
    "pathology.dispersed_loss.least_area_share": [0, 0.13, 0.15, 0.2],
    "pathology.dispersed_loss.most_area_share": [0.2, 0.08, 0.3, 0.3],
    "pathology.dispersed_loss.gap_width_mm": [0.2, 0.4],
    "pathology.dispersed_loss.strength": [0.3, 0.3],
    "pathology.dispersed_loss.gap_distance_mm": 0.1,
    "pathology.dispersed_loss.foveal_excess": 4.0,
    "pathology.dispersed_loss.patchiness": 1.0,
    "pathology.dispersed_loss.vessel_avoidance": 0.0,
    "pathology.dispersed_loss.coincidence": 0.0,
    "pathology.dispersed_loss.deep_share": 0.0,
    "pathology.dispersed_loss.dilation": [2.0, 2.0],
    "pathology.dispersed_loss.spared_radius_mm": 0.03,
    "pathology.foveal_loss.probability": [0, 1, 0, 0],
    "pathology.foveal_loss.strength": [1, 0.3, 1, 1],
    "pathology.foveal_loss.sectors": [8, 8],
    "pathology.foveal_loss.depth_mm": [0.3, 0.3],
    "pathology.foveal_loss.loops": [6, 6],
    "pathology.foveal_loss.dilation": [3.0, 3.0],
    "pathology.foveal_loss.spared_radius_mm": 0.004,
    "pathology.microaneurysms.rate_per_segment": 0.2,
    "pathology.microaneurysms.radius_mm": [0.05, 0.05],
    "pathology.microaneurysms.border_band_mm": 0.4,
    "pathology.microaneurysms.flow": [0.2, 0.2],
    "pathology.microaneurysms.rate_away_per_mm2": 5.0,
    "pathology.microaneurysms.superficial_rate": 0.0,
    "pathology.microaneurysms.fusiform_share": 1.0,
    "pathology.microaneurysms.elongation": [4.0, 4.0],
    "pathology.new_vessels": "irma",
    "pathology.irma.probability": [0, 1, 0, 0],
    "pathology.irma.count": [9, 9],
    "pathology.irma.chord_mm": [0.15, 0.2],
    "pathology.irma.radius_mm": [0.03, 0.03],
    "pathology.irma.arc_over_chord": [2.0, 2.0],
    "pathology.irma.wavelength_mm": [0.6, 0.6],
    "pathology.irma.branches": [5, 6],
    "pathology.neovascularization.probability": [0, 1, 0, 0],
    "pathology.neovascularization.count": [5, 5],
    "pathology.neovascularization.area_mm2": [1.0, 1.0],
    "pathology.neovascularization.spacing_mm": [0.1, 0.1],
    "pathology.neovascularization.radius_mm": [0.015, 0.015],
    "pathology.neovascularization.curl_per_mm": [50.0, 50.0],
    "pathology.neovascularization.loop_share": 0.0,
    "pathology.neovascularization.flow": [0.1, 0.1],
    "pathology.tortuosity.probability": [0, 1, 0, 0],
    "pathology.tortuosity.gain": [1.3, 1.3],
    "pathology.tortuosity.wavelength_mm": [1.0, 1.0],
    "pathology.veins.probability": [0, 1, 0, 0],
    "pathology.veins.dilation": [1.6, 1.6],
    "pathology.veins.beading": [0.7, 0.7],
    "pathology.veins.bead_distance_mm": [0.5, 0.5],
    "imaging.size_px": 200,
    "imaging.projection": "deep",
    "imaging.views": 2,
    "imaging.appearance": "profile.yaml",
    "imaging.scan_lines": [200, 200],
    "imaging.optical_width_mm": [0.04, 0.04],
    "imaging.capillary_signal": [0.9, 0.9],
    "imaging.deep_signal": [0.9, 0.9],
    "imaging.deep_layer_signal": [0.0, 0.0],
    "imaging.bright_radius_mm": [0.05, 0.05],
    "imaging.mesh_signal": [0.3, 0.3],
    "imaging.mesh_contrast": [0.0, 0.0],
    "imaging.mesh_inequality": [0.99, 0.99],
    "imaging.mesh_sharpness": [1.0, 1.0],
    "imaging.mesh_scale_mm": [0.1, 0.1],
    "imaging.mesh_length_mm": [0.0, 0.0],
    "imaging.mesh_wander_rad": [3.0, 3.0],
    "imaging.mesh_lobule_mm": [0.6, 0.6],
    "imaging.capillary_free": [1.0, 1.0],
    "imaging.foveal_dimming": [0.9, 0.9],
    "imaging.foveal_clarity": [1.5, 1.5],
    "imaging.foveal_dimming_mm": [1.5, 1.5],
    "imaging.flow_noise": [0.5, 0.5],
    "imaging.halo": [1.0, 1.0],
    "imaging.halo_mm": [0.5, 0.5],
    "imaging.shadow": [1.0, 1.0],
    "imaging.residue": [1.0, 1.0],
    "imaging.speckle": [0.0, 0.0],
    "imaging.shot_noise": [0.5, 0.5],
    "imaging.vessel_speckle": [1.0, 1.0],
    "imaging.noise_floor": [0.4, 0.4],
    "imaging.pit_floor": [0.0, 0.0],
    "imaging.noise_grain_mm": [0.02, 0.02],
    "imaging.floor_contrast": [0.0, 0.0],
    "imaging.floor_grain_mm": [0.02, 0.02],
    "imaging.line_mixing": [0.25, 0.25],
    "imaging.point_mixing": [0.25, 0.25],
    "imaging.streak_noise": [0.5, 0.5],
    "imaging.streak_length_mm": [1.0, 1.0],
    "imaging.defocus_mm": [0.03, 0.03],
    "imaging.row_noise": [0.3, 0.3],
    "imaging.motion_lines": [9, 9],
    "imaging.motion_line_contrast": [0.9, 0.9],
    "imaging.saccades": [9, 9],
    "imaging.saccade_mm": [0.2, 0.2],
    "imaging.tremor_mm": [0.01, 0.01],
    "imaging.strip_noise": [0.2, 0.2],
    "imaging.shading": [0.4, 0.4],
    "imaging.shading_scale_mm": [0.7, 0.7],
    "imaging.vignetting": [0.8, 0.8],
    "imaging.floater_probability": 1.0,
    "imaging.floater_depth": 0.9,
    "imaging.floater_radius_mm": 2.0,
    "imaging.black_level": [0.1, 0.1],
    "imaging.gain": [0.5, 0.5],
    "imaging.gamma": [2.0, 2.0],
    "imaging.shoulder": [0.3, 0.3],
    "text.form": "answer_only",
    **{f"text.forms.{name}": 1000.0 for name in ("think", "prose", "stages", "answer_only")},
    "text.opening": "drawn",
    "text.turns": [5, 5],
    **{
        f"text.tasks.{task}": 1000.0
        for task in (
            *("describe", "classify", "locate", "count", "yes_no", "multiple_choice", "compare_regions", "measure"),
            *("report", "explain_grade"),
        )
    },
    "text.eye_named": 1.0,
    "text.templates": "templates",
    "text.wordings": {"synthesis/moderate": "Moderate disease is seen."},
}

OF_SEVERITY_2 = [0, 1, 0, 0]

NEEDS = {
    "pathology.microaneurysms.elongation": {"pathology.microaneurysms.fusiform_share": 1.0},
    "pathology.new_vessels": {"pathology.neovascularization.probability": OF_SEVERITY_2},
    **{
        f"pathology.{kind}.{name}": {f"pathology.{kind}.probability": OF_SEVERITY_2}
        for kind, names in {
            "irma": ("count", "chord_mm", "radius_mm", "arc_over_chord", "wavelength_mm", "branches"),
            "neovascularization": (
                "count",
                "area_mm2",
                "spacing_mm",
                "radius_mm",
                "curl_per_mm",
                "loop_share",
                "flow",
            ),
            "tortuosity": ("gain", "wavelength_mm"),
            "veins": ("dilation", "beading", "bead_distance_mm"),
        }.items()
        for name in names
    },
    "growth.stump_length_mm": {"growth.trunks": "scattered"},
    "growth.stump_murray_exponent": {"growth.trunks": "scattered"},
    "growth.superficial.artery_distance_mm": {"growth.superficial.satisfaction_distance_mm": 0.012},
    "growth.deep.artery_distance_mm": {"growth.deep.satisfaction_distance_mm": 0.012},
    "growth.deep.least_step_mm": {"growth.deep.step_mm": 0.1},
    "imaging.motion_line_contrast": {"imaging.motion_lines": [2, 2]},
    "imaging.saccade_mm": {"imaging.saccades": [2, 2]},
    "imaging.shadow": {"imaging.projection": "deep"},
    "imaging.floater_depth": {"imaging.floater_probability": 1.0},
    "imaging.floater_radius_mm": {"imaging.floater_probability": 1.0},
    "imaging.residue": {"imaging.projection": "deep"},
    **{name: {"text.form": "mixed", "text.turns": [3, 3]} for name in CHANGES if name.startswith("text.forms")},
    **{name: {"text.opening": "drawn", "text.turns": [3, 3]} for name in CHANGES if name.startswith("text.tasks")},
    "text.eye_named": {"text.opening": "drawn"},
}
"""Settings without which another has nothing to act on: the larger of two distances counts, a line must be there."""


NEEDS |= {
    name: {f"{name.rsplit('.', 1)[0]}.probability": [0, 1, 0, 0]}
    for name in CHANGES
    if name.startswith(("pathology.dispersed_loss", "pathology.foveal_loss")) and not name.endswith("probability")
}


def shown(overrides: Mapping[str, Any]) -> tuple[bytes, str]:
    example = make_example("dropout_ma", seed=1, index=1, overrides=BASE | dict(overrides))
    return example.rendering.image.tobytes(), " ".join(message.content for message in example.dialogue.messages)


@cache
def shown_by_default() -> tuple[bytes, str]:
    return shown({})


def test_the_table_leaves_no_setting_out():
    assert set(CHANGES) == {setting.name for setting in settings(resolve_config("dropout_ma"))}


@pytest.mark.parametrize("name", CHANGES)
def test_each_setting_changes_what_is_shown_or_said(name, tmp_path, monkeypatch):
    (tmp_path / "profile.yaml").write_text("gamma: [2.0, 2.0]")
    (tmp_path / "templates" / "synthesis").mkdir(parents=True)
    (tmp_path / "templates" / "synthesis" / "moderate.j2").write_text("Moderate disease is seen.")
    monkeypatch.chdir(tmp_path)
    needs = NEEDS.get(name, {})
    before = shown(needs) if needs else shown_by_default()
    assert shown({**needs, name: CHANGES[name]}) != before
