import sys
from pathlib import Path

import pytest
import yaml

from octa_svr_dataset import cli
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.prior_art import import_settings
from octa_svr_dataset.resolve import resolve_config

PATHOLOGY = {
    "General": {"seed": None, "num_samples": 10, "use_gan": False},
    "Pathology": {
        "Dropout": {
            "probability": 0.5, "count_range": [1, 6], "radius_norm_range": [0.18, 0.32],
            "ring_radius_norm_range": [0.05, 0.4], "strength_range": [0.90, 0.99], "ensure_one_large": True,
        },
        "MA": {"density": 0.032, "size_mm_range": [0.01, 0.03], "near_dropout_only": True},
        "NV": {"probability": 0.4, "severity": 0.25, "overlay": {"feather_px": [0, 2]}},
        "Tortuosity": {"probability": 0.5, "gain_range": [0.01, 0.5]},
    },
    "VQA": None,
    "FAZ": {"center_jitter": 0.15, "radius_bound": [0.44, 0.04], "max_center_shift": 0.25},
}  # fmt: skip
MODES = [
    {"name": "SVC", "I": 100, "N": 2000, "eps_s": 0.135, "delta_art": 0.2925, "delta_ven": 0.2925, "omega": 0.3},
    {"name": "DVC", "I": 150, "eps_s": 0.0675, "delta_art": 0.14625, "delta_ven": 0.2, "gamma_art": 90, "kappa": 2.9},
]
VESSELS = {"Greenhouse": {"d": 0.1, "r": 0.0025, "param_scale": 3, "modes": MODES}, "Forest": {"N_trees": 8}}


def imported(folder: Path, theirs: object):
    path = folder / "theirs.yml"
    path.write_text(yaml.safe_dump(theirs, sort_keys=False))
    return import_settings(path)


PROFILE = {
    "Pathology": {
        "profile": "balanced_combo", "dropout_prob": 0.9, "dropout_count_range": [2, 4], "severity": 0.85,
        "nv_severity": 0.40, "ma_severity": 0.60, "tortuosity_severity": 0.65, "mask_vessel_sparing_px": 0,
    },
    "VQA": {"qa_subset": "dropout"},
}  # fmt: skip


def without(theirs: dict, *kinds: str) -> dict:
    """The file without some groups of its pathology."""
    return theirs | {"Pathology": {key: value for key, value in theirs["Pathology"].items() if key not in kinds}}


def test_the_standard_file_without_new_vessels_means_what_our_preset_of_its_name_says(tmp_path: Path) -> None:
    ours = resolve_config("dropout_ma")
    file = imported(tmp_path, without(PATHOLOGY, "NV", "Tortuosity"))
    theirs = resolve_config("dropout_ma", overrides=file.settings)
    assert theirs.pathology == ours.pathology
    assert theirs.growth.fovea_offset_mm == 0.45
    assert theirs.growth.faz_area_median_mm2 == pytest.approx(0.338, abs=0.001)
    assert theirs.growth.faz_radius_spread == pytest.approx(0.0909, abs=0.0001)


def test_the_whole_standard_file_has_the_composition_of_the_dataset_that_was_made_with_it(tmp_path: Path) -> None:
    whole = without(PATHOLOGY) | {}
    whole["Pathology"]["Dropout"] = PATHOLOGY["Pathology"]["Dropout"] | {"vessel_dilation_range": [1.0, 1.5]}
    theirs = resolve_config("dropout_ma", overrides=imported(tmp_path, whole).settings)
    ours = resolve_config("octa_100k_svr")
    assert theirs.pathology.severity_shares == (0.5, 0.0, 0.3, 0.0, 0.2)
    tortuosity = theirs.pathology.tortuosity.model_copy(update={"probability": (0.0, 0.5, 0.0, 0.5)})
    assert tortuosity == ours.pathology.tortuosity
    assert theirs.pathology.model_copy(update={"tortuosity": tortuosity}) == ours.pathology


def test_the_profile_file_means_what_our_preset_of_its_name_says(tmp_path: Path) -> None:
    file = imported(tmp_path, PROFILE)
    theirs, ours = (
        resolve_config("dropout_ma", overrides=file.settings).pathology,
        resolve_config("balanced_combo").pathology,
    )
    assert theirs.tortuosity.probability == ours.tortuosity.probability
    assert theirs.model_copy(update={"tortuosity": ours.tortuosity}) == ours
    assert list(file.not_honored) == ["Pathology.mask_vessel_sparing_px", "VQA.qa_subset"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"pathology.dropout.count": [1, 2], "pathology.severity_shares": [0.1, 0, 0.648, 0, 0.252]}),
        ({"severity": 1}, {"pathology.dropout.count": [1, 3], "pathology.dropout.strength": [0.9, 0.9]}),
        ({"severity": 0}, {"pathology.dropout.count": [1, 1], "pathology.dropout.large_radius_mm": [0.3, 0.6]}),
        ({"nv_severity": 0}, {"pathology.severity_shares": [0.1, 0, 0.9, 0, 0]}),
        ({"ma_severity": 0}, {"pathology.microaneurysms.rate_per_segment": 0}),
        ({"profile": "dropout_only", "ma_severity": 1}, {"pathology.severity_shares": [0, 0, 1, 0, 0]}),
        ({"profile": "pdr_combo"}, {"pathology.severity_shares": [0.05, 0, 0.589, 0, 0.361]}),
        ({"MA": {"density": 0.5}}, {"pathology.microaneurysms.rate_per_segment": 0.5}),
    ],
)
def test_what_a_profile_leaves_out_has_its_usual_value(tmp_path: Path, changes: dict, expected: dict) -> None:
    settings = imported(tmp_path, {"Pathology": {"profile": "balanced_combo"} | changes}).settings
    assert {name: pytest.approx(settings[name]) for name in expected} == expected
    assert ("pathology.tortuosity.probability" in settings) == (changes.get("profile") != "dropout_only")


def test_the_file_of_the_vessels_means_our_defaults(tmp_path: Path) -> None:
    settings = imported(tmp_path, VESSELS).settings
    assert settings["growth.deep.iterations"] == 150
    assert len(settings) == 4 + 5 + 5
    published = {"growth.trees_per_kind": 8}
    assert settings | published == settings
    assert resolve_config("dropout_ma", overrides=settings) == resolve_config("dropout_ma", overrides=published)


def test_lengths_follow_the_width_of_the_field(tmp_path: Path) -> None:
    theirs = {"Greenhouse": {"param_scale": 6, "modes": [{"name": "SVC", "N": 2000}]}}
    theirs["Pathology"] = {"Dropout": {"radius_norm_range": [0.1, 0.2]}}
    assert imported(tmp_path, theirs).settings == {
        "field_of_view_mm": 6,
        "growth.superficial.candidates_per_iteration": 500,
        "pathology.dropout.large_radius_mm": [0.6, 1.2],
    }


def test_every_key_without_effect_is_named_with_a_reason(tmp_path: Path) -> None:
    assert set(imported(tmp_path, PATHOLOGY).not_honored) == {
        "General.num_samples", "Pathology.NV.severity", "Pathology.NV.overlay.feather_px",
        "Pathology.Tortuosity.gain_range",
    }  # fmt: skip
    assert imported(tmp_path, VESSELS).not_honored == {
        "Greenhouse.modes.DVC.delta_ven": "veins perceive as far and as wide as arteries"
    }
    other = {"General": {"use_gan": True}, "FAZ": {"center_jitter": 0.1, "max_center_shift": 0.05, "N": 3}}
    assert list(imported(tmp_path, other).not_honored) == ["General.use_gan", "FAZ.max_center_shift", "FAZ.N"]
    assert imported(tmp_path, other).not_honored["FAZ.N"] == "not known"


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ({"Pathology": {"Dropout": {"probability": 7}}}, "Pathology.Dropout.probability: must be a probability"),
        ({"Pathology": {"NV": {"probability": -1}}}, "Pathology.NV.probability: must be a probability from 0 to 1"),
        ({"Pathology": {"profile": "mild"}}, "Pathology.profile: must be one of dropout_only, balanced_combo"),
        (
            {"Pathology": {"profile": "pdr_combo", "nv_severity": 1.5}},
            "Pathology.nv_severity: must be a number from 0 to 1, got 1.5",
        ),
        ({"Pathology": {"Dropout": {"probability": "half"}}}, "Pathology.Dropout.probability: must be a number"),
        (
            {"Pathology": {"Dropout": {"count_range": [6, 1]}}},
            "Pathology.Dropout.count_range: becomes pathology.dropout",
        ),
        ({"Pathology": {"MA": {"size_mm_range": [-1, 1]}}}, "Pathology.MA.size_mm_range: becomes pathology.microan"),
        ({"Pathology": {"Dropout": {"radius_norm_range": [1, "x"]}}}, "radius_norm_range: must be numbers, got"),
        ({"FAZ": {"radius_bound": [0, 1]}}, "FAZ.radius_bound: must be a mean above 0"),
        ({"Greenhouse": {"modes": 3}}, "Greenhouse.modes: must be a list of mappings with a name"),
        ({"Greenhouse": {"param_scale": "wide"}}, "Greenhouse.param_scale: must be a number"),
        ({"Greenhouse": {"param_scale": 0}}, "Greenhouse.param_scale: becomes field_of_view_mm: "),
        ({"recipe": {"flour": 1}}, "holds no key of the prior art; known are: FAZ, Forest, GAN, General"),
        ([1], "must hold a mapping"),
    ],
)
def test_what_is_not_usable_is_refused_under_its_name(tmp_path: Path, theirs: object, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        imported(tmp_path, theirs)
    assert message in str(refusal.value)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["octa-svr", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code or 0


def test_the_command_prints_a_configuration_file(tmp_path, monkeypatch, capsys) -> None:
    path, mine = tmp_path / "theirs.yml", tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(PATHOLOGY, sort_keys=False))
    assert run(monkeypatch, "import-config", str(path)) == 0
    printed, errors = capsys.readouterr()
    mine.write_text(printed)
    settings = imported(tmp_path, PATHOLOGY)
    assert resolve_config("dropout_ma", config_file=mine) == resolve_config("dropout_ma", overrides=settings.settings)
    assert [line.split(": ")[1] for line in errors.splitlines()] == list(settings.not_honored)


def test_the_command_refuses_in_one_line(tmp_path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "import-config", str(tmp_path / "absent.yml")) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert errors.startswith("error: file: cannot read ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("profile", ["dropout_only", "balanced_combo", "pdr_combo"])
@pytest.mark.parametrize("severity", [0, 1])
def test_a_profile_in_a_field_of_6_mm_is_taken(tmp_path: Path, profile: str, severity: float) -> None:
    theirs = {"Greenhouse": {"param_scale": 6}, "Pathology": {"profile": profile, "severity": severity}}
    settings = imported(tmp_path, theirs).settings
    assert settings["pathology.dropout.large_radius_mm"] == pytest.approx([1.08, 1.92] if severity else [0.6, 1.2])


@pytest.mark.parametrize("extra", [{}, {"profile": "balanced_combo"}])
def test_of_two_keys_for_one_setting_the_one_that_does_not_count_is_named(tmp_path: Path, extra: dict) -> None:
    theirs = {"Pathology": {"dropout_prob": 0.9, "Dropout": {"probability": 0.4}} | extra}
    file = imported(tmp_path, theirs)
    assert file.settings["pathology.severity_shares"][0] == pytest.approx(0.6)
    assert file.not_honored["Pathology.dropout_prob"] == "Pathology.Dropout.probability is the same setting, and counts"
