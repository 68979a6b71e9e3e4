"""Conversations of which the wire has only the last turn, put together again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.ingest.read import Rejects, read_exchanges
from stillwatch.ingest.threads import Threads
from tests.ingest.logs import KEY, json_lines


def turn(threads: Threads, said: Any, own: str, account: str = "a", **request: Any) -> dict[str, Any]:
    body = {"model": "m", "input": said, **request}
    answer = {
        "id": own,
        "object": "response",
        "output": [{"type": "message", "role": "assistant", "content": f"to {own}"}],
    }
    return threads.stitched({"account_id": account, **request_columns(body), **response_columns(answer)}, body, answer)


def texts(row: dict[str, Any]) -> list[str]:
    return [part["content"] for message in row["input_messages"] for part in message["parts"]]


def test_a_chain_is_told_as_a_client_that_sends_its_history_would() -> None:
    threads = Threads()
    rows = [turn(threads, "one", "r-1")]
    rows.append(turn(threads, "two", "r-2", previous_response_id="r-1"))
    rows.append(turn(threads, "three", "r-3", previous_response_id="r-2"))
    branch = turn(threads, "other", "r-4", previous_response_id="r-1")
    whole = request_columns({"messages": [
        {"role": "user", "content": "one"}, {"role": "assistant", "content": "to r-1"},
        {"role": "user", "content": "two"}, {"role": "assistant", "content": "to r-2"},
        {"role": "user", "content": "three"},
    ]})  # fmt: skip
    assert rows[2]["input_messages"] == whole["input_messages"]
    assert texts(rows[0]) == ["one"] and texts(branch) == ["one", "to r-1", "other"]
    assert {row["session_id"] for row in [*rows, branch]} == {"r-1"} and threads.missing == 0


def test_a_named_conversation_grows_turn_by_turn() -> None:
    threads = Threads()
    for number, own in enumerate(("r-1", "r-2", "r-3"), start=1):
        row = turn(threads, f"turn {number}", own, conversation={"id": "conv-1"} if number % 2 else "conv-1")
        assert row["session_id"] == "conv-1" and len(row["input_messages"]) == 2 * number - 1
    assert threads.missing == 0


def test_nobody_gets_the_history_of_somebody_else() -> None:
    threads = Threads()
    turn(threads, "mine", "r-1")
    stranger = turn(threads, "theirs", "r-2", account="b", previous_response_id="r-1")
    assert texts(stranger) == ["theirs"] and threads.missing == 1


def test_tool_loops_keep_the_prompt_that_began_them() -> None:
    threads = Threads()
    turn(threads, "look it up", "r-1")
    result = [{"type": "function_call_output", "call_id": "c", "output": "42"}]
    row = turn(threads, result, "r-2", previous_response_id="r-1")
    assert [m["role"] for m in row["input_messages"]] == ["user", "assistant", "tool"]


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    threads = Threads(most_bytes=20_000)
    for number in range(100):
        turn(threads, "x" * 500, f"r-{number}")
    assert threads._bytes <= 20_000 and len(threads._latest) == len(threads._turns) < 30
    assert len(turn(threads, "y", "r-100", previous_response_id="r-99")["input_messages"]) == 3
    assert texts(turn(threads, "z", "r-101", previous_response_id="r-0")) == ["z"] and threads.missing == 1


def test_what_is_no_responses_body_changes_nothing() -> None:
    row = {"account_id": "a", "input_messages": []}
    for body in (None, [], "x", {"messages": []}, {"prompt": "x"}):
        assert Threads().stitched(row, body, {"id": "c-1"}) is row


def test_rows_of_a_mapped_file_are_stitched_in_their_order(tmp_path: Any) -> None:
    rows = [
        {
            "timestamp": f"2026-01-01T00:00:0{n}Z",
            "who": "a",
            "sent": {"input": f"turn {n}", "previous_response_id": f"r-{n - 1}"},
            "got": {"id": f"r-{n}", "output": []},
        }
        for n in range(3)
    ]
    file = tmp_path / "map.toml"
    file.write_text('[columns]\nts = "timestamp"\naccount_id = "who"\n[bodies]\nrequest = "sent"\nresponse = "got"\n')
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines(rows))
    rejects = Rejects(KEY)
    [found] = read_exchanges([str(log)], rejects=rejects, key=KEY, mapping=str(file))
    assert [text.count("turn") for text in found["input_messages"].to_pylist()] == [1, 2, 3]
    assert len(set(found["session_id"].to_pylist())) == 1
    assert any("1 requests go on from answers" in line for line in rejects.remarks)


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda v: st.lists(v, max_size=2), max_leaves=3)
NAMES = ("input", "previous_response_id", "conversation", "id", "store")


@settings(max_examples=30)
@given(bodies=st.lists(st.dictionaries(st.sampled_from(NAMES), JSON), max_size=6))
def test_bodies_of_any_shape_do_not_crash(bodies: list[dict[str, Any]]) -> None:
    threads = Threads(most_bytes=2000)
    for body in bodies:
        threads.stitched({"account_id": "a", **request_columns(body)}, body, body)
