"""Asks a suspect through an OpenAI-compatible endpoint, within a budget, and goes on where it was cut off.

Contract: ``collect`` sends each prompt once to ``<base>/chat/completions`` and appends one JSON line per answer to a
file, on disk before the next batch is sent; prompts that the file answers already are not sent again. It stops when the
prompts or the budget of output tokens are used up. No more than ``per_minute`` requests are begun in a minute; what is
told to wait waits as long as it is told, and a prompt that fails ``TRIES`` times is counted and left out. Answers are
hostile: their size is bounded, redirects are not followed, and nothing in them is acted upon.

The credential is read from a variable that the caller names and is sent to this one place only; plain HTTP is refused
except to this machine. It deliberately knows no key: nothing in what is asked may depend on one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stillwatch import inert
from stillwatch.errors import ConfigurationError, InputError, StoreError
from stillwatch.model.progress import Progress, Stage

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

TRIES = 5
AT_ONCE = 4
MOST_BYTES = 4 * 1024 * 1024
TIMEOUT_S = 300
_LONGEST_WAIT_S = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WORTH_ANOTHER_TRY = (408, 409, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where answers come from; ``credential`` names an environment variable, empty for none."""

    base: str
    model: str
    token_budget: int
    per_minute: float
    max_tokens: int = 1024
    temperature: float = 1.0
    credential: str = ""


@dataclass(slots=True)
class Collected:
    """What came of it."""

    answers: int = 0
    tokens: int = 0
    failed: int = 0
    last_failure: str = ""


def check_source(source: Source) -> None:
    """``ConfigurationError`` with everything that is wrong with where answers are to come from."""
    mistakes, parts = [], urlsplit(source.base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        mistakes.append(f"{source.base!r} is not an address such as https://suspect.example/v1")
    elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        mistakes.append(f"{source.base} is not encrypted: use https, or http to this machine only")
    if parts.username or parts.password or parts.query:
        mistakes.append("the address must hold neither a credential nor a query: it goes to the journal")
    if not source.model:
        mistakes.append("name the suspect's model with --model")
    if source.credential and not os.environ.get(source.credential):
        mistakes.append(f"the variable {source.credential} that --credential names is not set")
    if mistakes:
        raise ConfigurationError(*mistakes)


def collect(source: Source, prompts: Sequence[str], out: Path, progress: Progress) -> Collected:
    """Collect into ``out``; returns the sums over this run and earlier ones of the same file."""
    check_source(source)
    done, collected = _resume(out)
    todo = [(place, prompt) for place, prompt in enumerate(prompts) if place not in done]
    with progress.stage("Asking the suspect", len(todo)) as stage:
        asyncio.run(_collect(source, todo, out, collected, stage))
    if not collected.answers:
        raise InputError(f"{source.base} gave no answer: {collected.last_failure or 'there was nothing to ask'}.")
    return collected


def _resume(out: Path) -> tuple[set[int], Collected]:
    """Which prompts are answered; a last line that was cut off is removed."""
    done, collected = set(), Collected()
    if out.exists():
        raw = out.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.truncate(out, len(whole))
        for line in whole.splitlines():
            try:
                row = json.loads(line)
                done.add(int(row["n"]))
                collected.tokens += int(row["tokens"])
            except (ValueError, KeyError, TypeError):
                raise StoreError(f"{out} was changed since it was collected. Move it away to ask anew.") from None
            collected.answers += 1
    return done, collected


async def _collect(
    source: Source, todo: Sequence[tuple[int, str]], out: Path, collected: Collected, stage: Stage
) -> None:
    try:
        from aiohttp import ClientSession, ClientTimeout
    except ImportError:
        raise ConfigurationError("asking a suspect needs aiohttp: pip install 'stillwatch[derive]'") from None
    headers = {"User-Agent": "stillwatch"}
    if source.credential:
        headers["Authorization"] = f"Bearer {os.environ[source.credential]}"
    pace = _Pace(60.0 / source.per_minute)
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with ClientSession(headers=headers, timeout=ClientTimeout(total=TIMEOUT_S)) as session:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            for begin in range(0, len(todo), AT_ONCE):
                if collected.tokens >= source.token_budget:
                    return
                batch = todo[begin : begin + AT_ONCE]
                rows = await asyncio.gather(*(_ask(session, source, pace, collected, *one) for one in batch))
                for row in rows:
                    if row is not None:
                        file.write(json.dumps(row).encode() + b"\n")
                        collected.answers += 1
                        collected.tokens += row["tokens"]
                file.flush()
                os.fsync(file.fileno())
                stage.advance(len(batch))


class _Pace:
    """Lets one request begin every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    async def wait(self) -> None:
        now = asyncio.get_running_loop().time()
        begin = max(now, self._next)
        self._next = begin + self._seconds
        await asyncio.sleep(begin - now)


async def _ask(
    session: ClientSession, source: Source, pace: _Pace, collected: Collected, place: int, prompt: str
) -> dict[str, Any] | None:
    """One answer as a row; None, counted, where there is none after all tries."""
    from aiohttp import ClientError

    body = {
        "model": source.model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": source.max_tokens,
        "temperature": source.temperature,
    }
    for turn in range(TRIES):
        await pace.wait()
        wait_s: float | None = min(2.0**turn, _LONGEST_WAIT_S)
        try:
            url = source.base.rstrip("/") + "/chat/completions"
            async with session.post(url, json=body, allow_redirects=False) as response:
                if response.status == 200:
                    return {"n": place, "prompt": prompt, **_answer(await _document(response))}
                why, wait_s = f"status {response.status}", _told_to_wait(response, turn)
        except (ClientError, OSError, ValueError, RecursionError) as error:
            why = f"{type(error).__name__}: {error}"
        collected.last_failure = inert.text(why)
        if wait_s is None:
            break
        if turn + 1 < TRIES:
            await asyncio.sleep(wait_s)
    collected.failed += 1
    return None


def _told_to_wait(response: ClientResponse, turn: int) -> float | None:
    """Seconds until another try; None where none is worth it."""
    if response.status not in _WORTH_ANOTHER_TRY:
        return None
    told = response.headers.get("Retry-After", "")
    return min(float(told) if told.isascii() and told.isdigit() else 2.0**turn, _LONGEST_WAIT_S)


async def _document(response: ClientResponse) -> Any:
    raw = bytearray()
    async for part in response.content.iter_chunked(1 << 16):
        raw += part
        if len(raw) > MOST_BYTES:
            raise ValueError(f"an answer of more than {MOST_BYTES} bytes")
    return json.loads(bytes(raw))


def _answer(document: Any) -> Mapping[str, Any]:
    """Text, number of tokens and model of a completion; ``ValueError`` where it is none."""
    try:
        choice = document["choices"][0]
        text = choice["message"]["content"]
        usage = document.get("usage") or {}
        tokens = usage.get("completion_tokens")
        model, reason = document.get("model"), choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError("not a chat completion") from None
    if not isinstance(text, str):
        raise ValueError("a completion without text")
    # A suspect that counts too little would stretch the budget: no tokenizer puts eight bytes into every token.
    least = len(text.encode("utf-8", "replace")) // 8
    counted = max(tokens, least) if type(tokens) is int and tokens < 1 << 31 else 2 * least
    return {"text": text, "tokens": counted, "model": str(model)[:100], "finish_reason": str(reason)[:40]}
