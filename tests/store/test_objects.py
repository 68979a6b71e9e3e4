"""Objects of known classes, written and read: bit for bit, sharing kept, and refused when anything is wrong."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillwatch.errors import StoreError
from stillwatch.store import scratch
from stillwatch.store.objects import MAGIC, layout, read_objects, write_objects
from stillwatch.store.scratch import IN_MEMORY, Scratch

KEY = b"k" * 32


@dataclass
class Leaf:
    value: Any


@dataclass(frozen=True, slots=True)
class Node:
    left: Any
    right: Any = field(default=None)


CLASSES = (Leaf, Node)
_plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(codec="utf-8"))
)
_values = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(st.integers() | st.tuples(st.integers(), st.text("ab")), max_size=3),
        st.dictionaries(st.integers() | st.text("ab"), inner, max_size=3),
        st.builds(Leaf, inner),
        st.builds(Node, inner, inner),
    ),
    max_leaves=8,
)


def _told(value: Any) -> str:
    """Values with their types; the order of a set is nobody's promise."""
    if isinstance(value, set):
        return f"set {sorted(map(_told, value))}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} {[_told(v) for v in value]}"
    if isinstance(value, dict):
        return f"dict {[(_told(k), _told(v)) for k, v in value.items()]}"
    if dataclasses.is_dataclass(value):
        return f"{type(value).__name__} {[_told(getattr(value, f.name)) for f in dataclasses.fields(value)]}"
    return repr(value)


def _again(value: Any, path: Path) -> Any:
    write_objects(path, value, CLASSES, {}, KEY)
    return read_objects(path, CLASSES, {}, KEY)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_values)
def test_values_come_back_with_their_types(value: Any, tmp_path: Path) -> None:
    found = _again(value, tmp_path / "file")
    assert found == value
    assert _told(found) == _told(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12, dtype=np.uint8).reshape(3, 4)[:, ::2],
        np.array([np.nan, -np.inf, -0.0]),
        np.zeros((0, 7), dtype=np.float32),
        np.array([True, False]),
    ],
    ids=["c", "fortran", "view", "odd", "empty", "bool"],
)
@pytest.mark.parametrize("on_disk", [False, True])
def test_arrays_come_back_bit_for_bit_and_can_be_changed(
    array: np.ndarray[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY_BYTES", 0)
    place = Scratch(tmp_path) if on_disk else IN_MEMORY
    write_objects(tmp_path / "file", array, CLASSES, {}, KEY)
    found = read_objects(tmp_path / "file", CLASSES, {}, KEY, place)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert found.flags.f_contiguous == np.ascontiguousarray(array).flags.f_contiguous or array.flags.f_contiguous
    assert found.flags.writeable


def test_what_was_one_is_one_again(tmp_path: Path) -> None:
    shared, array = Leaf(1), np.zeros(3)
    found = _again([Node(shared, shared), Leaf(array), Leaf(array), np.float64(0.5)], tmp_path / "file")
    assert found[0].left is found[0].right
    assert found[1].value is found[2].value
    assert type(found[3]) is np.float64


def test_given_objects_are_not_written(tmp_path: Path) -> None:
    large, path = Leaf(np.zeros(10_000)), tmp_path / "file"
    write_objects(path, [large], CLASSES, {"large": large}, KEY)
    assert path.stat().st_size < 1000
    other = Leaf("another")
    assert read_objects(path, CLASSES, {"large": other}, KEY) == [other]


@pytest.mark.parametrize(
    "value", [object(), Path(), np.array(["text"]), b"bytes"], ids=["object", "path", "text array", "bytes"]
)
def test_what_nobody_declared_is_not_written(value: object, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_objects(tmp_path / "file", value, CLASSES, {}, KEY)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_single_changed_byte_is_noticed(place: float, flip: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_objects(path, [Leaf(np.arange(20)), "text"], CLASSES, {}, KEY)
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw))] ^= flip
    path.write_bytes(raw)
    with pytest.raises(StoreError, match=r"damaged|no state"):
        read_objects(path, CLASSES, {}, KEY)


def test_cut_files_other_keys_and_other_versions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_objects(path, Leaf(1), CLASSES, {}, KEY)
    raw = path.read_bytes()
    with pytest.raises(StoreError, match="another keyring"):
        read_objects(path, CLASSES, {}, b"x" * 32)
    with pytest.raises(StoreError, match="another version"):
        read_objects(path, (make_dataclass("Leaf", ["value", "more"]), Node), {}, KEY)
    for size in (0, 5, len(MAGIC) + 3, len(raw) - 1):
        path.write_bytes(raw[:size])
        with pytest.raises(StoreError):
            read_objects(path, CLASSES, {}, KEY)


def test_a_layout_names_classes_and_fields() -> None:
    assert layout(CLASSES) == layout((Leaf, Node))
    assert layout(CLASSES) != layout((Leaf,))
    assert layout((make_dataclass("Leaf", ["value"]),)) == layout((Leaf,))
    assert layout((make_dataclass("Leaf", ["other"]),)) != layout((Leaf,))
