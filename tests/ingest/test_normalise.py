"""Names, ids and columns: what stands for what, and which rows are the same."""

from __future__ import annotations

import itertools
import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.aliases import ALIASES, meaning, names_for
from stillwatch.ingest.identity import event_ids
from stillwatch.ingest.normalise import CONTENT_STATES, JSON_COLUMNS
from stillwatch.model.tables import EXCHANGES
from tests.ingest.logs import KEY, Row, json_lines, read_bytes, row, rows, table


def test_every_column_has_a_line_and_no_name_two_meanings() -> None:
    assert tuple(canonical for canonical, _ in ALIASES) == EXCHANGES.column_names
    names = list(itertools.chain.from_iterable(names_for(canonical) for canonical, _ in ALIASES))
    assert len(names) == len(set(names))
    assert all(name == name.lower().replace("-", "_").replace(" ", "_") for name in names)
    assert set(EXCHANGES.column_names) > JSON_COLUMNS


def test_names_are_compared_without_case_and_dashes() -> None:
    assert meaning("User-Agent") == meaning("user agent") == ("user_agent", 0)
    assert meaning("startTime") == ("ts", 5)
    assert meaning("user_id") is None


def test_every_alias_is_read_as_its_column() -> None:
    for canonical, others in ALIASES:
        column = next(c for c in EXCHANGES.columns if c.name == canonical)
        value = {"string": "x", "bool": True, "strings": ["x"], "timestamp": "2026-03-01T12:00:00Z"}.get(column.type, 1)
        if canonical == "content_state":
            value = CONTENT_STATES[0]
        for name in others:
            given_row = {k: v for k, v in row().items() if k != canonical} | {name: value}
            found, rejects = read_bytes(json_lines([given_row]))
            assert rejects.count == 0
            assert found[canonical].null_count == 0, name


def test_the_canonical_name_wins_and_aliases_fill_in_row_by_row() -> None:
    written = [row(model_request="a", model="b"), row(model="c"), row(model_request=None, requested_model="d")]
    found, _ = read_bytes(json_lines(written))
    assert found["model_request"].to_pylist() == ["a", "c", "d"]


def test_times_fill_in_row_by_row_too() -> None:
    written = [{"account_id": "a", "timestamp": 1772366400}, {"account_id": "a", "ts": "2026-03-01", "timestamp": None}]
    found, rejects = read_bytes(json_lines(written))
    assert (found.num_rows, rejects.count) == (2, 0)


def test_messages_in_every_form_are_carried() -> None:
    forms: list[object] = [
        "plain words",
        [{"role": "user", "content": "hi"}],
        [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
        json.dumps([{"role": "system", "content": "short"}, {"role": "user", "content": "hi"}]),
    ]
    found, rejects = read_bytes(json_lines([row(messages=form) for form in forms]))
    carried = found["input_messages"].to_pylist()
    assert carried[0] == forms[0]
    assert carried[4] == forms[4]
    assert [json.loads(text) for text in carried[1:4]] == forms[1:4]
    assert rejects.wrong_values == {}


def test_blank_text_is_null() -> None:
    found, rejects = read_bytes(
        json_lines([row(session_id="", end_user_id="  ", org_id="\t\u3000", finish_reasons="")])
    )
    assert found.select(["session_id", "end_user_id", "org_id", "finish_reasons"]).to_pylist() == [
        dict.fromkeys(("session_id", "end_user_id", "org_id", "finish_reasons"))
    ]
    assert rejects.wrong_values == {}


def test_only_rows_without_an_id_get_one() -> None:
    found, _ = read_bytes(json_lines([row(event_id="own"), row(event_id=None), row(event_id="")]))
    own, first, second = found["event_id"].to_pylist()
    assert own == "own"
    assert first == second
    assert first.startswith("ev-")


@given(written=rows(), data=st.data())
def test_ids_agree_exactly_when_rows_do(written: list[Row], data: st.DataObject) -> None:
    batch = table([*written, written[0]]).to_batches()[0]
    ids = event_ids(batch, KEY).to_pylist()
    contents = [tuple(map(repr, r.values())) for r in batch.drop_columns(["event_id"]).to_pylist()]
    assert len(set(ids)) == len(set(contents))
    assert ids[-1] == ids[0]
    assert set(event_ids(batch, b"another key").to_pylist()).isdisjoint(ids)
    at = data.draw(st.integers(0, batch.num_rows - 1))
    assert event_ids(batch.slice(at, 1), KEY).to_pylist() == [ids[at]]


def test_text_cannot_move_between_columns_unseen() -> None:
    shifted = [row(user_agent="ab", ja4="c"), row(user_agent="a", ja4="bc"), row(user_agent="abc"), row(ja4="abc")]
    batch = table_of(shifted)
    assert len(set(event_ids(batch, KEY).to_pylist())) == 4


def table_of(written: list[Row]) -> pa.RecordBatch:
    found, _ = read_bytes(json_lines(written))
    return found.combine_chunks().to_batches()[0]
