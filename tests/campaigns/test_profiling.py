"""What a group hides: harvest wording weighs by how few of its accounts bear one open mark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns.profiling import profile
from stillwatch.campaigns.tally import Tally
from stillwatch.evidence.population import Population
from stillwatch.evidence.profile import Profile
from stillwatch.groups.infrastructure import Networks
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_kinds
from tests.campaigns.frames import START, build

MEMBERS, EVERYBODY = 10, 100
REASONING = next(kind.mask for kind in cue_kinds() if kind.id == "reasoning_entire")


def found(nets: list[int] | None = None, **identity: list[int]) -> Profile:
    """The profile of ten accounts that all ask for reasoning, which nobody else does; ``nets``: one for each."""
    rows, per = np.arange(20 * MEMBERS), 20
    account = rows // per
    columns: dict[str, Any] = {"exact": rows + 1, "cues": np.full(len(rows), REASONING)}
    if nets is not None:
        columns["net"] = np.asarray(nets)[account]
    frame = build(START + rows, account, **columns)
    others = np.repeat(np.arange(MEMBERS, EVERYBODY), 5)
    crowd = build(START + np.arange(len(others)), others, exact=np.arange(len(others)) + 10_000, net=others + 1_000)
    population, networks, tally = Population(), Networks(8), Tally()
    for part in (frame, crowd):
        population.observe(part, EVERYBODY)
        networks.observe(part, 1)
    tally.add(frame, rows, rows, np.full(len(rows), 3), np.zeros(len(rows), dtype=np.int64))
    identities = Identities.unknown(EVERYBODY)
    for name, values in identity.items():
        getattr(identities, name)[:MEMBERS] = values
    return profile(tally, np.arange(MEMBERS, dtype=np.int32), population, identities, networks)


BARE = found()["hidden_harvest"]


def test_without_a_mark_the_whole_harvest_is_hidden() -> None:
    assert pytest.approx(found()["elicitation"]) == BARE
    assert BARE > 1


@pytest.mark.parametrize(
    ("marked", "share"), [(5, 1.0), (6, 0.8), (8, 0.4), (10, 0.0)], ids=["half", "six", "eight", "all"]
)
def test_an_address_range_of_its_own_counts_from_half_of_the_accounts_on(marked: int, share: float) -> None:
    nets = [7] * marked + [100 + n for n in range(MEMBERS - marked)]
    told = found(nets=nets)
    assert told["tied_network"] == pytest.approx(marked / MEMBERS)
    assert told["hidden_harvest"] == pytest.approx(share * BARE)
    assert told["elicitation"] == pytest.approx(found()["elicitation"])


def test_accounts_that_declare_themselves_hide_nothing_whatever_they_declare() -> None:
    """Two organisations and some verified owners: none of them ties half of the accounts."""
    told = found(org=[1] * 4 + [2] * 3 + [-1] * 3, verified=[0] * 7 + [1] * 3)
    assert told["tied_org"] == 0.4
    assert told["hidden_harvest"] == 0.0


def test_a_shared_card_is_no_open_mark() -> None:
    told = found(payment=[3] * MEMBERS)
    assert told["tied_payment"] == 1.0
    assert told["hidden_harvest"] == pytest.approx(BARE)
