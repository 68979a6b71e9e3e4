"""The access log of the proxy in front, joined on the request id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.ingest.edge import NO_ID
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from tests.ingest.logs import KEY, SCHEMA, json_lines, row

SAMPLES = Path(__file__).parent.parent / "samples" / "envoy"


def line(request: str, address: str = "192.0.2.1:5000", **values: Any) -> dict[str, Any]:
    return {"x_request_id": request, "downstream_remote_address": address, "user_agent": "agent", **values}


def read(folder: Path, exchanges: list[dict[str, Any]], lines: list[dict[str, Any]]) -> tuple[list[Any], Rejects]:
    (folder / "log.jsonl").write_bytes(json_lines(exchanges))
    (folder / "envoy.jsonl").write_bytes(json_lines(lines))
    rejects = Rejects(KEY)
    log, joins = [str(folder / "log.jsonl")], [str(folder / "envoy.jsonl")]
    batches = list(read_exchanges(log, rejects=rejects, key=KEY, joins=joins))
    return pa.Table.from_batches(batches, schema=SCHEMA).to_pylist(), rejects


def test_the_edge_wins_and_what_it_does_not_know_stays(tmp_path: Path) -> None:
    exchanges = [row(event_id="a", client_ip="10.0.0.1", user_agent="own"), row(event_id="b", client_ip="10.0.0.1")]
    lines = [line("A", ja4="t13d"), line("z"), {"user_agent": "x"}, line("c", user_agent="-")]
    found, rejects = read(tmp_path, exchanges, lines)
    assert [(r["client_ip"], r["user_agent"], r["ja4"]) for r in found] == [
        ("192.0.2.1", "agent", "t13d"),
        ("10.0.0.1", None, None),
    ]
    assert rejects.by_reason == {NO_ID: 1}
    assert rejects.remarks == ["access log: 1 of 2 exchanges found their line; 2 of 3 lines found no exchange"]


def test_a_log_that_envoy_wrote_is_joined_line_by_line() -> None:
    rejects = Rejects(KEY)
    log, joins = ([str(SAMPLES / name)] for name in ("exchanges.jsonl", "access.jsonl"))
    [found] = read_exchanges(log, rejects=rejects, key=KEY, joins=joins)
    assert found["client_ip"].to_pylist() == ["127.0.0.1"] * 3  # the clients claimed another in x-forwarded-for
    assert found["user_agent"].to_pylist() == ["first/1", "second/2", "third/3"]
    assert all(ja4.startswith("t13i") for ja4 in found["ja4"].to_pylist())
    assert rejects.count == 0 and rejects.remarks == [
        "access log: 3 of 3 exchanges found their line; 0 of 3 lines found no exchange"
    ]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.1:80", "192.0.2.1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1",) * 2,
    ],
)
def test_an_address_loses_its_port(tmp_path: Path, address: str, shown: str) -> None:
    found, _ = read(tmp_path, [row(event_id="a")], [line("a", address)])
    assert found[0]["client_ip"] == shown


def test_a_forwarded_address_is_never_believed(tmp_path: Path) -> None:
    found, _ = read(tmp_path, [row(event_id="a")], [{"x_request_id": "a", "x_forwarded_for": "192.0.2.9"}])
    assert found[0]["client_ip"] is None


def test_lines_that_disagree_are_believed_by_nobody(tmp_path: Path) -> None:
    lines = [line("a"), line("a", "192.0.2.2:1"), line("b"), line("b")]
    found, rejects = read(tmp_path, [row(event_id="a"), row(event_id="b")], lines)
    assert [r["client_ip"] for r in found] == [None, "192.0.2.1"]
    assert "1 request ids have lines that disagree" in rejects.remarks[1]


def test_the_request_id_may_stand_in_the_headers(tmp_path: Path) -> None:
    found, _ = read(tmp_path, [row(event_id="other", client_headers={"X-Request-Id": "a"})], [line("a")])
    assert found[0]["client_ip"] == "192.0.2.1"


def test_a_file_that_is_no_access_log_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no line has a request id; looked for x_request_id.*REQ\(X-REQUEST-ID\)"):
        read(tmp_path, [row()], [{"path": "/"}])
    (tmp_path / "text").write_text("[2026-03-01] GET /\n")
    (tmp_path / "log.jsonl").write_bytes(json_lines([row()]))
    with pytest.raises(InputError, match="is no JSON access log"):
        list(
            read_exchanges([str(tmp_path / "log.jsonl")], rejects=Rejects(KEY), key=KEY, joins=[str(tmp_path / "text")])
        )


IDS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.none() | st.integers() | st.text(max_size=6) | st.lists(st.text(max_size=2), max_size=2)


@settings(max_examples=40, deadline=None)
@given(asked=st.lists(IDS, min_size=1, max_size=6), lines=st.lists(st.tuples(IDS, VALUES), max_size=6))
def test_no_exchange_is_lost_and_every_line_is_counted(
    tmp_path_factory: pytest.TempPathFactory, asked: list[str], lines: list[tuple[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("join")
    written = [*({"request_id": i, "user_agent": v} for i, v in lines), line("other")]
    found, rejects = read(folder, [row(event_id=i) for i in asked], written)
    assert [r["event_id"] for r in found] == asked
    known = sum(i in {i for i, _ in lines} for i in asked)
    unseen = sum(i not in asked for i, _ in lines) + 1
    head = rejects.remarks[0]
    assert head.endswith(f"{unseen} of {len(written)} lines found no exchange")
    disagree = {
        i
        for i, _ in lines
        if len({repr(v if isinstance(v, str) and v not in ("", "-") else None) for j, v in lines if i == j}) > 1
    }
    assert head.startswith(f"access log: {known - sum(i in disagree for i in asked)} of {len(asked)} exchanges")
