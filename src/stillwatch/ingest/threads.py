"""Conversations whose history stays with the provider, told whole again: Responses' ``previous_response_id`` and
``conversation``.

Contract: ``stitched`` is given rows in the order of their time. A row whose request points to an earlier answer, or
names a conversation, gets the messages said before it in front of its own, as a client that sends its history would
have, and the session id of the first of them where it has none. What is pointed to must be of the same account. A row
that points to an answer that was not seen stays as it is and is counted in ``missing``.

Messages are kept packed, at most ``most_bytes`` of them, the oldest forgotten first; nothing is written anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import msgspec

Row = dict[str, Any]
MOST_TURNS = 200
MOST_HISTORY = 1 << 20
"""Bytes of earlier messages in front of one row; the oldest are left out."""
_Name = tuple[str, str, str]
_encode = msgspec.json.Encoder(enc_hook=str).encode
_decode = msgspec.json.Decoder(list[Row]).decode


@dataclass(frozen=True, slots=True)
class _Turn:
    before: int | None
    session: str
    said: bytes
    names: tuple[_Name, ...]


class Threads:
    """Turns by number; the number of a turn by the account and the answer or conversation that names it."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        self._turns: OrderedDict[int, _Turn] = OrderedDict()
        self._latest: dict[_Name, int] = {}
        self._most, self._bytes, self._next = most_bytes, 0, 0
        self.missing = 0

    def stitched(self, row: Row, request: Any, answer: Any) -> Row:
        """``row`` with what was said before it; bodies that are none of Responses change nothing."""
        if not isinstance(request, dict) or "input" not in request or "account_id" not in row:
            return row
        previous, conversation = _text(request.get("previous_response_id")), _conversation(request)
        own = _text(answer.get("id")) if isinstance(answer, dict) else None
        names = tuple(_name(row, text) for text in (own, conversation) if text is not None)
        before = self._latest.get(_name(row, previous or conversation or ""))
        self.missing += previous is not None and before is None
        if not names and before is None:
            return row
        earlier = self._turns[before] if before is not None else None
        session = earlier.session if earlier is not None else conversation or own or ""
        asked = row.get("input_messages") or []
        history = self._history(before)
        self._keep(_Turn(before, session, _encode([*asked, *(row.get("output_messages") or [])]), names))
        told = {**row, "session_id": row.get("session_id") or session}
        return {**told, "input_messages": [*history, *asked]} if history else told

    def _history(self, number: int | None) -> list[Row]:
        """What was said up to a turn, from its beginning."""
        pieces: list[bytes] = []
        while number is not None and len(pieces) < MOST_TURNS and (turn := self._turns.get(number)):
            if sum(map(len, pieces)) + len(turn.said) > MOST_HISTORY:
                break
            pieces.append(turn.said)
            number = turn.before
        return [message for piece in reversed(pieces) for message in _decode(piece)]

    def _keep(self, turn: _Turn) -> None:
        self._next += 1
        self._turns[self._next] = turn
        self._latest.update(dict.fromkeys(turn.names, self._next))
        self._bytes += _weight(turn)
        while self._bytes > self._most and self._turns:
            number, gone = self._turns.popitem(last=False)
            self._bytes -= _weight(gone)
            for name in gone.names:
                if self._latest.get(name) == number:
                    del self._latest[name]


def _weight(turn: _Turn) -> int:
    return len(turn.said) + 500


def _name(row: Row, text: str) -> _Name:
    return str(row.get("tenant_id") or ""), str(row["account_id"]), text


def _conversation(request: Row) -> str | None:
    given = request.get("conversation")
    return _text(given.get("id") if isinstance(given, dict) else given)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 500 else None
