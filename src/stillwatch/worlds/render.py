"""From streams of asks to rows of the canonical log.

``rows`` reads one stream and returns its columns as lists; ``table`` joins them under the declared schema. Rows are not
sorted here. Token counts follow from the texts, times from the token counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.model.tables import EXCHANGES, arrow_schema
from stillwatch.worlds import clients, places, refusals
from stillwatch.worlds.clients import Settings
from stillwatch.worlds.span import HOUR, Span
from stillwatch.worlds.stream import Ask, Stream

_quote: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


Columns = dict[str, list[Any]]
_PARAMETERS = (
    "temperature", "top_p", "max_tokens", "stream", "reasoning_effort", "response_format", "tool_count",
    "choice_count", "top_logprobs", "seed",
)  # fmt: skip


def _message(role: str, text: str) -> str:
    return f'{{"role":"{role}","parts":[{{"type":"text","content":{_quote(text)}}}]}}'


@lru_cache(maxsize=4096)
def _system(text: str) -> str | None:
    return f"[{_message('system', text)}]" if text else None


def _input(ask: Ask) -> str:
    if not ask.history:
        return f"[{_message('user', ask.prompt)}]"
    turns = ",".join(_message(role, text) for role, text in ask.history)
    return f"[{turns},{_message('user', ask.prompt)}]"


def _tokens(text: str) -> int:
    """About four Latin letters or one and a half ideographs to a token; UTF-8 length sees the difference."""
    return 1 + len(text.encode()) * 10 // 42 if not text.isascii() else 1 + len(text) // 4


def _history(ask: Ask) -> int:
    return sum(len(text) for _, text in ask.history) if ask.history else 0


def _input_tokens(ask: Ask) -> int:
    return _tokens(ask.prompt) + (len(ask.system) + _history(ask)) // 4


def _clip(stream: Stream, sent: refusals.Sent, span: Span) -> refusals.Sent:
    inside = (sent.ts >= span.start) & (sent.ts < span.end)
    return refusals.Sent(*(column[inside] for column in sent))


def _addresses(rng: np.random.Generator, stream: Stream, ts: npt.NDArray[np.int64], who: list[int]) -> list[str]:
    order = np.argsort(np.asarray(who), kind="stable")
    found: list[str] = [""] * len(who)
    cuts = np.flatnonzero(np.diff(np.asarray(who)[order])) + 1
    for rows in np.split(order, cuts):
        if len(rows):
            account = who[rows[0]]
            where = stream.places[account] if stream.places is not None else stream.accounts[account].where
            for row, address in zip(rows.tolist(), places.addresses_at(rng, where, ts[rows]), strict=True):
                found[row] = address
    return found


def _model(chosen: Settings, ts: int, span: Span, luck: float) -> str:
    if chosen.moves_to is None or span.release is None or ts < span.release + luck * chosen.moves_after * HOUR:
        return chosen.model
    return chosen.moves_to


def _pick(values: Sequence[str | None] | None, rows: list[int]) -> list[str | None]:
    return [None] * len(rows) if values is None else [values[r] for r in rows]


def _cached(asks: list[Ask]) -> list[int]:
    """Long system instructions and histories are mostly served from the prompt cache."""
    return [(len(a.system) + _history(a)) // 5 if len(a.system) > 400 or a.history else 0 for a in asks]


def _who_columns(stream: Stream, rows: list[int], who: list[int]) -> Columns:
    accounts = [stream.accounts[w] for w in who]
    overrides = stream.places
    wheres = [overrides[w] for w in who] if overrides is not None else [a.where for a in accounts]
    return {
        "account_id": [a.account_id for a in accounts],
        "api_key_hash": [a.api_key for a in accounts],
        "org_id": [a.org for a in accounts],
        "project_id": [a.project for a in accounts],
        "end_user_id": _pick(stream.end_users, rows),
        "session_id": _pick(stream.sessions, rows),
        "client_asn": [w.asn for w in wheres],
        "client_country": [w.country for w in wheres],
        "user_agent": [a.client.user_agent for a in accounts],
        "ja4": [a.client.ja4 for a in accounts],
        "client_headers": [a.client.headers for a in accounts],
    }


def _parameter_columns(chosen: list[Settings]) -> Columns:
    return {name: [getattr(s, name) for s in chosen] for name in _PARAMETERS}


def _text_columns(asks: list[Ask], served: list[bool]) -> Columns:
    return {
        "system_instructions": [_system(a.system) for a in asks],
        "input_messages": [_input(a) for a in asks],
        "output_messages": [
            f"[{_message('assistant', a.answer)}]" if ok else None for a, ok in zip(asks, served, strict=True)
        ],
        "input_tokens": [_input_tokens(a) for a in asks],
        "output_tokens": [_tokens(a.answer) if ok else 0 for a, ok in zip(asks, served, strict=True)],
        "cached_tokens": _cached(asks),
    }


def _timing(rng: np.random.Generator, output_tokens: list[int], served: list[bool]) -> Columns:
    first = rng.lognormal(np.log(380.0), 0.5, len(output_tokens))
    pace = rng.lognormal(np.log(14.0), 0.3, len(output_tokens))
    whole = first + pace * np.asarray(output_tokens, dtype=np.float64)
    ok = np.asarray(served, dtype=bool)
    spent = np.where(ok, whole, 20 + first / 20).astype(np.int64).tolist()
    waits = first.astype(np.int64).tolist()
    return {"ttft_ms": [w if s else None for w, s in zip(waits, served, strict=True)], "duration_ms": spent}


def _identities(rng: np.random.Generator, count: int) -> list[str]:
    raw = rng.bytes(8 * count).hex()
    return [f"evt-{raw[i : i + 16]}" for i in range(0, 16 * count, 16)]


def rows(rng: np.random.Generator, stream: Stream, span: Span, chances: refusals.Chances) -> Columns:
    """The log rows of one stream, by column; a column that nobody fills is missing."""
    sent = _clip(stream, refusals.send(rng, stream.ts, stream.who, chances, stream.on_refusal), span)
    wanted, who, times = sent.row.tolist(), sent.who.tolist(), sent.ts.tolist()
    asks = [stream.asks[r] for r in wanted]
    served = (sent.outcome == refusals.SERVED).tolist()
    chosen = [stream.settings or stream.accounts[w].settings for w in who]
    luck = rng.random(len(stream.accounts))
    models = [_model(s, t, span, luck[w]) for s, t, w in zip(chosen, times, who, strict=True)]
    texts = _text_columns(asks, served)
    return {
        "event_id": _identities(rng, len(wanted)),
        "ts": times,
        "client_ip": _addresses(rng, stream, sent.ts, who),
        "operation": ["chat"] * len(wanted),
        "provider": [clients.PROVIDER] * len(wanted),
        "model_request": models,
        "model_response": models,
        "content_state": ["full"] * len(wanted),
        "finish_reasons": [["stop"] if ok else None for ok in served],
        "http_status": [200 if ok else 429 for ok in served],
        "error_type": [refusals.ERROR_TYPES[o] for o in sent.outcome.tolist()],
        **_who_columns(stream, wanted, who),
        **_parameter_columns(chosen),
        **texts,
        **_timing(rng, texts["output_tokens"], served),
    }


def table(parts: Sequence[Columns]) -> pa.Table:
    """One Arrow table of all parts; built at once, because small Arrow arrays are dear."""
    columns = {name: [v for part in parts for v in part[name]] for name in parts[0]} if parts else {}
    count = len(columns.get("event_id", ()))
    schema = arrow_schema(EXCHANGES)
    absent = pa.nulls(count)
    arrays = [pa.array(columns[f.name]).cast(f.type) if f.name in columns else absent.cast(f.type) for f in schema]
    return pa.table(arrays, schema=schema)
