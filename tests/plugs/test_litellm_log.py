"""Calls under way in LiteLLM, whose ids clients may choose."""

from __future__ import annotations

from typing import Any

import pytest

from stillwatch.feed.decision import Parameters
from stillwatch.feed.verdict import PASS, Verdict
from stillwatch.gateway.identity import Caller, Client
from stillwatch.gateway.record import Record
from stillwatch.plugs import litellm_log
from stillwatch.plugs.litellm_calls import operation_of_call
from stillwatch.plugs.litellm_log import Call, Calls
from stillwatch.plugs.plug import Plug
from stillwatch.plugs.settings import Settings

HIDDEN = Verdict(limits=Parameters(reasoning="hidden"))
CHAT = operation_of_call("acompletion")


class Kept:
    """A log that keeps what it is offered."""

    def __init__(self) -> None:
        self.offered: list[tuple[str, int, str | None]] = []

    def offer(self, record: Record) -> None:
        self.offered.append((record.caller.account_id, record.status, record.error_type))

    def close(self, patience_s: float) -> None:
        return


def call(account: str, verdict: Verdict = PASS) -> Call:
    caller = Caller(account, None, (f"account:{account}",))
    record = Record("gw-1", 1, caller, Client("192.0.2.1", None, None), None, "chat", None, {}, 0)
    return Call(account, CHAT, verdict, record)


def opened() -> tuple[Calls, Kept, Plug]:
    plug, log = Plug(Settings()), Kept()
    plug.capture = log  # type: ignore[assignment]
    return Calls(plug), log, plug


def test_an_account_cannot_lift_another_s_limit_by_taking_its_id() -> None:
    calls, log, plug = opened()
    calls.begin({"litellm_call_id": "x"}, call("limited", HIDDEN))
    calls.begin({"litellm_call_id": "x"}, call("free"))
    assert calls.ruled({"litellm_call_id": "x"})[1].reasoning == "hidden"
    calls.begin({"litellm_call_id": "x"}, call("free"))
    assert calls.ruled({"litellm_call_id": "x"})[1].reasoning == "shown"  # its own say, after its own call
    assert log.offered == [("limited", 499, "unfinished"), ("free", 499, "unfinished")]
    plug.close()


def test_every_call_is_offered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm_log, "MOST", 3)
    calls, log, plug = opened()
    names: list[dict[str, Any]] = [{"litellm_call_id": f"c-{n}"} for n in range(5)]
    for n, name in enumerate(names):
        calls.begin(name, call(f"a-{n}"))
    calls.answered(names[4], {"id": "c", "choices": []})
    calls.failed(names[4], ValueError())
    calls.failed(names[3], ValueError())
    calls.answered({"litellm_call_id": "unheard of"}, None)
    plug.before_close = calls.close
    plug.close()
    gone = [(f"a-{n}", 499, "unfinished") for n in (0, 1)]
    assert log.offered == [*gone, ("a-4", 200, None), ("a-3", 500, "ValueError"), ("a-2", 499, "unfinished")]
