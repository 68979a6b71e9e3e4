"""What a group hides: harvest wording weighs by how few of its accounts bear one open mark."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns.profiling import churn, profile
from stillwatch.campaigns.tally import Tally
from stillwatch.evidence.population import Population
from stillwatch.evidence.profile import Profile
from stillwatch.groups.infrastructure import Networks
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_kinds
from tests.campaigns.frames import START, build

MEMBERS, EVERYBODY = 10, 100
REASONING = next(kind.mask for kind in cue_kinds() if kind.id == "reasoning_entire")


def found(nets: Any = None, public: int | None = None, **identity: list[int]) -> Profile:
    """The profile of ten accounts that all ask for reasoning, which nobody else does.

    ``nets``: one for each account, or for each of its twenty requests; ``public``: where everybody else comes from.
    """
    rows, per = np.arange(20 * MEMBERS), 20
    account = rows // per
    columns: dict[str, Any] = {"exact": rows + 1, "cues": np.full(len(rows), REASONING)}
    if nets is not None:
        columns["net"] = np.broadcast_to(np.asarray(nets).reshape(MEMBERS, -1), (MEMBERS, per)).ravel()
    frame = build(START + rows, account, **columns)
    others = np.repeat(np.arange(MEMBERS, EVERYBODY), 5)
    elsewhere = others + 1_000 if public is None else np.full(len(others), public)
    crowd = build(START + np.arange(len(others)), others, exact=np.arange(len(others)) + 10_000, net=elsewhere)
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


@pytest.mark.parametrize(
    ("nets", "rooms"),
    [
        ([7] * 10, 1.0),
        ([7] * 4 + [8] * 3 + list(range(100, 103)), 0.7),
        (list(range(100, 110)), 0.0),
        ([list(range(20))] * 10, 0.25),
        ([[7] * 15 + list(range(5 * a, 5 * a + 5)) for a in range(100, 110)], 0.75),
    ],
    ids=["one room", "two rooms", "homes", "twenty exits", "a room and exits of each"],
)
def test_rooms_are_the_five_commonest_own_ranges_that_accounts_share(nets: Any, rooms: float) -> None:
    assert found(nets=nets)["rooms"] == pytest.approx(rooms)


def test_a_range_that_everybody_uses_is_no_room() -> None:
    assert found(nets=[7] * 10, public=7)["rooms"] == 0.0


@pytest.mark.parametrize("ranges", [1, 2, 5, 40])
def test_churn_does_not_grow_with_what_was_sent(ranges: int) -> None:
    """Of accounts that draw their range evenly from so many, eight requests come from r·(1 - (1 - 1/r)⁸) of them."""
    draw = np.random.default_rng(ranges)
    for sent in (8, 20, 300):
        tally = Tally()
        for account in range(400):
            drawn, counts = np.unique(draw.integers(0, ranges, sent), return_counts=True)
            tally.nets |= {(account, int(net)): int(n) for net, n in zip(drawn, counts, strict=True)}
        assert np.exp(churn(tally)) == pytest.approx(ranges * (1 - (1 - 1 / ranges) ** 8), rel=0.03)


def test_churn_is_the_mean_over_all_choices_of_eight_requests() -> None:
    sent = [0] * 6 + [1] * 3 + [2, 3]
    chosen = [len(set(some)) for some in itertools.combinations(sent, 8)]
    fresh = (np.mean(chosen) - 1) / 7 * 10 / 11  # one request that brings nothing beside the ten further ones
    assert churn(Tally(nets={(5, 0): 6, (5, 1): 3, (5, 2): 1, (5, 3): 1})) == pytest.approx(np.log1p(7 * fresh))


def test_nothing_is_read_from_single_requests_or_from_unknown_addresses() -> None:
    once = Tally(nets={(account, account): 1 for account in range(50)})
    unknown = Tally(nets={(account, -1): 20 for account in range(50)})
    two = Tally(nets={(0, 1): 1, (0, 2): 1})
    assert (churn(once), churn(unknown), churn(Tally())) == (0.0, 0.0, 0.0)
    assert churn(two) == pytest.approx(np.log(4.5)), "half of what eight ranges would be: one of two requests told"
