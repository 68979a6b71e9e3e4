"""Where values come from, who wins, and that every mistake is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.config.load import load_settings
from stillwatch.config.schema import SETTINGS, Setting, Settings
from stillwatch.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def test_nothing_given_means_defaults() -> None:
    loaded = load_settings(None, {})
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert list(loaded.origins) == [s.name for s in SETTINGS]


def test_flags_beat_the_environment_which_beats_the_file(file: Path) -> None:
    file.write_text("epoch_hours = 3\nwindow_days = 7\nmin_accounts = 9\n")
    environ = {"STILLWATCH_WINDOW_DAYS": "8", "STILLWATCH_MIN_ACCOUNTS": "10", "HOME": "x"}
    loaded = load_settings(file, environ, ["min_accounts=11"])
    assert (loaded.settings.epoch_hours, loaded.settings.window_days, loaded.settings.min_accounts) == (3, 8, 11)
    assert loaded.origins["epoch_hours"] == str(file)
    assert loaded.origins["window_days"] == "environment STILLWATCH_WINDOW_DAYS"
    assert loaded.origins["min_accounts"] == "flag --set"
    assert loaded.origins["threads"] == "default"


def test_every_mistake_is_listed_with_place_key_and_range(file: Path) -> None:
    file.write_text('epoch_hours = 5\nepoch_hors = 6\nthreads = true\nwindow_days = 7.5\nbudget_cohort = "much"\n')
    environ = {"STILLWATCH_MIN_ACCOUNTS": "1", "STILLWATCH_EXAMPLE_DAYS": "3"}
    with pytest.raises(ConfigurationError) as refused:
        load_settings(file, environ, ["batch_rows=-1", "seed=3", "nonsense"])
    told = "\n".join(refused.value.mistakes)
    for part in (
        f"{file}: epoch_hours = 5: must be one of 1, 2, 3, 4, 6, 8, 12, 24 (hours)",
        f"{file}: no setting is called epoch_hors; did you mean epoch_hours?",
        f"{file}: threads = True: must be a whole number from 0 to 1024",
        f"{file}: window_days = 7.5: must be a whole number",
        f"{file}: budget_cohort = 'much': must be a number from 0.001 to 10.0",
        "environment STILLWATCH_MIN_ACCOUNTS: min_accounts = '1': must be a whole number from 2 to 10000",
        "environment: no setting is called STILLWATCH_EXAMPLE_DAYS; did you mean STILLWATCH_EXAMPLES_DAYS?",
        "flag --set: batch_rows = '-1'",
        "flag --set: no setting is called seed",
        "--set nonsense: write --set name=value",
        f"looked in: {file} (--config); environment; flags",
    ):
        assert part in told
    assert len(refused.value.mistakes) == 11


@pytest.mark.parametrize("content", [b"epoch_hours = ", b"\xff", b"[epoch_hours]\nx = 1"])
def test_a_file_that_is_no_table_of_settings_is_a_mistake(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=str(file)):
        load_settings(file, {})


def test_a_named_file_must_exist(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--config .*no such file"):
        load_settings(file, {})
    with pytest.raises(ConfigurationError, match=r"STILLWATCH_CONFIG .*no such file"):
        load_settings(None, {"STILLWATCH_CONFIG": str(file)})


def test_the_file_is_looked_for_in_the_flag_the_variable_and_home(tmp_path: Path) -> None:
    for folder, hours in (("a", 1), ("b", 2), ("c", 3)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "config.toml").write_text(f"epoch_hours = {hours}")
    flag, variable, home = (
        tmp_path / "a/config.toml",
        {"STILLWATCH_CONFIG": str(tmp_path / "b/config.toml")},
        tmp_path / "c",
    )
    assert load_settings(flag, variable, home=home).settings.epoch_hours == 1
    assert load_settings(None, variable, home=home).settings.epoch_hours == 2
    assert load_settings(None, {}, home=home).settings.epoch_hours == 3


def test_a_home_without_a_file_is_no_mistake(tmp_path: Path) -> None:
    loaded = load_settings(None, {}, home=tmp_path)
    assert loaded.looked_in == (str(tmp_path / "config.toml"), "environment", "flags")


@st.composite
def _setting_and_value(draw: st.DrawFn) -> tuple[Setting, float]:
    setting = draw(st.sampled_from(SETTINGS))
    if setting.type is int:
        return setting, draw(st.integers(-10, int(setting.high) * 2))
    return setting, draw(st.floats(allow_nan=True, allow_infinity=True))


@given(_setting_and_value())
def test_text_and_toml_mean_the_same_and_only_the_range_passes(drawn: tuple[Setting, float]) -> None:
    setting, value = drawn
    allowed = value in setting.choices if setting.choices else setting.low <= value <= setting.high
    environ = {setting.variable: repr(value)}
    if allowed:
        assert getattr(load_settings(None, environ).settings, setting.name) == value
        assert getattr(load_settings(None, {}, [f"{setting.name}={value!r}"]).settings, setting.name) == value
    else:
        with pytest.raises(ConfigurationError, match=setting.name):
            load_settings(None, environ)


def test_a_whole_number_is_a_number(file: Path) -> None:
    file.write_text("budget_cohort = 1")
    value = load_settings(file, {}).settings.budget_cohort
    assert value == 1.0
    assert isinstance(value, float)
