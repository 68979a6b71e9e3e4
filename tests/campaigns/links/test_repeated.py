"""Links by near duplicates: the stated weight, no more than chance allows, one less than accounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.links.link import Link
from stillwatch.campaigns.links.repeated import near_duplicate_links
from tests.campaigns.links.ground import Sent, codes, ground


def _links(accounts: int, sent: Sent, members: range) -> list[Link]:
    return list(near_duplicate_links(codes(*members), ground(accounts, sent=sent, members=members)))


def _own(accounts: int, each: int) -> list[tuple[int, int]]:
    """Prompts that nobody else sends."""
    return [(account, 10_000 + each * account + n) for account in range(accounts) for n in range(each)]


def test_the_weight_is_the_rarity_over_the_chances() -> None:
    sent = [*_own(400, 3), (0, 1), (1, 1), (77, 1), (1, 2)]
    (link,) = _links(400, sent, range(10))
    assert (link.a, link.b, link.shared, link.population) == (0, 1, 1, 3)
    assert link.weight == pytest.approx(np.log10(400 / (3 * 4)))


def test_what_many_send_links_nobody() -> None:
    viral = [(account, 1) for account in range(0, 400, 3)]
    assert not _links(400, [*_own(400, 3), *viral], range(60))


def test_several_shared_texts_count_and_the_rarest_weighs() -> None:
    shared = [(account, text) for text in (1, 2, 3) for account in (0, 1)] + [(account, 3) for account in range(2, 9)]
    (link,) = _links(2000, [*_own(2000, 1), *shared], range(2))
    assert (link.shared, link.population) == (3, 2)


def test_thousands_of_holders_get_one_link_less_than_accounts() -> None:
    sent = [(account, 1) for account in range(1000)] + [
        (account, 1000 + account % 500) for account in range(1000, 8000)
    ]
    links = _links(8000, sent, range(1000))
    assert len(links) == 999
    assert {account for link in links for account in (link.a, link.b)} == set(range(1000))


def test_accounts_that_choose_independently_are_linked_no_more_often_than_the_weight_says() -> None:
    """A few texts of everybody, and very many that two or three share: the worst case for judging by holders alone."""
    accounts, each, members = 300, 20, range(80)
    limits = np.array([0.5, 0.75, 1.0, 1.5, 2.0])
    above = np.zeros(len(limits))
    worlds = 6
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        texts = np.where(
            rng.random(accounts * each) < 0.1,
            rng.integers(1, 9, accounts * each),
            rng.integers(9, 3000, accounts * each),
        )
        sent = list(zip(np.repeat(np.arange(accounts), each).tolist(), texts.tolist(), strict=True))
        weights = np.array([link.weight for link in _links(accounts, sent, members)])
        above += (weights[:, None] >= limits).sum(axis=0)
    pairs = worlds * len(members) * (len(members) - 1) / 2
    assert above[0] > 0, "no chance meeting at all: this world would test nothing"
    assert (above <= pairs * 10.0**-limits).all()


@given(seed=st.integers(0, 2**20))
@settings(max_examples=6, deadline=None)
def test_the_order_of_requests_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sent = [(int(a), int(t)) for a, t in zip(rng.integers(0, 40, 60), rng.integers(0, 25, 60), strict=True)]
    sent += [(account, 1000 + account) for account in range(120)]
    shuffled = [sent[i] for i in rng.permutation(len(sent))]
    assert _links(120, sent, range(40)) == _links(120, shuffled, range(40))
