from importlib import resources

import pytest
import yaml
from pydantic import ValidationError

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import config_hash, preset_names, resolve_config


def test_the_presets_are_these():
    prior_art = {"balanced_combo", "dropout_ma", "octa_100k_svr"}
    assert set(preset_names()) == prior_art | {"dr_staging", "dr_staging_6mm", "hard_negatives", "healthy"}


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_resolves(preset):
    assert resolve_config(preset).imaging.size_px > 0


def test_the_presets_share_the_healthy_eye_but_for_what_belongs_to_age():
    """No preset tells healthy eyes from diseased ones by eyes that were other ones before the disease."""
    healthy = resolve_config("healthy").growth
    for preset in preset_names():
        growth = resolve_config(preset).growth
        assert growth.model_copy(update={"age_loss": (0.0, 0.0), "tortuosity": healthy.tortuosity}) == healthy
        assert growth.age_loss == ((0.0, 0.0) if preset in ("dropout_ma", "healthy") else (0.0, 0.1))


def test_the_documents_give_the_shares_of_every_preset(repository):
    rows = (repository / "docs" / "pathology.md").read_text(encoding="utf-8").split("## Presets")[1].splitlines()
    cells = [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in rows if row.startswith("| `")]
    told = {name: (tuple(map(float, shares[:5])), shares[6] == "yes") for name, *shares in cells}
    configs = {name: resolve_config(name) for name in preset_names()}
    assert told == {
        name: (config.pathology.severity_shares, config.growth.age_loss[1] > 0) for name, config in configs.items()
    }


def test_the_wide_preset_has_the_eyes_of_the_narrow_one_in_a_wider_field():
    narrow, wide = resolve_config("dr_staging"), resolve_config("dr_staging_6mm")
    assert (wide.field_of_view_mm, wide.imaging.size_px) == (6.0, 400)
    assert wide.growth == narrow.growth
    places = {name: getattr(narrow.pathology.dropout, name) for name in ("count", "faz_distance_mm")}
    dropout = wide.pathology.dropout.model_copy(update=places)
    assert wide.pathology.model_copy(update={"dropout": dropout}) == narrow.pathology


def test_a_file_changes_the_preset_and_overrides_change_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("imaging: {size_px: 100}\nfield_of_view_mm: 4\n")
    config = resolve_config("dropout_ma", config_file=path, overrides={"imaging": {"size_px": 128}})
    assert (config.imaging.size_px, config.field_of_view_mm) == (128, 4.0)


def test_a_dotted_key_is_a_nested_key():
    dotted = resolve_config("dropout_ma", overrides={"growth.deep.iterations": 3, "growth.depth_mm": 0.05})
    nested = resolve_config("dropout_ma", overrides={"growth": {"depth_mm": 0.05, "deep": {"iterations": 3}}})
    assert dotted == nested
    assert config_hash(dotted) == config_hash(nested)


def test_a_number_in_another_form_is_the_same_configuration():
    whole = resolve_config("dropout_ma", overrides={"field_of_view_mm": 3, "imaging.gain": [1, 1]})
    decimal = resolve_config("dropout_ma", overrides={"field_of_view_mm": 3.0, "imaging.gain": (1.0, 1.0)})
    assert config_hash(whole) == config_hash(decimal)


def test_a_changed_setting_of_the_deep_plexus_leaves_its_other_defaults():
    default = resolve_config("dropout_ma").growth.deep
    changed = resolve_config("dropout_ma", overrides={"growth.deep.iterations": 3}).growth.deep
    assert changed == default.model_copy(update={"iterations": 3})


def test_the_settings_of_a_configuration_resolve_to_itself(tmp_path):
    config = resolve_config("dropout_ma", overrides={"imaging.size_px": 128})
    path = tmp_path / "whole.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    assert resolve_config("healthy", config_file=path) == config


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        resolve_config("healthy").imaging.size_px = 100


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"imagin": {}}, r"imagin: unknown setting; allowed here: .*imaging"),
        ({"imaging.size": 3}, r"imaging\.size: unknown setting; allowed here: .*size_px"),
        ({"imaging.size_px": 3}, r"imaging\.size_px: .*64, got 3; allowed: a whole number, >= 64, <= 2048"),
        ({"imaging.size_px": 80.5}, r"imaging\.size_px: .*fractional part, got 80\.5; allowed: a whole number"),
        ({"imaging.size_px": "400"}, r"imaging\.size_px: must be a number, got '400'; allowed: a whole number"),
        ({"imaging.size_px": True}, r"imaging\.size_px: must be a number, got True; allowed: a whole number"),
        ({"field_of_view_mm": "3"}, r"field_of_view_mm: must be a number, got '3'; allowed: >= 1\.5, <= 6"),
        ({"imaging.gain": [True, True]}, r"imaging\.gain: must be two numbers, got \[True, True\]"),
        ({"imaging.gain": ["1", 2]}, r"imaging\.gain: must be two numbers, got \['1', 2\]"),
        (
            {"imaging.gain": {1, 2}},
            r"imaging\.gain: must be two numbers, got {1, 2}; allowed: two numbers \[low, high\]",
        ),
        ({"imaging.gain": [1]}, r"imaging\.gain.*, got \[1\]; allowed: two numbers \[low, high\], 0\.1 to 5, in order"),
        ({"imaging.gain": [None, 1]}, r"imaging\.gain.*, got None; allowed: two numbers \[low, high\]"),
        (
            {"imaging.motion_lines": [1.5, 2]},
            r"imaging\.motion_lines.*allowed: two whole numbers \[low, high\], 0 to 40",
        ),
        ({"imaging": 3}, r"imaging: must be a mapping of settings, got 3; allowed here: .*size_px"),
        ({"imaging.": {"size_px": 80}}, r"imaging\.: unknown setting"),
        ({"growth.fovea_offset_mm": {"x": 1}}, r"growth\.fovea_offset_mm: is 0\.3, so there is nothing in it to set"),
        (
            {"growth.superficial": {"step_mm": 0.03, "least_step_mm": 0.05}},
            r"growth\.superficial: step_mm must be at least least_step_mm.* got step_mm 0\.03 and least_step_mm 0\.05",
        ),
        ({"x": "y" * 10_000}, r"^x: unknown setting.{,200}$"),
        ({"imaging.gain": [1.2, 0.8]}, r"imaging\.gain: range is reversed.*1\.2.*0\.8"),
        ({"imaging.speckle": [0.1, 7]}, r"imaging\.speckle: both numbers must be between 0 and 2"),
        ({"growth.depth_mm": float("nan")}, r"growth\.depth_mm: .*nan"),
        ({"text.form": "poem"}, r"text\.form: .*'answer_only' or 'mixed', got 'poem'; allowed: think or prose or"),
        ({"text.turns": [0, 2]}, r"text\.turns: both numbers must be between 1 and 20"),
        ({"text.tasks": {"poem": 1}}, r"text\.tasks\.poem: unknown setting; allowed here: classify, .*yes_no"),
        ({"text.tasks.count": -1}, r"text\.tasks\.count: .*, got -1; allowed: >= 0"),
        (
            {"text.forms": {"think": 0, "prose": 0, "stages": 0, "answer_only": 0}},
            r"text\.forms: at least one of think, prose, stages, answer_only must be above 0",
        ),
        (
            {"text.wordings": {"dropout/none": 3}},
            r"text\.wordings.*: .*string, got 3; allowed: names of statements with",
        ),
    ],
)
def test_an_unusable_setting_is_refused_by_name_with_value_and_limit(overrides, message):
    with pytest.raises(InputError, match=message) as refusal:
        resolve_config("dropout_ma", overrides=overrides)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"imaging": 3, "imaging.size_px": 80}, r"imaging: given twice, as 3 and as {'size_px': 80}"),
        ({"imaging.size_px": 80, "imaging": {"size_px": 90}}, r"imaging\.size_px: given twice, as 80 and as 90"),
    ],
)
def test_a_setting_given_in_two_forms_at_once_is_refused(overrides, message):
    with pytest.raises(InputError, match=message):
        resolve_config("dropout_ma", overrides=overrides)


def test_a_group_given_in_two_parts_is_joined():
    parts = resolve_config("dropout_ma", overrides={"imaging.size_px": 80, "imaging": {"gain": [1, 1]}})
    assert (parts.imaging.size_px, parts.imaging.gain) == (80, (1.0, 1.0))


def test_an_override_hides_no_fault_of_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("imaging: 3")
    with pytest.raises(InputError, match="imaging: is 3, so there is nothing in it to set"):
        resolve_config("dropout_ma", config_file=path, overrides={"imaging.size_px": 80})


def test_settings_that_hold_themselves_are_refused():
    endless = {}
    endless["imaging"] = endless
    with pytest.raises(InputError, match=r"^overrides: refers to itself, or is nested too deeply$"):
        resolve_config("dropout_ma", overrides=endless)


@pytest.mark.parametrize("config_file", [3, True, b"mine.yaml", ["mine.yaml"]])
def test_a_file_that_is_no_path_is_refused(config_file):
    with pytest.raises(InputError, match=r"config_file: must be the path of a YAML file, got "):
        resolve_config("dropout_ma", config_file=config_file)


def test_a_merged_mapping_in_yaml_repeats_no_key(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "growth:\n  deep: &deep {<<: {iterations: 3}, iterations: 4}\n  superficial: {<<: *deep, step_mm: 0.2}"
    )
    growth = resolve_config("dropout_ma", config_file=path).growth
    assert (growth.deep.iterations, growth.superficial.iterations, growth.superficial.step_mm) == (4, 4, 0.2)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"preset: unknown name 'nope'; allowed: .*dropout_ma"):
        resolve_config("nope")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [1", "is not YAML"),
        ("- 1", "must hold a mapping"),
        ("imagin: 1", "imagin: unknown setting"),
        ("imaging:\n  size_px: 80\n  size_px: 90", "size_px: given twice in the file, again in line 3; allowed: once"),
        ("imaging: {}\ngrowth: {}\nimaging: {}", "imaging: given twice in the file, again in line 3"),
        ("imaging: &self {gain: *self}", r"config_file: '.*mine\.yaml' refers to itself, or is nested too deeply"),
        ("{a: " * 3000, r"config_file: '.*mine\.yaml' refers to itself, or is nested too deeply"),
        ("imaging: {gain: &self [*self, 1]}", r"imaging\.gain"),
    ],
)
def test_an_unusable_file_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        resolve_config("dropout_ma", config_file=path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"config_file: cannot read .*absent\.yaml.*No such file"):
        resolve_config("dropout_ma", config_file=tmp_path / "absent.yaml")


def test_an_empty_file_changes_nothing(tmp_path):
    path = tmp_path / "empty.yaml"
    path.write_text("")
    assert resolve_config("dropout_ma", config_file=path) == resolve_config("dropout_ma")


def test_each_projection_has_its_own_appearance_where_nothing_else_is_given():
    full, superficial, deep = (
        resolve_config("healthy", overrides={"imaging.projection": projection}).imaging
        for projection in ("full", "superficial", "deep")
    )
    assert full == ImagingConfig()
    assert full.capillary_signal != superficial.capillary_signal != deep.capillary_signal
    given = resolve_config("healthy", overrides={"imaging": {"projection": "deep", "gamma": [0.7, 0.8]}}).imaging
    assert (given.gamma, given.speckle) == ((0.7, 0.8), deep.speckle)


@pytest.mark.parametrize("name", ["superficial", "deep"])
def test_the_profiles_that_are_shipped_name_ranges_only(name):
    path = resources.files("octa_svr_dataset") / "appearances" / f"{name}.yaml"
    resolve_config("healthy", overrides={"imaging.appearance": str(path)})


def test_a_profile_gives_ranges_that_other_settings_may_change(tmp_path):
    profile = tmp_path / "profile.yaml"
    profile.write_text("gamma: [0.5, 0.6]\ngain: [1, 1]\n")
    overrides = {"imaging.appearance": str(profile), "imaging.gain": [2, 2]}
    imaging = resolve_config("healthy", overrides=overrides).imaging
    assert (imaging.gamma, imaging.gain, imaging.speckle) == ((0.5, 0.6), (2.0, 2.0), ImagingConfig().speckle)


def test_a_profile_changes_the_ranges_of_the_projection(tmp_path):
    profile = tmp_path / "profile.yaml"
    profile.write_text("gamma: [0.5, 0.6]\n")
    deep = resolve_config("healthy", overrides={"imaging.projection": "deep"}).imaging
    fitted = resolve_config("healthy", overrides={"imaging.projection": "deep", "imaging.appearance": str(profile)})
    assert fitted.imaging == deep.model_copy(update={"gamma": (0.5, 0.6)})


def test_the_hash_follows_the_content_of_a_profile_not_its_name(tmp_path):
    hashes = []
    for name, gamma in (("first", "[0.5, 0.6]"), ("second", "[0.5, 0.7]"), ("third", "[0.5, 0.6]")):
        (tmp_path / name).write_text(f"gamma: {gamma}\n")
        hashes.append(config_hash(resolve_config("healthy", overrides={"imaging.appearance": str(tmp_path / name)})))
    assert hashes[0] == hashes[2] != hashes[1]


def test_resolved_settings_mean_the_same_without_the_profile(tmp_path):
    profile = tmp_path / "profile.yaml"
    profile.write_text("gamma: [0.5, 0.6]\n")
    config = resolve_config("healthy", overrides={"imaging.appearance": str(profile), "imaging.projection": "deep"})
    profile.unlink()
    assert resolve_config("healthy", overrides=config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "size_px: 64",
            r"imaging\.appearance: '.*profile\.yaml' holds size_px: 64; allowed there: black_level, .*vignetting",
        ),
        ("gamme: [1, 1]", r"imaging\.appearance: '.*profile\.yaml' holds gamme: \[1, 1\]; allowed there: "),
        ("gamma: [2, 1]", r"imaging\.gamma: range is reversed"),
        ("- 3", r"imaging\.appearance: '.*profile\.yaml' must hold a mapping"),
        (None, r"imaging\.appearance: cannot read '.*profile\.yaml'"),
    ],
)
def test_an_unusable_profile_is_refused_in_one_line(tmp_path, content, message):
    profile = tmp_path / "profile.yaml"
    if content is not None:
        profile.write_text(content)
    with pytest.raises(InputError, match=message):
        resolve_config("healthy", overrides={"imaging.appearance": str(profile)})
