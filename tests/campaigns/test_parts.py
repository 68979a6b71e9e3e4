"""An epoch that is counted in many small parts, on disk, leaves the state that it leaves as a whole in memory."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns import index, singles
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import Rules, State
from stillwatch.groups import infrastructure, templates
from stillwatch.groups.templates import Waiting
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


def folded(rules: Rules, place: Scratch) -> Any:
    state = State.start(rules, even_calibration())
    for frame in epochs():
        advance(state, frame, Identities.unknown(ACCOUNTS), place)
    assert state.lineages and state.singles.followed
    return told({f.name: getattr(state, f.name) for f in dataclasses.fields(state) if "calibration" not in f.name})


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
