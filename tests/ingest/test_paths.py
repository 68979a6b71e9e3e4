"""Paths of column maps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.ingest.paths import Path


def find(text: str, row: dict[str, Any]) -> Any:
    path = Path.parse(text)
    assert path is not None
    return path.find(row)


@pytest.mark.parametrize(
    ("text", "row", "value"),
    [
        ("a", {"a": 1}, 1),
        ("a.b[0].c", {"a": {"b": [{"c": 2}]}}, 2),
        ("a[-1]", {"a": [1, 2]}, 2),
        ('a."b.c"', {"a": {"b.c": 3}}, 3),
        ("a.b", {"a.b": 4}, 4),
        ("a.b", {"a": '{"b": 5}'}, 5),
        ("a[1].b", {"a": b'[0, {"b": "{}"}]'}, "{}"),
        ("a.b", {"a": "text"}, None),
        ("a.b", {"a": "{broken"}, None),
        ("Event Time", {"Event Time": 6}, 6),
        ("a b.c  d[0]", {"a b": {"c  d": [7]}}, 7),
        ("a[5]", {"a": [1]}, None),
        ("a.b", {"a": [1]}, None),
    ],
)
def test_a_path_finds(text: str, row: dict[str, Any], value: Any) -> None:
    assert find(text, row) == value


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "[0]", "a[x]", 'a."b', " a", "a b ", "a. b", "a\tb", "a[0", "a" * 2000, "a]b"]
)
def test_what_is_no_path_is_not_read(text: str) -> None:
    assert Path.parse(text) is None


def test_half_a_surrogate_pair_in_nested_text_hides_nothing() -> None:
    assert find("a.b", {"a": '{"b": "x\\ud800"}'}) == "x?"
    assert find("a.b", {"a": '{"b": 1, "c": NaN}'}) == 1


@settings(max_examples=100, deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(exclude_characters='"', exclude_categories=("Cs",)), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_every_name_can_be_reached_in_quotes_through_objects_and_through_text(names: list[str]) -> None:
    value: Any = "here"
    for name in reversed(names[1:]):
        value = {name: value}
    text = ".".join(f'"{name}"' for name in names)
    assert find(text, {names[0]: value}) == "here"
    if len(names) > 1:
        assert find(text, {names[0]: json.dumps(value)}) == "here"
