"""What an epoch is read from decides nothing: not its pieces and their order, not signatures that nobody asks for."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stillwatch.app import border
from stillwatch.app.folding import needed
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import Rules, State
from stillwatch.facts.frame import SIGNATURE
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store import arranged, scratch
from tests.app.watch.world import Place, read, rows, tables
from tests.campaigns.frames import Group, World, even_calibration


def refused() -> list[Frame]:
    """Epochs with a group whose refused prompts come again on other accounts, under a signature of their own."""
    world = World(60, groups=(Group(tuple(range(40, 52)), machinery=7, per_epoch=120, pool=40),), seed=3)
    found: list[Frame] = []
    for frame in world.epochs(6):
        shed = np.random.default_rng(len(found)).random(len(frame)) < 0.2
        signatures = np.repeat(frame.exact[:, None], frame.minhash.shape[1], axis=1).astype(np.int32)
        found.append(replace(frame, shed=shed, minhash=signatures))
    return found


def folded(frames: list[Frame], *, sparing: bool) -> tuple[State, list[bool]]:
    state, read = State.start(Rules(), even_calibration()), []
    for frame in frames:
        read.append(SIGNATURE in needed(state))
        seen = frame if read[-1] or not sparing else replace(frame, minhash=frame.minhash[:0])
        advance(state, seen, Identities.unknown(60))
    return state, read


def test_signatures_are_read_only_where_refused_requests_may_have_come_again() -> None:
    whole, _ = folded(refused(), sparing=False)
    spared, read = folded(refused(), sparing=True)
    assert set(read) == {False, True}
    shown = [[(x.number, x.migration and x.migration.echoing.tolist()) for x in s.lineages] for s in (whole, spared)]
    assert shown[0] == shown[1]
    assert any(counts and np.any(counts) for _, counts in shown[1])


def test_an_epoch_from_pieces_of_any_size_on_disk_gives_the_results_that_it_gives_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, log = Place.make(tmp_path), rows(3, seed=9)
    arrived = random.Random(2).sample([*log, *log[:40]], len(log) + 40)
    whole = place.scan(arrived, "whole")
    for module, name, size in (
        (border, "FLUSH_ROWS", 60),
        (arranged, "PIECE_ROWS", 9),
        (scratch, "IN_MEMORY_BYTES", 0),
    ):
        monkeypatch.setattr(module, name, size)
    pieces = place.scan(arrived, "whole", into="pieces")
    assert read(pieces) == read(whole)
    ours, theirs = tables(pieces), tables(whole)
    assert theirs.keys() == ours.keys()
    assert all(ours[name].equals(table) for name, table in theirs.items())
