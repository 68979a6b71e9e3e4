"""A world is deterministic, follows the declared tables, and its labels agree with its log."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from stillwatch.model.tables import ACCOUNTS, EXCHANGES, arrow_schema
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import demo_plan
from stillwatch.worlds.world import TRUTH, TRUTH_EXCHANGES, World, make_world
from tests.worlds.small import START, actor, alone, demo

TABLES = ("exchanges", "accounts", "truth", "truth_exchanges")


def _prompts(world: World, keep: pa.ChunkedArray | None = None) -> set[str]:
    table = world.exchanges if keep is None else world.exchanges.filter(keep)
    return set(table["input_messages"].to_pylist())


def test_the_same_plan_and_seed_make_the_same_world() -> None:
    again = make_world(demo_plan(5), 5)
    for name in TABLES:
        assert getattr(again, name).equals(getattr(demo(5), name)), name


def test_another_seed_changes_everything() -> None:
    one, other = demo(5), demo(6)
    for name in ("event_id", "account_id", "session_id", "system_instructions"):
        common = set(one.exchanges[name].to_pylist()) & set(other.exchanges[name].to_pylist()) - {None}
        assert not common, name
    assert len(_prompts(one) & _prompts(other)) < 0.03 * len(_prompts(one))
    assert [(a.kind, a.accounts) for a in demo_plan(5).actors] != [(a.kind, a.accounts) for a in demo_plan(6).actors]


def test_schemas_are_exactly_the_declared_ones() -> None:
    world = demo(5)
    assert world.exchanges.schema == arrow_schema(EXCHANGES)
    assert world.accounts.schema == arrow_schema(ACCOUNTS)
    assert world.truth.schema == TRUTH
    assert world.truth_exchanges.schema == TRUTH_EXCHANGES
    for table in (world.exchanges, world.accounts, world.truth, world.truth_exchanges):
        for field in table.schema:
            assert field.nullable or table[field.name].null_count == 0, field.name


def test_an_empty_plan_makes_an_empty_world() -> None:
    world = make_world(Plan(START, 1.0, ()), 1)
    assert world.exchanges.num_rows == world.accounts.num_rows == world.truth.num_rows == 0
    assert world.exchanges.schema == arrow_schema(EXCHANGES)


def test_rows_are_sorted_and_inside_the_span_and_identities_are_unique() -> None:
    world, span = demo(5), demo_plan(5).span
    keys = list(zip(world.exchanges["ts"].to_pylist(), world.exchanges["event_id"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    ts = world.exchanges["ts"].cast(pa.int64())
    assert span.start <= pc.min(ts).as_py() <= pc.max(ts).as_py() < span.end
    assert pc.count_distinct(world.exchanges["event_id"]).as_py() == world.exchanges.num_rows
    assert pc.count_distinct(world.accounts["account_id"]).as_py() == world.accounts.num_rows


def test_the_truth_agrees_with_the_log() -> None:
    world = demo(5)
    assert world.truth_exchanges["event_id"].equals(world.exchanges["event_id"])
    assert world.truth_exchanges["account_id"].equals(world.exchanges["account_id"])
    truth = {row["account_id"]: row for row in world.truth.to_pylist()}
    assert set(truth) == set(world.accounts["account_id"].to_pylist())
    for row in world.truth_exchanges.to_pylist():
        account = truth[row["account_id"]]
        assert row["operator"] is not None or not row["harvest"]
        if account["role"] == "member" and account["operator"] is not None:
            assert row["operator"] == account["operator"]
        elif account["role"] != "compromised":
            assert row["operator"] is None
    assert all((t["operator"] is None) or (t["cohort"] is None) for t in truth.values())


def test_owners_of_stolen_keys_are_victims_who_also_act_themselves() -> None:
    world = demo(5)
    stolen = {t["account_id"] for t in world.truth.to_pylist() if t["role"] == "compromised"}
    assert stolen
    hands = {account: set() for account in stolen}
    for row in world.truth_exchanges.to_pylist():
        if row["account_id"] in stolen:
            hands[row["account_id"]].add(row["operator"] is None)
    assert {True, False} in hands.values()


def test_an_actor_added_behind_changes_nobody_before() -> None:
    first = (actor("individuals"), actor("plugin"))
    short = make_world(Plan(START, 1.0, first), 3)
    long = make_world(Plan(START, 1.0, (*first, actor("fixed_template"))), 3)
    known = pc.is_in(long.exchanges["event_id"], short.exchanges["event_id"].combine_chunks())
    assert long.exchanges.filter(known).equals(short.exchanges)


def test_nothing_in_an_id_or_an_order_gives_an_operator_away() -> None:
    world = demo(5)
    operators = [row["operator"] is not None for row in world.truth.sort_by("account_id").to_pylist()]
    half = len(operators) // 2
    share = sum(operators) / len(operators)
    assert sum(operators[:half]) / half == pytest.approx(share, abs=0.06)


def test_prompts_of_operators_are_their_own_unless_they_imitate_people() -> None:
    world = demo(5)
    kinds = dict(zip(world.truth["account_id"].to_pylist(), world.truth["actor_kind"].to_pylist(), strict=True))
    human = {"low_and_slow", "live_relay", "replay"}
    harvest, benign = set(), set()
    rows = zip(world.exchanges["input_messages"].to_pylist(), world.truth_exchanges.to_pylist(), strict=True)
    for text, row in rows:
        if row["harvest"] and kinds[row["account_id"]] not in human:
            harvest.add(text)
        elif row["operator"] is None:
            benign.add(text)
    assert len(harvest) > 1_000
    assert len(harvest & benign) < 0.005 * len(harvest)


def test_the_rate_limit_is_met_and_the_request_is_sent_again() -> None:
    _, world = alone("declared_firm", limited=0.2)
    statuses = world.exchanges["http_status"].to_pylist()
    sent = list(zip(world.exchanges["input_messages"].to_pylist(), statuses, strict=True))
    refused = [text for text, status in sent if status == 429]
    served = {text for text, status in sent if status == 200}
    assert 0.12 < len(refused) / len(statuses) < 0.28
    assert sum(text in served for text in refused) / len(refused) > 0.95
    assert set(world.exchanges["error_type"].to_pylist()) == {None, "rate_limit_exceeded"}


def test_the_keyed_coin_is_off_unless_asked_for() -> None:
    _, plain = alone("plugin")
    _, shed = alone("plugin", shed=0.05)
    assert "shed_experiment" not in plain.exchanges["error_type"].to_pylist()
    assert shed.exchanges["error_type"].to_pylist().count("shed_experiment") > 0.02 * shed.exchanges.num_rows
