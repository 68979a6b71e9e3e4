"""Answers as LiteLLM holds them, edited: its models, plain objects, or the bytes of a stream.

Contract: what cannot be edited is not shown: an answer of a kind that is not known here is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from stillwatch.gateway.streaming import Edit, StreamEditor


def edited_answer(response: Any, edit: Edit) -> Any:
    """A whole answer, edited."""
    if isinstance(response, dict):
        return edit.whole(response)
    body = response.model_dump()
    left = edit.whole(body)
    return response if left is body else _remade(response, left)


async def edited_chunks(pieces: AsyncIterable[Any], edit: Edit) -> AsyncIterator[Any]:
    """The pieces of a stream, edited; what is not bytes is one event each."""
    editor = StreamEditor(edit)
    async for piece in pieces:
        if isinstance(piece, (bytes, str)):
            out = editor.feed(piece.encode() if isinstance(piece, str) else piece)
            if out:
                yield out if isinstance(piece, bytes) else out.decode()
            continue
        body = piece if isinstance(piece, dict) else piece.model_dump()
        for left in edit.event(body):
            yield piece if left is body else left if isinstance(piece, dict) else _remade(piece, left)
    if rest := editor.close():
        yield rest


def _remade(model: Any, body: dict[str, Any]) -> Any:
    """A model of the same kind that says what ``body`` says, and keeps what LiteLLM hid in it."""
    made = type(model)(**body)
    for name in ("_hidden_params", "_response_headers"):
        if hasattr(model, name):
            setattr(made, name, getattr(model, name))
    return made
