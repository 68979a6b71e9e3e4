"""Every class that a state can hold is in the catalogue; found from the annotations, so no new one is missed."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from typing import Any

from stillwatch.app.watch.catalogue import CLASSES
from stillwatch.app.watch.fold import FoldState
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.reviewed import Reviewed
from stillwatch.evidence.single import SingleCalibration

GIVEN = {Calibration, SingleCalibration, Reviewed}
"""Come with the program or its arguments and are not written."""


def _held(kind: Any) -> Iterator[type[Any]]:
    """Dataclasses in an annotation."""
    if typing.get_args(kind) or isinstance(kind, types.UnionType):
        for inner in typing.get_args(kind):
            yield from _held(inner)
    elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
        yield kind


def _reachable(root: type[Any]) -> set[type[Any]]:
    found, todo = set[type[Any]](), [root]
    while todo:
        kind = todo.pop()
        if kind in found or kind in GIVEN:
            continue
        found.add(kind)
        hints = typing.get_type_hints(kind)
        todo += [inner for f in dataclasses.fields(kind) for inner in _held(hints[f.name])]
    return found


def test_the_catalogue_holds_what_a_fold_is_made_of_and_nothing_else() -> None:
    assert _reachable(FoldState) == set(CLASSES)
    assert len(CLASSES) == len({c.__name__ for c in CLASSES})
