"""An upstream that costs next to nothing: one answer, whole or as a stream, on bare asyncio.

``python -m benchmarks.gateway.upstream PORT``. It reads just enough of HTTP to know where a request ends; it is for
measuring what stands in front of it, and nothing else should talk to it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

SAID = "The river rises in the hills and reaches the sea after four hundred miles. " * 4
USAGE = {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200}
BODY = json.dumps(
    {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1_900_000_000,
        "model": "large",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()


def _event(delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1_900_000_000, "model": "large"}
    return b"data: " + json.dumps({**head, "choices": [choice], **more}).encode() + b"\n\n"


WORDS = SAID.split()[:30]
EVENTS = [*(_event({"content": word + " "}) for word in WORDS), _event({}, "stop", usage=USAGE), b"data: [DONE]\n\n"]
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNKS = [b"%x\r\n%s\r\n" % (len(event), event) for event in EVENTS]


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            body, self._held = self._held[end + 4 : end + 4 + length], self._held[end + 4 + length :]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        if b'"stream": true' not in body and b'"stream":true' not in body:
            self._transport.write(WHOLE)
            return
        # A write for each event, as a model has them: whoever passes them on pays for each.
        self._transport.write(STREAM_HEAD)
        asyncio.get_running_loop().call_soon(self._next, 0)

    def _next(self, place: int) -> None:
        self._transport.write(CHUNKS[place])
        if place + 1 < len(CHUNKS):
            asyncio.get_running_loop().call_soon(self._next, place + 1)
        else:
            self._transport.write(b"0\r\n\r\n")


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
