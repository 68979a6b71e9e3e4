"""From a sketch table to a frame: nothing is lost, nothing missing is invented, tenants stay apart."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.facts.frame import FRAME_COLUMNS, Codebooks, assembled, build_frame
from stillwatch.model.frame import Codebook, Frame
from stillwatch.model.tables import BAG_SIZE, MINHASH_SIZE, SKELETON_SIZE, SKETCHES, arrow_schema
from stillwatch.store import scratch
from stillwatch.store.scratch import IN_MEMORY, Scratch

ZERO = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA = arrow_schema(SKETCHES)
NUMBERS = {
    "session": "session",
    "end_user": "end_user",
    "turns": "turns",
    "prompt_words": "prompt_words",
    "output_tokens": "output_tokens",
    "max_tokens": "max_tokens",
    "tool_count": "tool_count",
    "cues": "cues",
    "exact": "prompt_exact",
    "opening": "prompt_open",
    "closing": "prompt_close",
    "system": "system_exact",
}
"""Field of the frame to column of the table."""
HASHES = ("exact", "opening", "closing", "system")


def table(*rows: dict[str, Any], chunks: int = 1) -> pa.Table:
    """Sketch rows; what a row does not name is null."""
    full = []
    for i, row in enumerate(rows):
        base = {**dict.fromkeys(SKETCHES.column_names), "event_id": f"e{i}", "account_id": "a", "ts": ZERO}
        full.append({**base, **row})
    size = -(-len(full) // chunks) if full else 0
    parts = [pa.Table.from_pylist(full[i : i + size], schema=SCHEMA) for i in range(0, len(full), max(size, 1))]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def frame_of(*rows: dict[str, Any], books: Codebooks | None = None, chunks: int = 1) -> Frame:
    return build_frame(table(*rows, chunks=chunks), books or Codebooks(), start_us=0, end_us=10)


def test_a_row_of_nulls_is_a_row_of_nothing() -> None:
    frame = frame_of({})
    assert len(frame) == 1
    assert (frame.account[0], frame.net[0], frame.agent[0], frame.model[0]) == (0, -1, -1, -1)
    assert all(getattr(frame, name)[0] == 0 for name in NUMBERS)
    assert np.isnan(frame.temperature[0])
    assert (bool(frame.served[0]), bool(frame.shed[0]), bool(frame.stream[0])) == (True, False, False)
    for name, width in (
        ("skeleton", SKELETON_SIZE),
        ("system_skeleton", SKELETON_SIZE),
        ("minhash", MINHASH_SIZE),
        ("bag", BAG_SIZE),
    ):
        matrix = getattr(frame, name)
        assert matrix.shape == (1, width)
        assert not matrix.any()


def test_an_empty_table_is_an_empty_frame() -> None:
    frame = frame_of()
    assert len(frame) == 0
    assert frame.skeleton.shape == (0, SKELETON_SIZE)
    assert frame.minhash.shape == (0, MINHASH_SIZE)


NUMBER = st.none() | st.integers(-(2**31), 2**31 - 1)
ROW = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS.values(), NUMBER),
        "account_id": st.sampled_from(["a", "b", "ä", "c" * 40]),
        "client_net": st.none() | st.sampled_from(["n1", "n2"]),
        "model_request": st.none() | st.sampled_from(["m1", "m2"]),
        "prompt_skeleton": st.none() | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=SKELETON_SIZE),
        "prompt_minhash": st.none() | st.just(b"") | st.binary(min_size=4 * MINHASH_SIZE, max_size=4 * MINHASH_SIZE),
        "prompt_bag": st.none() | st.just(b"") | st.binary(min_size=BAG_SIZE, max_size=BAG_SIZE),
        "http_status": st.none() | st.sampled_from([200, 399, 400, 429, 500]),
        "stream": st.none() | st.booleans(),
        "temperature": st.none() | st.floats(0, 2),
    }
)


@settings(max_examples=40)
@given(st.lists(ROW, max_size=6), st.integers(1, 3))
def test_every_value_arrives_and_every_null_is_nothing(rows: list[dict[str, Any]], chunks: int) -> None:
    books = Codebooks()
    frame = frame_of(*rows, books=books, chunks=chunks)
    assert len(frame) == len(rows)
    for i, row in enumerate(rows):
        assert books.account.names[frame.account[i]] == row["account_id"]
        for name, column in NUMBERS.items():
            assert getattr(frame, name)[i] == (row[column] or 0)
        assert frame.skeleton[i].tolist() == padded(row["prompt_skeleton"])
        assert frame.minhash[i].tobytes() == (row["prompt_minhash"] or bytes(4 * MINHASH_SIZE))
        assert frame.bag[i].tobytes() == (row["prompt_bag"] or bytes(BAG_SIZE))
        for codes, book, column in (
            (frame.net, books.net, "client_net"),
            (frame.model, books.model, "model_request"),
        ):
            assert (None if codes[i] < 0 else book.names[codes[i]]) == row[column]
        assert frame.served[i] == ((row["http_status"] or 0) < 400)
        assert frame.stream[i] == bool(row["stream"])
        assert (
            np.isnan(frame.temperature[i]) if row["temperature"] is None else frame.temperature[i] == row["temperature"]
        )


@pytest.mark.parametrize("on_disk", [False, True])
def test_pieces_in_any_order_make_the_frame_that_the_whole_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY_BYTES", 0)

    @settings(max_examples=25)
    @given(st.lists(ROW, min_size=1, max_size=8), st.randoms(use_true_random=False), st.integers(1, 4), st.booleans())
    def check(rows: list[dict[str, Any]], draw: random.Random, size: int, signed: bool) -> None:
        tenants = [{**row, "tenant_id": draw.choice([None, "x", "y"])} for row in rows]
        whole = table(*tenants) if signed else table(*tenants).select(FRAME_COLUMNS)
        order = draw.sample(range(len(rows)), len(rows))
        cuts = [np.array(order[low : low + size], dtype=np.int32) for low in range(0, len(rows), size)]
        pieces = ((whole.take(pa.array(cut)), cut) for cut in cuts)
        known = {"account": ["b"], "model": ["m2"]}
        ours, theirs = (_books(known) for _ in range(2))
        place = Scratch(tmp_path) if on_disk else IN_MEMORY
        found = assembled(pieces, len(rows), ours, start_us=0, end_us=10, scratch=place)
        wanted = build_frame(whole, theirs, start_us=0, end_us=10)
        assert ours == theirs
        assert list(found.event_id) == found.event_id[:] == wanted.event_id
        for column in fields(Frame):
            values, right = getattr(found, column.name), getattr(wanted, column.name)
            if isinstance(right, np.ndarray):
                assert values.dtype == right.dtype
                np.testing.assert_array_equal(values, right)

    check()


def _books(known: dict[str, list[str]]) -> Codebooks:
    books = Codebooks()
    for name, names in known.items():
        book: Codebook = getattr(books, name)
        book.encode(names)
    return books


def padded(values: list[int] | None) -> list[int]:
    return [*(values or []), *[0] * (SKELETON_SIZE - len(values or []))]


def test_a_slice_of_a_table_reads_its_own_rows() -> None:
    rows = [
        {"prompt_skeleton": [i, i + 1], "prompt_bag": bytes([i]) * BAG_SIZE, "account_id": f"a{i}"} for i in range(6)
    ]
    books = Codebooks()
    frame = build_frame(table(*rows).slice(2, 3), books, start_us=0, end_us=1)
    assert frame.skeleton[:, :2].tolist() == [[2, 3], [3, 4], [4, 5]]
    assert frame.bag[:, 0].tolist() == [2, 3, 4]
    assert books.account.names == ["a2", "a3", "a4"]


def test_codes_are_extended_and_never_renumbered() -> None:
    books = Codebooks()
    first = frame_of({"account_id": "a"}, {"account_id": "b"}, books=books)
    second = frame_of({"account_id": "c"}, {"account_id": "b"}, books=books)
    assert (first.account.tolist(), second.account.tolist()) == ([0, 1], [2, 1])


def test_times_keep_their_microseconds() -> None:
    frame = frame_of({"ts": ZERO + timedelta(microseconds=1_767_225_600_123_457)})
    assert frame.ts.tolist() == [1_767_225_600_123_457]


@pytest.mark.parametrize(("error", "shed"), [(None, False), ("shed_experiment", True), ("rate_limit", False)])
def test_only_the_keyed_coin_sheds(error: str | None, shed: bool) -> None:
    assert frame_of({"error_type": error}).shed.tolist() == [shed]


def test_a_client_is_its_own_name_and_its_fingerprint() -> None:
    rows = [
        {"user_agent": agent, "ja4": ja4}
        for agent, ja4 in ((None, None), ("u", None), (None, "j"), ("u", "j"), ("u", "j"), ("u", "k"))
    ]
    agent = frame_of(*rows).agent.tolist()
    assert agent[0] == -1
    assert agent[3] == agent[4]
    assert len(set(agent)) == 5


class TestTenants:
    """Account ids, addresses and texts are each tenant's own: a link never crosses."""

    def test_one_account_id_at_two_tenants_is_two_accounts(self) -> None:
        frame = frame_of({"tenant_id": "x"}, {"tenant_id": "y"}, {"tenant_id": None}, {"tenant_id": "x"})
        assert frame.account.tolist() == [0, 1, 2, 0]

    def test_an_account_without_a_tenant_is_the_same_in_every_epoch(self) -> None:
        books = Codebooks()
        alone = frame_of({}, books=books)
        beside = frame_of({"tenant_id": "x"}, {}, books=books)
        assert beside.account[1] == alone.account[0]
        assert books.account.names[0] == "a"

    @pytest.mark.parametrize("name", HASHES)
    def test_equal_texts_are_equal_within_a_tenant_only(self, name: str) -> None:
        rows = [{"tenant_id": t, NUMBERS[name]: 12345} for t in ("x", "x", "y", None)]
        values = getattr(frame_of(*rows), name).tolist()
        assert values[0] == values[1]
        assert len(set(values)) == 3
        assert values[3] == 12345

    def test_missing_text_stays_missing_at_every_tenant(self) -> None:
        frame = frame_of({"tenant_id": "x", "prompt_skeleton": [5]}, {"tenant_id": "y"})
        assert frame.exact.tolist() == frame.system.tolist() == [0, 0]
        assert (frame.skeleton != 0).sum() == 1

    def test_addresses_and_clients_are_the_tenants_own(self) -> None:
        rows = [{"tenant_id": t, "client_net": "n", "user_agent": "u"} for t in ("x", "y", "x")]
        frame = frame_of(*rows, {"tenant_id": "y"})
        assert frame.net.tolist() == frame.agent.tolist() == [0, 1, 0, -1]

    def test_a_text_is_salted_alike_in_every_epoch(self) -> None:
        first, second = (frame_of(*rows, {"tenant_id": "x", "prompt_exact": 9}) for rows in ([], [{"tenant_id": "y"}]))
        assert first.exact[-1] == second.exact[-1]


def test_a_table_without_signatures_makes_a_frame_that_refuses_to_look_one_up() -> None:
    rows = table({"prompt_exact": 5}, {"prompt_exact": 6})
    whole = build_frame(rows, Codebooks(), start_us=0, end_us=10)
    frame = build_frame(rows.select(FRAME_COLUMNS), Codebooks(), start_us=0, end_us=10)
    assert frame.exact.tolist() == whole.exact.tolist() == [5, 6]
    with pytest.raises(IndexError):
        frame.minhash[np.array([1])]
