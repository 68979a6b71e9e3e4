"""A tree of plain values, arrays and objects of known classes, in one sealed file.

Layout: a line that names the format, the length of the tree, the tree as JSON, the arrays as raw bytes, at the end a
keyed hash (HMAC-SHA256) of all before it. What was cut, damaged, or written under another key does not pass the hash
and nothing of it is looked at. What passes was written by this program with this key; still nothing in it is run: the
reader makes numbers, texts, lists, arrays of numbers and objects of the classes it was handed, field by field. The
tree names every class with its fields, so a file of another version is refused and not half understood.

Two places that hold one object or one array hold one after reading too. Floats and arrays come back bit for bit.

Deliberately not done: migration between versions (what refuses says what to do), compression (the tables are mostly
hashes), pickle (a file of it is a program).
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch.errors import StoreError
from stillwatch.store.scratch import IN_MEMORY, Scratch

MAGIC = b"stillwatch.objects/1\n"
_SEAL_BYTES = 32
_LENGTH_BYTES = 8
_NUMBERS = "biuf"

Classes = Sequence[type[Any]]


def layout(classes: Classes) -> str:
    """A name of the classes with their fields: it differs between versions whose files do not fit."""
    text = ";".join(f"{c.__name__}:{','.join(f.name for f in dataclasses.fields(c))}" for c in classes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_objects(path: Path, value: Any, classes: Classes, given: Mapping[str, Any], key: bytes) -> None:
    """Write ``value`` to a new file and onto the disk; objects in ``given`` are written as their names."""
    encoder = _Encoder(classes, given)
    tree = {"layout": layout(classes), "value": encoder.value(value), "arrays": encoder.described()}
    raw = json.dumps(tree, separators=(",", ":")).encode()
    seal = hmac.new(key, digestmod="sha256")
    blocks: list[bytes | memoryview] = [MAGIC, len(raw).to_bytes(_LENGTH_BYTES, "big"), raw, *encoder.blocks()]
    with path.open("wb") as file:
        for block in blocks:
            seal.update(block)
            file.write(block)
        file.write(seal.digest())
        file.flush()
        os.fsync(file.fileno())


def read_objects(
    path: Path, classes: Classes, given: Mapping[str, Any], key: bytes, scratch: Scratch = IN_MEMORY
) -> Any:
    """What was written; ``StoreError`` with the reason where it cannot be trusted or understood.

    Arrays lie where ``scratch`` puts them.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    _check_seal(path, data, key)
    start = len(MAGIC) + _LENGTH_BYTES
    size = int.from_bytes(data[len(MAGIC) : start].tobytes(), "big")
    tree = json.loads(data[start : start + size].tobytes())
    if tree["layout"] != layout(classes):
        raise StoreError(f"{path} was written by another version of stillwatch")
    arrays = list(_arrays(tree["arrays"], data[start + size : -_SEAL_BYTES], scratch))
    return _Decoder(classes, given, arrays).value(tree["value"])


def _check_seal(path: Path, data: np.memmap[Any, Any], key: bytes) -> None:
    if len(data) < len(MAGIC) + _LENGTH_BYTES + _SEAL_BYTES or data[: len(MAGIC)].tobytes() != MAGIC:
        raise StoreError(f"{path} is no state of stillwatch, or of another version")
    seal = hmac.new(key, memoryview(data[:-_SEAL_BYTES]), "sha256")  # type: ignore[arg-type]
    if not hmac.compare_digest(seal.digest(), data[-_SEAL_BYTES:].tobytes()):
        raise StoreError(f"{path} is damaged, or was written under another keyring")


class _Encoder:
    """Values as JSON; arrays are put aside, objects and arrays that occur twice are written once."""

    def __init__(self, classes: Classes, given: Mapping[str, Any]) -> None:
        self._names = {c: c.__name__ for c in classes}
        self._given = {id(value): name for name, value in given.items()}
        self._objects: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._arrays: list[np.ndarray[Any, Any]] = []
        self._alive: list[Any] = []

    def value(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) in self._given:
            return ["given", self._given[id(value)]]
        if isinstance(value, np.ndarray):
            return ["array", self._place(value)]
        if isinstance(value, np.generic):
            return ["number", self._place(np.asarray(value))]
        if type(value) in (list, tuple, set):
            return [type(value).__name__, *map(self.value, value)]
        if type(value) is dict:
            return ["dict", *([self.value(k), self.value(v)] for k, v in value.items())]
        return self._object(value)

    def _object(self, value: Any) -> Any:
        name = self._names.get(type(value))
        if name is None:
            raise TypeError(f"{type(value).__name__} is not in the catalogue of what a state holds")
        if id(value) in self._objects:
            return ["same", self._objects[id(value)]]
        self._objects[id(value)] = len(self._objects)
        return [name, *(self.value(getattr(value, f.name)) for f in dataclasses.fields(value))]

    def _place(self, array: np.ndarray[Any, Any]) -> int:
        if id(array) not in self._places:
            if array.dtype.kind not in _NUMBERS:
                raise TypeError(f"an array of {array.dtype} cannot be written")
            self._places[id(array)] = len(self._arrays)
            self._alive.append(array)
            ordered = array if array.flags.f_contiguous else np.ascontiguousarray(array)
            self._arrays.append(ordered.reshape(array.shape))
        return self._places[id(array)]

    def described(self) -> list[list[Any]]:
        """Type, shape and order of every array."""
        return [[a.dtype.str, list(a.shape), _order(a)] for a in self._arrays]

    def blocks(self) -> Iterator[memoryview]:
        for array in self._arrays:
            if array.size:
                yield memoryview(array.reshape(-1, order=_order(array))).cast("B")  # type: ignore[arg-type]


def _order(array: np.ndarray[Any, Any]) -> Any:
    return "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"


class _Decoder:
    """The way back; makes only what its tables name."""

    def __init__(self, classes: Classes, given: Mapping[str, Any], arrays: list[np.ndarray[Any, Any]]) -> None:
        self._classes = {c.__name__: c for c in classes}
        self._given = given
        self._objects: list[Any] = []
        self._arrays = arrays
        self._plain: dict[str, Callable[[Iterator[Any]], Any]] = {"list": list, "tuple": tuple, "set": set}

    def value(self, node: Any) -> Any:
        if not isinstance(node, list):
            return node
        kind, *rest = node
        if kind in self._plain:
            return self._plain[kind](map(self.value, rest))
        match kind:
            case "dict":
                return {self.value(k): self.value(v) for k, v in rest}
            case "array":
                return self._arrays[rest[0]]
            case "number":
                return self._arrays[rest[0]][()]
            case "given":
                return self._given[rest[0]]
            case "same":
                return self._objects[rest[0]]
        return self._object(self._classes[kind], rest)

    def _object(self, cls: type[Any], values: list[Any]) -> Any:
        made = object.__new__(cls)
        self._objects.append(made)
        for field, node in zip(dataclasses.fields(cls), values, strict=True):
            object.__setattr__(made, field.name, self.value(node))
        return made


def _arrays(described: Iterable[Any], data: np.ndarray[Any, Any], scratch: Scratch) -> Iterator[np.ndarray[Any, Any]]:
    at = 0
    for name, shape, order in described:
        dtype = np.dtype(name)
        count = int(np.prod(shape, dtype=np.int64))
        end = at + count * dtype.itemsize
        # A copy: the file goes, and states are changed in place.
        made = scratch.array((count,), dtype)
        made.view(np.uint8)[:] = data[at:end]
        yield made.reshape(shape, order=order)
        at = end
