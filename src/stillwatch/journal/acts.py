"""Typed acts as entries, and the fold over a journal: what cases and measures do alike.

Contract: pure. The kind of an entry is a family's prefix and the tag of the act; its body is the act without the tag.
A fold never skips: the first entry that its rules refuse raises ``RefusedError``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from stillwatch.journal.entry import Entry

State = TypeVar("State")


class RefusedError(ValueError):
    """An act whose preconditions do not hold; the text says which, and what would help."""


def encoded(prefix: str, act: msgspec.Struct) -> tuple[str, dict[str, Any]]:
    """Kind and body of the entry of an act."""
    body: dict[str, Any] = msgspec.to_builtins(act)
    return prefix + body.pop("kind"), body


def decoded(prefix: str, entry: Entry, family: Any) -> Any:
    """The act of an entry; ``family`` is the union of all acts with this prefix."""
    tagged = {**entry.body, "kind": entry.kind.removeprefix(prefix)}
    try:
        return msgspec.convert(tagged, family)
    except msgspec.ValidationError as error:
        raise RefusedError(f"entry {entry.n} of kind {entry.kind} cannot be read: {error}") from None


def folded(empty: State, advance: Callable[[State, Entry], State], entries: Iterable[Entry]) -> State:
    """The state after all entries."""
    state = empty
    for entry in entries:
        state = advance(state, entry)
    return state
