"""The table of settings keeps its promises."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.config.schema import SETTINGS, Setting, Settings, config_hash


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_a_setting_is_complete_and_its_default_allowed(setting: Setting) -> None:
    assert setting.unit
    assert len(setting.reason) > 10
    assert setting.low <= setting.default <= setting.high
    assert type(setting.default) is setting.type
    assert not setting.choices or setting.default in setting.choices
    assert all(setting.low <= choice <= setting.high for choice in setting.choices)


def test_every_field_is_declared_with_the_type_it_is_annotated_with() -> None:
    annotated = {f.name: f.type for f in dataclasses.fields(Settings)}
    assert annotated == {s.name: s.type.__name__ for s in SETTINGS}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().epoch_hours = 3  # type: ignore[misc]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_the_hash_names_what_can_change_results_and_nothing_else(setting: Setting) -> None:
    other = next(v for v in (*setting.choices, setting.high, setting.low) if v != setting.default)
    changed = dataclasses.replace(Settings(), **{setting.name: other})  # type: ignore[arg-type]
    assert (config_hash(changed) != config_hash(Settings())) == setting.changes_results


@given(st.integers(1, 10))
def test_the_hash_does_not_tell_a_whole_number_from_the_same_fraction(value: int) -> None:
    whole = dataclasses.replace(Settings(), budget_cohort=value)
    assert config_hash(whole) == config_hash(dataclasses.replace(Settings(), budget_cohort=float(value)))


def test_an_epoch_divides_a_day() -> None:
    epoch = next(s for s in SETTINGS if s.name == "epoch_hours")
    assert all(24 % choice == 0 for choice in epoch.choices)
