"""An epoch that is counted in many small parts, on disk, leaves the state that it leaves as a whole in memory."""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns import index, singles
from stillwatch.campaigns.advance import advance, number_of
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.taking import Taken
from stillwatch.groups import infrastructure, leanings, templates
from stillwatch.groups.templates import Templates, Waiting
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store import scratch
from stillwatch.store.scratch import IN_MEMORY, Scratch
from tests.campaigns.frames import Group, World, even_calibration

BUSY, POOL = tuple(range(10, 22)), tuple(range(40, 60))
ACCOUNTS = 80


@cache
def epochs() -> list[Frame]:
    """A group whose accounts become busy, one with few prompts, refused requests, networks and clients."""
    found, draw = [], np.random.default_rng(5)
    for frame in World(ACCOUNTS, groups=(Group(BUSY, 77, 500), Group(POOL, 88, 60, pool=20, since=1))).epochs(5):
        values = draw.integers(-1, 30, (2, len(frame))).astype(np.int32)
        cues = draw.integers(0, 1 << 20, len(frame))
        found.append(
            dataclasses.replace(frame, net=values[0], agent=values[1], cues=cues, shed=draw.random(len(frame)) < 0.1)
        )
    return found


def told(value: Any) -> Any:
    """A value as something that can be compared; which of equal prompts a key remembers is nobody's promise."""
    if isinstance(value, Waiting):
        return value.epoch, value.pair.tolist(), value.exact(np.arange(len(value))).tolist()
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.tolist()
    if dataclasses.is_dataclass(value):
        return {f.name: told(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [told(v) for v in value]
    return {k: told(v) for k, v in value.items()} if isinstance(value, dict) else value


def folded(rules: Rules, place: Scratch, slices: int = 0) -> Any:
    """The state after all epochs, each taken in whole or in so many slices before it is closed."""
    state = State.start(rules, even_calibration())
    for frame in epochs():
        taken = sliced(state, frame, place, slices) if slices else None
        advance(state, frame, Identities.unknown(ACCOUNTS), place, taken)
    assert state.lineages and state.singles.followed
    found = {f.name: getattr(state, f.name) for f in dataclasses.fields(state) if "calibration" not in f.name}
    waiting = waits(found.pop("templates"))
    return told(found), told(state.templates.pairs), waiting


def sliced(state: State, frame: Frame, place: Scratch, slices: int) -> Taken:
    before = told({f.name: getattr(state, f.name) for f in dataclasses.fields(state) if "calibration" not in f.name})
    taken, bounds = Taken(state, number_of(state.rules, frame), place, aside=True), range(slices + 1)
    for low, high in pairwise(len(frame) * n // slices for n in bounds):
        some = part(frame, slice(low, high))
        taken.liken(some)
        taken.count(some, 1 + int(frame.account[:high].max(initial=0)))
        taken.tidy()
    assert (
        told({f.name: getattr(state, f.name) for f in dataclasses.fields(state) if "calibration" not in f.name})
        == before
    )
    return taken


def part(frame: Frame, rows: slice) -> Frame:
    columns = (f.name for f in dataclasses.fields(frame) if f.name not in ("start_us", "end_us"))
    return dataclasses.replace(frame, **{name: getattr(frame, name)[rows] for name in columns})


def waits(templates: Templates) -> dict[int, dict[int, int]]:
    """Prompts by the pairs that wait for a second one, by epoch; a pair in use waits for nothing."""
    found: dict[int, dict[int, int]] = {}
    for table in templates.singles:
        prompts = table.exact(np.arange(len(table))).tolist()
        assert found.setdefault(table.epoch, {}).keys().isdisjoint(table.pair.tolist())
        found[table.epoch] |= dict(zip(table.pair.tolist(), prompts, strict=True))
    return {
        e: {p: x for p, x in pairs.items() if p not in set(templates.pairs.pair.tolist())} for e, pairs in found.items()
    }


@pytest.mark.parametrize("slices", [1, 7, 40])
@pytest.mark.parametrize("rules", [Rules(), Rules(window_days=1), Rules(window_days=1, epoch_hours=24)])
def test_slices_taken_in_beforehand_leave_the_state_that_whole_epochs_leave(
    monkeypatch: pytest.MonkeyPatch, rules: Rules, slices: int
) -> None:
    for module, name, size in ((leanings, "CHUNK", 50), (templates, "_PIECE", 64), (templates, "RUNS", 2)):
        monkeypatch.setattr(module, name, size)
    assert folded(rules, IN_MEMORY, slices) == folded(rules, IN_MEMORY)


@pytest.mark.parametrize("window_days", [14, 1])
def test_many_parts_on_disk_leave_the_state_that_one_in_memory_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window_days: int
) -> None:
    rules = Rules(window_days=window_days)
    whole = folded(rules, IN_MEMORY)
    monkeypatch.setattr(scratch, "IN_MEMORY_BYTES", 0)
    for module, name, size in (
        (templates, "_PIECE", 64),
        (templates, "_CHUNK", 16),
        (infrastructure, "_PIECE", 50),
        (singles, "_PIECE", 40),
        (index, "_CHUNK", 37),
    ):
        monkeypatch.setattr(module, name, size)
    assert folded(rules, Scratch(tmp_path)) == whole
