"""A campaign that comes back with other accounts after a pause is a campaign of its own and names the one before."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.relations import predecessor, stopped_campaigns
from stillwatch.campaigns.standing import Standing
from stillwatch.campaigns.state import Rules, State
from stillwatch.groups.activity import Activity
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from tests.campaigns.frames import Group, World, even_calibration

FIRST, SECOND = tuple(range(120, 132)), tuple(range(132, 144))
ACCOUNTS, STOPS = 144, 8
"""The first accounts stop with epoch STOPS."""


def _without(frame: Frame, accounts: tuple[int, ...]) -> Frame:
    keep = np.flatnonzero(~np.isin(frame.account, accounts))
    columns = {f.name: getattr(frame, f.name) for f in fields(frame)}
    rows: dict[str, Any] = {name: values[keep] for name, values in columns.items() if isinstance(values, np.ndarray)}
    return replace(frame, **rows, event_id=[frame.event_id[row] for row in keep.tolist()])


def _campaigns(pause: int, epochs: int) -> tuple[list[Standing], Activity]:
    """What a fold with a window of two days finds when ``SECOND`` takes over after a pause."""
    groups = (Group(FIRST, 5, 60), Group(SECOND, 5, 60, since=STOPS + pause))
    state = State.start(Rules(window_days=2), even_calibration())
    activity = Activity()
    for number, frame in enumerate(World(groups=groups, seed=2).epochs(epochs)):
        seen = _without(frame, FIRST) if number >= STOPS else frame
        activity.observe(seen.account, seen.ts, ACCOUNTS)
        advance(state, seen, Identities.unknown(ACCOUNTS))
    return [Standing(x, f"c-{x.number}", "alarmed", False) for x in state.lineages if x.alarmed_us], activity


def test_after_a_pause_the_successor_names_its_predecessor() -> None:
    found, activity = _campaigns(pause=10, epochs=28)
    one, other = sorted(found, key=lambda s: s.lineage.proposed_us)
    assert (set(one.lineage.named), set(other.lineage.named)) == (set(FIRST), set(SECOND))
    before = predecessor(other, stopped_campaigns(found, activity), activity)
    assert before is not None
    assert before.campaign_id == one.campaign_id
    assert predecessor(one, stopped_campaigns(found, activity), activity) is None


def test_a_log_cut_before_the_successor_dates_the_first_campaign_alike_and_knows_of_no_other() -> None:
    (early,), activity = _campaigns(pause=10, epochs=18)
    found, _ = _campaigns(pause=10, epochs=28)
    late = min(found, key=lambda s: s.lineage.proposed_us)
    assert (early.lineage.alarmed_us, early.lineage.named) == (late.lineage.alarmed_us, late.lineage.named)
    assert predecessor(early, stopped_campaigns([early], activity), activity) is None


@pytest.mark.parametrize("pause", [0, 2])
def test_without_a_long_pause_it_is_the_same_campaign_grown(pause: int) -> None:
    (only,), activity = _campaigns(pause, epochs=20)
    assert set(only.lineage.joined) == {*FIRST, *SECOND}
    assert predecessor(only, stopped_campaigns([only], activity), activity) is None
