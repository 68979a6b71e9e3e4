"""A client that costs next to nothing: so many requests over so many connections, and how long each took."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass

WORDS = ("river", "harbour", "ledger", "orchard", "winter", "engine", "archive", "meadow", "signal", "copper", "valley")


@dataclass(frozen=True)
class Load:
    """What came of it: seconds of each request, in order of their end, and the wall time of all."""

    taken: list[float]
    seconds: float
    wrong: int


def requests(count: int, *, stream: bool, seed: int = 3) -> list[bytes]:
    """Requests of about a kilobyte, each with words of its own."""
    dice, found = random.Random(seed), []
    for n in range(count):
        text = " ".join(dice.choices(WORDS, k=120))
        body = {
            "model": "large",
            "temperature": 0.3,
            "max_tokens": 400,
            "messages": [{"role": "system", "content": "You are terse."}, {"role": "user", "content": text}],
            **({"stream": True} if stream else {}),
        }
        raw = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-{n % 500}\r\n"
        head += "user-agent: sdk/1.0\r\naccept: */*\r\ncontent-type: application/json\r\n"
        rest = f"content-length: {len(raw)}\r\n\r\n"
        found.append((head + rest).encode() + raw)
    return found


async def load(port: int, sent: list[bytes], connections: int) -> Load:
    """Send everything; every connection sends its next request when the answer to the last one is whole."""
    waiting, taken, wrong = iter(sent), list[float](), [0]

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            status, _ = await answer(reader)
            taken.append(time.perf_counter() - began)
            wrong[0] += status != 200
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return Load(taken, time.perf_counter() - began, wrong[0])


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status of the next answer, and whether its connection ends."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    at = head.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
    else:
        # The stream ends with the only empty chunk; its data holds no such bytes.
        await reader.readuntil(b"0\r\n\r\n")
    return int(head[9:12]), b"connection: close" in head
