"""Signatures are half of every row; a fold that reads them only where they are needed finds what it finds with all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stillwatch.app.folding import needed
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import Rules, State
from stillwatch.facts.frame import SIGNATURE
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
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
