"""Conversations that Responses keep, as a gateway logs them: like those that clients send whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stillwatch.gateway.rows import full_batch, hashed_batch
from stillwatch.ingest.threads import Threads
from stillwatch.sketch.recipe import Recipe
from tests.gateway.test_capture import record

SAID = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "The Po."}]}]


def exchange(n: int, *, streamed: bool) -> Any:
    body = {
        "model": "m",
        "input": f"Name river number {n}, please.",
        "previous_response_id": f"r-{n - 1}" if n else None,
    }
    whole = {"id": f"r-{n}", "object": "response", "model": "m", "status": "completed", "output": SAID}
    answer = json.dumps(whole)
    if streamed:
        events = [
            {"type": "response.output_text.delta", "delta": "The Po."},
            {"type": "response.completed", "response": whole},
        ]
        answer = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return record(n, body=body, answer=answer.encode(), operation="responses", streamed=streamed)


@pytest.mark.parametrize("streamed", [False, True])
def test_history_is_put_back_and_sketched_like_a_client_s_own(streamed: bool) -> None:
    threads, records = Threads(), [exchange(n, streamed=streamed) for n in range(3)]
    rows = full_batch(records, threads).to_pylist()
    assert [len(json.loads(row["input_messages"])) for row in rows] == [1, 3, 5]
    assert {row["session_id"] for row in rows} == {"r-0"}
    hashed = hashed_batch(records, Recipe(), bytes(32), Threads()).to_pylist()
    assert [row["turns"] for row in hashed] == [0, 2, 4] and "input_messages" not in hashed[0]
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}] * 2
    chat = record(
        9, body={"model": "m", "messages": [*messages, {"role": "user", "content": records[2].body["input"]}]}
    )
    [own] = hashed_batch([chat], Recipe(), bytes(32)).to_pylist()
    assert (own["turns"], own["prompt_exact"]) == (hashed[2]["turns"], hashed[2]["prompt_exact"])
