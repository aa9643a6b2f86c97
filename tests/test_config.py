import pytest
import yaml
from pydantic import ValidationError

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import config_hash, preset_names, resolve_config


def test_the_presets_hold_dropout_with_microaneurysms_and_healthy():
    assert {"dropout_ma", "healthy"} <= set(preset_names())


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_resolves(preset):
    assert resolve_config(preset).imaging.size_px > 0


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
        ({"imaging.size_px": 3}, r"imaging\.size_px: .*64, got 3"),
        ({"imaging.size_px": "large"}, r"imaging\.size_px: .*integer.*, got 'large'"),
        ({"imaging.gain": [1.2, 0.8]}, r"imaging\.gain: range is reversed.*1\.2.*0\.8"),
        ({"imaging.speckle": [0.1, 7]}, r"imaging\.speckle: both numbers must be between 0 and 2"),
        ({"growth.depth_mm": float("nan")}, r"growth\.depth_mm: .*nan"),
        ({"text.form": "poem"}, r"text\.form: .*'stages' or 'answer_only', got 'poem'"),
    ],
)
def test_an_unusable_setting_is_refused_by_name_with_value_and_limit(overrides, message):
    with pytest.raises(InputError, match=message) as refusal:
        resolve_config("dropout_ma", overrides=overrides)
    assert "\n" not in str(refusal.value)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"preset: unknown name 'nope'; allowed: .*dropout_ma"):
        resolve_config("nope")


@pytest.mark.parametrize(
    ("content", "message"),
    [("a: [1", "is not YAML"), ("- 1", "must hold a mapping"), ("imagin: 1", "imagin: unknown setting")],
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
