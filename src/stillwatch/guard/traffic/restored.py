"""Answers with what was hidden put back: whole ones, and streams of events that cut marks anywhere.

Contract: an edit in the gateway's sense. Text that grows over the events of a stream is restored by what it belongs to
(a choice, a block, an item), and only what could be the beginning of a mark is held back; when that text ends, what is
held goes in an event of its own before the one that ends it. All other strings are restored where they stand. Nothing
but known marks is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from stillwatch.guard.redaction import Redaction, Restoring
from stillwatch.guard.traffic.walking import changed

Body = dict[str, Any]
Channel = tuple[object, ...]
_TEXTS = ("content", "refusal", "reasoning_content", "reasoning", "thinking")
_BLOCKS = (("text", False), ("thinking", False), ("partial_json", True))
_PLACE = ("item_id", "output_index", "content_index", "summary_index")
NAMES = ("id", "output_file_id", "error_file_id")
MOST_LINE, MOST_METADATA = 32 << 20, 1 << 20
_BLANK = b" \t\r\xef\xbb\xbf"
_OVER = ("message_stop", "response.completed", "response.failed", "response.incomplete")


class Restored:
    """The edit of one answer; ``learned`` is told the identifiers under which the answer may be taken up again."""

    def __init__(self, redaction: Redaction, learned: Callable[[str], None] = lambda identifier: None) -> None:
        self._redaction, self._learned = redaction, learned
        self._open: dict[Channel, tuple[Restoring, Body]] = {}

    def text(self, text: str, name: str = "") -> str:
        return self._redaction.restore(text)

    def number(self, number: int, name: str) -> int:
        return number

    def file(self, raw: bytes, name: str) -> bytes:
        return raw

    def whole(self, body: Body) -> Body:
        self.learn(body)
        left: Body = changed(body, self)
        return left

    def in_file(self) -> InFile:
        """The same for a file that comes in pieces."""
        return InFile(self, self._redaction)

    def event(self, body: Body) -> Sequence[Body]:
        self.learn(body.get("response"))
        places = {place.channel: place for place in _places(body)}
        over = [channel for channel in self._open if _ends(body, channel)]
        late = [self._rest(channel) for channel in over if channel not in places]
        touched = False
        for channel, place in places.items():
            piece = place.holder[place.name]
            new = self._restoring(channel, place, body).feed(piece)
            if _ends(body, channel):
                new += self._open.pop(channel)[0].close()
            place.holder[place.name] = new
            touched = touched or new != piece
        left = changed(body, self)
        return [*(each for each in late if each), {**left} if touched else left]

    def ended(self) -> Sequence[Body]:
        return [rest for channel in list(self._open) if (rest := self._rest(channel))]

    def _restoring(self, channel: Channel, place: Place, body: Body) -> Restoring:
        held = self._open.get(channel)
        restoring = held[0] if held else self._redaction.restoring(in_json=place.in_json)
        self._open[channel] = restoring, body
        return restoring

    def _rest(self, channel: Channel) -> Body | None:
        """An event that carries what is held back of a text that is over."""
        restoring, last = self._open.pop(channel)
        rest = restoring.close()
        if not rest:
            return None
        last = copy.deepcopy(last)
        for place in _places(last):
            place.holder[place.name] = rest if place.channel == channel else ""
        return last

    def learn(self, body: Any) -> None:
        """Names in an answer under which something may be asked for again: its own, and those of files with results."""
        names = (body.get(name) for name in NAMES) if isinstance(body, dict) and self._redaction.values else ()
        for name in names:
            if isinstance(name, str):
                self._learned(name)


class Listed:
    """The edit of a list of batches: each that is known tells the names of its results."""

    def __init__(self, known: Callable[[str], Restored | None]) -> None:
        self._known = known

    def whole(self, body: Body) -> Body:
        entries = body.get("data")
        for entry in entries if isinstance(entries, list) else ():
            name = entry.get("id") if isinstance(entry, dict) else None
            edit = self._known(name) if isinstance(name, str) else None
            if edit is not None:
                edit.learn(entry)
        return body

    def event(self, body: Body) -> Sequence[Body]:
        return [body]

    def ended(self) -> Sequence[Body]:
        return []


class InFile:
    """A file on its way down: marks are put back in its objects, one a line, and in all other text; a part at a time.

    A file that is one object, as metadata are, tells names like an answer. Bytes that are no text pass as they are.
    """

    def __init__(self, edit: Restored, redaction: Redaction) -> None:
        self._edit = edit
        self._plain = redaction.as_bytes().restoring()
        self._line: list[bytes] = []
        self._size, self._passing = 0, False
        self._begin: list[bytes] | None = []
        self._length = 0

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        self._remember(data)
        *ended, rest = data.split(b"\n")
        out = [part for piece in ended for part in (self._more(piece), self._ended(), self._text(b"\n"))]
        return b"".join([*out, self._more(rest)])

    def close(self) -> bytes:
        """What was held back at the end."""
        if self._begin:
            self._edit.learn(_object(b"".join(self._begin)))
        return self._ended() + self._plain.close().encode("latin-1")

    def _more(self, piece: bytes) -> bytes:
        """A piece of a line: held while the line may be an object, passed on if it is none."""
        if self._passing:
            return self._text(piece)
        self._line.append(piece)
        self._size += len(piece)
        begin = b"".join(self._line[:2]).lstrip(_BLANK)[:1]
        if begin in (b"", b"{") and self._size <= MOST_LINE:
            return b""
        self._passing = True
        return self._text(self._taken())

    def _ended(self) -> bytes:
        """The end of a line."""
        line, self._passing = self._taken(), False
        body = _object(line) if line else None
        if body is None:
            return self._text(line)
        left = self._edit.whole(body)
        return line if left is body else msgspec.json.encode(left)

    def _taken(self) -> bytes:
        line, self._line, self._size = b"".join(self._line), [], 0
        return line

    def _text(self, raw: bytes) -> bytes:
        return self._plain.feed(raw.decode("latin-1")).encode("latin-1") if raw else b""

    def _remember(self, data: bytes) -> None:
        self._length += len(data)
        if self._length > MOST_METADATA:
            self._begin = None
        elif self._begin is not None:
            self._begin.append(data)


def _object(raw: bytes) -> Body | None:
    try:
        found = msgspec.json.decode(raw.strip(_BLANK))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class Place(NamedTuple):
    """Where an event carries a piece of a growing text; ``in_json``: it is JSON itself."""

    holder: Body
    name: str
    channel: Channel
    in_json: bool


def _places(body: Body) -> Iterator[Place]:
    kind = body.get("type")
    if isinstance(choices := body.get("choices"), list):
        for choice in choices:
            if isinstance(choice, dict):
                yield from _of_choice(choice, ("choice", str(choice.get("index"))))
    elif kind == "content_block_delta" and isinstance(delta := body.get("delta"), dict):
        for name, in_json in _BLOCKS:
            yield from _place(delta, name, ("block", str(body.get("index")), name), in_json)
    elif isinstance(kind, str) and kind.startswith("response.") and kind.endswith(".delta"):
        place = tuple(str(body.get(name)) for name in _PLACE)
        yield from _place(body, "delta", ("item", kind.removesuffix(".delta"), *place), "arguments" in kind)


def _of_choice(choice: Body, channel: Channel) -> Iterator[Place]:
    yield from _place(choice, "text", (*channel, "text"))
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    for name in _TEXTS:
        yield from _place(delta, name, (*channel, name))
    yield from _place(delta.get("audio"), "transcript", (*channel, "audio"))
    yield from _place(delta.get("function_call"), "arguments", (*channel, "call"), True)
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            number = str(call.get("index"))
            yield from _place(call.get("function"), "arguments", (*channel, "tool", number), True)
            yield from _place(call.get("custom"), "input", (*channel, "tool", number))


def _place(holder: Any, name: str, channel: Channel, in_json: bool = False) -> Iterator[Place]:
    if isinstance(holder, dict) and isinstance(holder.get(name), str):
        yield Place(holder, name, channel, in_json)


def _ends(body: Body, channel: Channel) -> bool:
    """Whether with this event the text of ``channel`` is over."""
    kind = body.get("type")
    if kind in _OVER:
        return True
    if channel[0] == "choice":
        choices = body.get("choices")
        mine = (c for c in choices if isinstance(c, dict)) if isinstance(choices, list) else ()
        return any(str(c.get("index")) == channel[1] and c.get("finish_reason") is not None for c in mine)
    if channel[0] == "block":
        return kind == "content_block_stop" and str(body.get("index")) == channel[1]
    return kind == f"{channel[1]}.done" and str(body.get("item_id")) == channel[2]
