"""A thousand malformed configurations: each is refused with its field named, or honored; none is ignored."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octa_svr_dataset import cli
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import preset_names, resolve_config
from octa_svr_dataset.settings_table import settings as settings_of

NAMES = sorted(setting.name for setting in settings_of(resolve_config("dropout_ma")))
GROUPS = sorted({name.rpartition(".")[0] for name in NAMES} - {""})

numbers = st.one_of(
    st.integers(-10, 10),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0, 1, -1, 0.5, 1e-320, 1e308, math.nan, math.inf, -math.inf]),
)
plain = st.one_of(numbers, st.none(), st.booleans(), st.text(max_size=8), st.binary(max_size=3))
values = st.one_of(
    plain,
    st.lists(plain, max_size=6),
    st.lists(numbers, min_size=2, max_size=2),
    st.dictionaries(st.text(max_size=5), plain, max_size=2),
    st.lists(st.lists(numbers, max_size=2), max_size=2),
)
misspelled = st.sampled_from(NAMES).flatmap(
    lambda name: st.sampled_from([name[:-1], name + "s", name.upper(), name + ".x", "." + name, name.replace("_", "-")])
)
names = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), misspelled, st.sampled_from(GROUPS))


def held(config: SceneConfig, name: str):
    value = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def as_held(value):
    return tuple(map(as_held, value)) if isinstance(value, list | tuple) else value


def is_named(name: str, message: str) -> bool:
    """Whether a message names a setting, or as far as its name is known, and the part from which on it is not.

    Where two settings contradict each other, the message names their group, and then both.
    """
    if name in NAMES:
        group, _, last = name.rpartition(".")
        return name in message or (message.startswith(f"{group}: ") and last in message)
    parts = [part or "''" for part in name.split(".")]
    return any(".".join(parts[:length]) in message for length in range(1, len(parts) + 1))


@settings(max_examples=1000, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(preset=st.sampled_from(preset_names()), name=names, value=values)
def test_a_setting_is_honored_or_refused_by_name(preset, name, value):
    try:
        config = resolve_config(preset, overrides={name: value})
    except InputError as error:
        message = str(error)
        assert is_named(name, message), message
        assert len(message) < 1800
        return
    if name in NAMES:
        is_path = name in ("imaging.appearance", "text.templates")
        assert is_path or as_held(held(config, name)) == as_held(value)
    else:
        assert isinstance(value, dict), "only a mapping of settings goes where no setting is"


@settings(max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(names.map(lambda name: f"{name}=-1"), st.text(max_size=12), names))
def test_the_command_refuses_in_one_line_or_prints_the_settings(text):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("sys.argv", ["octa-svr", "config", "dropout_ma", "--yaml", "--set", text])
        with pytest.raises(SystemExit) as exit_info:
            cli.main()
    assert exit_info.value.code in (None, 0, 2)
