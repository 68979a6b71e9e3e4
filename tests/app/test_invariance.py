"""What must not count, does not count: countries, whose home is whose, the hour of the day, the script of a text.

One small made-up world, an operator among six kinds of look-alikes, is judged as it is and transformed, with the key
held fixed. "No more than chance" means for each transformation:

- **Countries swapped**, in the log and in the register: exactly nothing changes. The sketches and the register's
  identities are all that the fold reads, and both are equal bit by bit.
- **Homes permuted** among harmless accounts with as many addresses and ranges, in the same pattern: exactly nothing
  changes, as only the equality of addresses counts. Every group keeps members, state, score and p-value bit by bit.
- **All hours shifted** by whole epochs, through day and night: exactly nothing changes but the dates. Shifted by part
  of an epoch, epochs are cut elsewhere, so figures change; but two shifts that differ by whole epochs agree exactly. So
  the hour of the day counts nowhere, only the cut does. Another cut accuses nobody more than chance, below, does; whom
  it has watched may change, as evidence for coordination is gathered in other pieces, which no draw of a key does.
- **A harmless cohort transliterated**, letter by letter into another alphabet: hashes differ, and the cues, which know
  words, no longer find theirs. That can only speak for a group, and it does: cohorts that are asked for reasoning in
  Latin letters are ranked higher than the same in a script that no cue knows. So only one side can be held to *chance*.

*Chance* is what the draw of the key does, which decides the parts of texts that are kept: the world is judged under
other keys too. A transformation may accuse no more harmless accounts, list no more of them as watched or alarmed, and
give no harmless cohort a smaller p-value than the worst of these draws.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from stillwatch.app.inmemory import fold_tables, sketch_table
from stillwatch.campaigns.standing import Standing, stand
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence.calibration import load
from stillwatch.facts.register import Register
from stillwatch.sketch.net import normalise
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds import catalogue
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.stream import Actor
from stillwatch.worlds.world import World, make_world

SEED = 4
MONDAY = 1_767_571_200_000_000
HOUR = 3_600_000_000
KEY, OTHER_KEYS = b"k" * 32, tuple(bytes([n]) * 32 for n in range(1, 6))
KINDS = ("undeclared_pool", "plugin", "evaluation_team", "front_end", "classroom", "annotators")
LATIN, CYRILLIC = "abcdefghijklmnopqrstuvwxyz", "абцдефгхижклмнопярстувзьыш"
LETTERS = str.maketrans(LATIN + LATIN.upper(), CYRILLIC + CYRILLIC.upper())


@dataclass(frozen=True)
class Log:
    """What a scan reads."""

    exchanges: pa.Table
    accounts: pa.Table


@dataclass(frozen=True)
class Told:
    """Everything a scan says of one group but its dates and id."""

    accounts: frozenset[str]
    named: frozenset[str]
    state: str
    score: float | None
    p: float | None
    profile: tuple[float, ...] | None
    couse: float
    timing: float | None


@cache
def world() -> World:
    rng = np.random.default_rng(SEED)
    lookalikes = [_sized(catalogue.BY_KIND[kind].draw(rng)) for kind in KINDS]
    operator = Elicitation(accounts=12, rate=40.0, wordings=2, force=Force(siblings=True))
    crowd = (Individuals(accounts=90, rate=4.0, turns=2.0), Scripts(accounts=8, rate=20.0))
    return make_world(Plan(MONDAY, 1.75, (*crowd, *lookalikes, operator)), SEED)


def _sized(actor: Actor) -> Actor:
    sized: Any = replace(actor, accounts=10, rate=40.0)  # type: ignore[type-var]
    found: Actor = sized
    return found


def log() -> Log:
    return Log(world().exchanges, world().accounts)


def kinds() -> dict[str, str]:
    """The kind of each harmless account."""
    rows = world().truth.to_pylist()
    return {row["account_id"]: row["actor_kind"] for row in rows if row["operator"] is None}


def judged(given: Log, key: bytes = KEY) -> set[Told]:
    """All groups of the log."""
    state = State.start(Rules(), load())
    # Threads that wait for each other cost several times what the fold itself does.
    with threadpool_limits(1, "blas"):
        books = fold_tables(state, given.exchanges, given.accounts, Recipe(), key)
    known = Register(given.accounts).at(int(pc.max(given.exchanges["ts"].cast(pa.int64())).as_py()), books.account)
    standings = stand(state.lineages, state.lineages, books.account, known, key)
    return {_told(standing, books.account.names) for standing in standings}


def _told(standing: Standing, names: list[str]) -> Told:
    lineage = standing.lineage
    return Told(
        frozenset(names[a] for a in lineage.joined),
        frozenset(names[a] for a in lineage.named),
        standing.state,
        lineage.score,
        lineage.p_cohort,
        None if lineage.profile is None else tuple(lineage.profile.tolist()),
        lineage.couse,
        lineage.timing,
    )


@cache
def untouched() -> set[Told]:
    return judged(log())


@cache
def draws() -> tuple[set[Told], ...]:
    """The verdicts on the untouched world, under several keys."""
    return (untouched(), *(judged(log(), key) for key in OTHER_KEYS))


def accused(groups: Iterable[Told]) -> int:
    return len({account for group in groups for account in group.named} & kinds().keys())


def listed(groups: Iterable[Told]) -> int:
    open_to_view = (group for group in groups if group.state != "proposed")
    return len({account for group in open_to_view for account in group.accounts} & kinds().keys())


def least_p(groups: Iterable[Told]) -> float:
    """The smallest p-value of a group most of which is nobody's."""
    harmless = (g for g in groups if 2 * len(g.accounts & kinds().keys()) > len(g.accounts))
    return min((g.p for g in harmless if g.p is not None), default=1.0)


def assert_no_worse_than_chance(groups: set[Told]) -> None:
    assert accused(groups) <= max(accused(draw) for draw in draws())
    assert listed(groups) <= max(listed(draw) for draw in draws())
    assert least_p(groups) >= min(least_p(draw) for draw in draws())


def with_column(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    place = table.schema.get_field_index(name)
    field = table.schema.field(name)
    return table.set_column(place, field, pa.array(values, pa.string()).cast(field.type))


def mapped(table: pa.Table, name: str, change: Callable[[str], str]) -> pa.Table:
    return with_column(table, name, [None if v is None else change(v) for v in table[name].to_pylist()])


def test_the_world_has_verdicts_to_change() -> None:
    compared = [group for group in untouched() if group.p is not None]
    assert any(group.accounts - kinds().keys() for group in compared)
    harmless = {kinds()[a] for g in compared for a in g.accounts if a in kinds()}
    assert len(harmless & set(KINDS)) >= 3
    assert {"proposed"} < {group.state for group in untouched()}


def test_swapping_countries_changes_nothing_that_the_fold_reads() -> None:
    given = log()
    codes = sorted({*given.exchanges["client_country"].to_pylist(), *given.accounts["country"].to_pylist()} - {None})
    after = dict(zip(codes, [*codes[1:], codes[0]], strict=True))
    exchanges = mapped(given.exchanges, "client_country", after.__getitem__)
    accounts = mapped(given.accounts, "country", after.__getitem__)
    assert not exchanges["client_country"].equals(given.exchanges["client_country"])
    assert not accounts["country"].equals(given.accounts["country"])
    sketches = sketch_table(given.exchanges, Recipe(), KEY)
    assert sketch_table(exchanges, Recipe(), KEY).equals(sketches)
    assert _identities(accounts, sketches) == _identities(given.accounts, sketches)


def _identities(accounts: pa.Table, sketches: pa.Table) -> dict[str, list[Any]]:
    from stillwatch.model.frame import Codebook

    book = Codebook()
    book.encode(sketches["account_id"].unique().to_pylist())
    found = Register(accounts).at(MONDAY, book)
    return {field.name: getattr(found, field.name).tolist() for field in fields(found)}


def test_permuting_homes_changes_nothing() -> None:
    given = log()
    moved = _moved(given.exchanges)
    addresses = given.exchanges["client_ip"].to_pylist()
    assert len(moved) > 60
    changed = [
        moved.get((account, address), address)
        for account, address in zip(given.exchanges["account_id"].to_pylist(), addresses, strict=True)
    ]
    assert sum(a != b for a, b in zip(addresses, changed, strict=True)) > 300
    assert judged(replace(given, exchanges=with_column(given.exchanges, "client_ip", changed))) == untouched()


def _moved(exchanges: pa.Table) -> dict[tuple[str, str], str]:
    """The new address for each (account, address): every home goes to the next account with one of the same pattern."""
    homes: dict[str, list[str]] = defaultdict(list)
    holders: dict[str | None, set[str]] = defaultdict(set)
    for account, address in zip(exchanges["account_id"].to_pylist(), exchanges["client_ip"].to_pylist(), strict=True):
        holders[normalise(address)[1]].add(account)
        if address not in homes[account]:
            homes[account].append(address)
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for account, addresses in homes.items():
        ranges = [normalise(address)[1] for address in addresses]
        if account in kinds() and all(len(holders[r]) == 1 for r in ranges):
            alike[tuple(ranges.index(r) for r in ranges)].append(account)
    return {
        (account, old): new
        for accounts in alike.values()
        for account, other in zip(accounts, [*accounts[1:], accounts[0]], strict=True)
        for old, new in zip(homes[account], homes[other], strict=True)
    }


def shifted(hours: int) -> Log:
    return Log(*(_shifted(table, hours * HOUR) for table in (log().exchanges, log().accounts)))


def _shifted(table: pa.Table, us: int) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            later = pc.add(table[field.name].cast(pa.int64()), us).cast(field.type)
            table = table.set_column(place, field, later)
    return table


def test_shifting_all_hours_by_whole_epochs_changes_nothing_but_dates() -> None:
    assert judged(shifted(33)) == untouched()


def test_only_where_epochs_are_cut_depends_on_a_shift_by_part_of_one() -> None:
    for hours in (1, 2):
        later = judged(shifted(hours))
        assert later == judged(shifted(hours - 12))
        assert accused(later) <= max(accused(draw) for draw in draws())


@pytest.mark.parametrize("kind", ["front_end", "evaluation_team"])
def test_transliterating_a_harmless_cohort_speaks_against_nobody(kind: str) -> None:
    given = log()
    mine = [kinds().get(account) == kind for account in given.exchanges["account_id"].to_pylist()]
    exchanges = given.exchanges
    for name in ("system_instructions", "input_messages"):
        texts = exchanges[name].to_pylist()
        written = [_written(t) if m and t is not None else t for t, m in zip(texts, mine, strict=True)]
        assert written != texts or name == "system_instructions"
        exchanges = with_column(exchanges, name, written)
    assert_no_worse_than_chance(judged(replace(given, exchanges=exchanges)))


def _written(raw: str) -> str:
    """Messages in the other alphabet, letter by letter."""
    messages: list[Mapping[str, Any]] = json.loads(raw)
    for message in messages:
        for part in message["parts"]:
            part["content"] = part["content"].translate(LETTERS)
    return json.dumps(messages, ensure_ascii=False)
