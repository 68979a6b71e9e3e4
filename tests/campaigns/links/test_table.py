"""LINKS as a table: names change nothing but names, hostile ids stay data, the number of links is bounded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.links import table
from stillwatch.campaigns.links.table import links_table
from stillwatch.groups.activity import DAY_US
from stillwatch.model.frame import Codebook
from stillwatch.model.tables import LINKS, arrow_schema
from tests.campaigns.links.ground import ground, standing

ACCOUNTS, MEMBERS = 200, range(20)


def _book(names: Sequence[str]) -> Codebook:
    book = Codebook()
    for name in names:
        book.code(name)
    return book


def _table(names: Sequence[str]) -> pa.Table:
    rng = np.random.default_rng(3)
    sent = [(account, 1 + account % 4) for account in MEMBERS] + [
        (account, 50 + account) for account in range(ACCOUNTS)
    ]
    opened = rng.integers(1, 300 * DAY_US, ACCOUNTS)
    opened[list(MEMBERS)] = 200 * DAY_US + np.arange(len(MEMBERS))
    cards = np.where(np.arange(ACCOUNTS) < 10, 0, -1).astype(np.int32)
    known = ground(ACCOUNTS, sent=sent, members=MEMBERS, created_us=opened, payment=cards)
    return links_table([standing("c-1", MEMBERS)], known, _book(names))


def _plain() -> list[str]:
    return [f"a{code:03}" for code in range(ACCOUNTS)]


def test_the_table_fits_its_declaration_and_holds_every_kind_that_is_there() -> None:
    links = _table(_plain())
    assert links.schema.equals(arrow_schema(LINKS))
    assert set(links["kind"].to_pylist()) == {"payment", "near_duplicate", "onset"}
    rows = links.to_pylist()
    assert all(row["account_a"] < row["account_b"] for row in rows)
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)


@given(st.lists(st.text(min_size=1), min_size=ACCOUNTS, max_size=ACCOUNTS, unique=True))
@settings(max_examples=5, deadline=None)
def test_new_names_change_nothing_but_names(names: list[str]) -> None:
    names = [name.encode("utf-8", "replace").decode() + str(code) for code, name in enumerate(names)]
    old, new = _table(_plain()).to_pylist(), _table(names).to_pylist()
    called = dict(zip(_plain(), names, strict=True))
    for before, after in zip(old, new, strict=True):
        assert {called[before["account_a"]], called[before["account_b"]]} == {after["account_a"], after["account_b"]}
        for column in ("kind", "weight", "shared", "population"):
            assert before[column] == after[column]


def test_what_is_listed_of_a_kind_is_the_strongest(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = _table(_plain()).to_pylist()
    monkeypatch.setattr(table, "MOST_LINKS", 3)
    kept = _table(_plain()).to_pylist()
    for kind in {row["kind"] for row in everything}:
        assert [r for r in kept if r["kind"] == kind] == [r for r in everything if r["kind"] == kind][:3]


def test_a_group_without_members_has_no_links() -> None:
    known = ground(ACCOUNTS, sent=[(0, 1)], members=[0])
    assert len(links_table([standing("c-1", [])], known, _book(_plain()))) == 0
