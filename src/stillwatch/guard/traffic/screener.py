"""What becomes of a request: every text and file in it looked at, decided about, redacted.

Contract: ``Screener.screen`` takes any bytes. JSON is walked whole, history included; of a form every field and file;
anything else is one file. A part that cannot be read is a finding of its own, ``unread``. The same conversation gets
the same marks as long as it begins the same. What a person insisted on is not asked about again for twelve hours, and
what was counted is not counted again with every turn that repeats it.

With ``coach`` there is a word that lets exactly these findings go on: handed in as ``insist``, or written into the text
as ``[insist WORD]``, which is taken out. Memory holds keyed hashes, and what the marks of stored answers and uploaded
files stand for; it ends with the process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stillwatch.errors import InputError
from stillwatch.guard.check import Guard
from stillwatch.guard.deciding import Decision, actions, decide
from stillwatch.guard.decoding import decode, is_plain
from stillwatch.guard.destinations import Destination, Destinations
from stillwatch.guard.finding import Finding
from stillwatch.guard.redaction import Redaction
from stillwatch.guard.traffic import uploads
from stillwatch.guard.traffic.memory import HOURS_48, Memory
from stillwatch.guard.traffic.walking import changed

MOST_REMEMBERED, MOST_TAKEN_UP = 200_000, 5_000
REFERENCES = frozenset(("previous_response_id", "file_id", "file_ids", "input_file_id", "conversation"))
"""Fields that name what was sent or answered earlier."""
SHORT = 200
"""Characters of a text that is looked at with the name of its field: of longer ones the name says nothing."""
_SIGN = "[insist "
_INSIST = re.compile(r"\s?\[insist ([a-z2-7]{12})\]")
_OUTCOMES = {"redact": "redacted", "coach": "coached", "block": "blocked", "allow": "allowed"}


class UnreadableError(ValueError):
    """A body that is not what it says it is."""


@dataclass(frozen=True, slots=True)
class Request:
    """A body on its way; ``insist``: the word with which the person goes on."""

    caller: str
    content_type: str
    raw: bytes
    insist: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """What became of it. ``raw`` may go out if ``goes_out``; ``events``: (kind, outcome) to be counted."""

    decision: Decision
    goes_out: bool
    raw: bytes
    redaction: Redaction
    word: str
    events: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Piece:
    """A text of the body with what it holds; ``plain``: marks can be put into it."""

    text: str
    findings: list[Finding]
    plain: bool = True


@dataclass
class Screener:
    """The guard on the way to one destination; may be used by several threads."""

    guard: Guard
    to: Destination
    register: Destinations
    secret: bytes
    _insisted: Memory[bool] = field(default_factory=lambda: Memory(MOST_REMEMBERED))
    _counted: Memory[bool] = field(default_factory=lambda: Memory(MOST_REMEMBERED))
    _kept: Memory[dict[str, str]] = field(default_factory=lambda: Memory(MOST_TAKEN_UP, HOURS_48))
    """Longer than the rest: a batch may take a day."""

    def __post_init__(self) -> None:
        self._actions = actions(self.to, self.register)

    def screen(self, request: Request, now: float) -> Screened:
        """Decide about ``request``; ``UnreadableError`` where it cannot be told what it holds."""
        content, looking = _content(request), _Looking(self.guard)
        try:
            content.changed(looking)
        except RecursionError:
            raise UnreadableError("the body is nested too deeply") from None
        pieces = looking.pieces
        for piece in pieces:
            piece.findings = [f for f in piece.findings if not self._was_insisted_on(request, piece, f, now)]
        decision = self._decide(pieces)
        word = self._word(request, pieces) if decision.action == "coach" else ""
        insisted = bool(word) and word in (request.insist, *looking.words)
        goes_out = decision.goes_out(insisted=insisted)
        if insisted:
            for value in self._coached(request, pieces):
                self._insisted.keep(value, True, now)
        redaction, raw = self._redaction(request, content, pieces, now), b""
        if goes_out:
            kinds = {f.kind for f in decision.redact}
            raw = content.changed(_Putting(iter(pieces), kinds, redaction))
        events = self._events(request, pieces, decision, insisted, now)
        return Screened(decision, goes_out, raw, redaction, word, events)

    @property
    def keeps_any(self) -> bool:
        """Whether any marks are remembered at all."""
        return len(self._kept) > 0

    def fetched(self, caller: str, path: str, now: float) -> Redaction:
        """What the marks stand for in something that is asked for by a name in ``path``."""
        values: dict[str, str] = {}
        for name in path.split("/"):
            values |= self._kept.get((caller, name), now) or {}
        return Redaction(values=values)

    def known(self, caller: str, name: str, now: float) -> Redaction | None:
        """The same for one name; ``None`` where nothing is kept under it."""
        values = self._kept.get((caller, name), now)
        return None if values is None else Redaction(values=values)

    def keep(self, caller: str, identifier: str, redaction: Redaction, now: float) -> None:
        """Remember what marks stand for that may come again with an answer or a file of that name."""
        self._kept.keep((caller, identifier), dict(redaction.values), now)

    def _decide(self, pieces: list[_Piece]) -> Decision:
        fixed = {f.kind for p in pieces if not p.plain for f in p.findings}
        return decide([f for p in pieces for f in p.findings], self.to, self.register, fixed)

    def _redaction(self, request: Request, content: _Content, pieces: list[_Piece], now: float) -> Redaction:
        """Marks of this conversation, and those of answers and files that it refers to."""
        begins = next((p.text for p in pieces if p.text), "")
        nonce = base64.b32encode(self._digest(request, "conversation", begins)).decode()[:5].lower()
        values: dict[str, str] = {}
        for name in content.references():
            values |= self._kept.get((request.caller, name), now) or {}
        return Redaction(nonce, values)

    def _digest(self, request: Request, *what: str) -> bytes:
        text = "\0".join((request.caller, self.to.name, *what))
        return hmac.digest(self.secret, text.encode("utf-8", "surrogatepass"), "sha256")

    def _value(self, request: Request, piece: _Piece, finding: Finding) -> bytes:
        return self._digest(request, finding.kind, piece.text[finding.start : finding.end])

    def _was_insisted_on(self, request: Request, piece: _Piece, finding: Finding, now: float) -> bool:
        is_coached = self._actions[finding.kind] == "coach"
        return is_coached and bool(self._insisted.get(self._value(request, piece, finding), now))

    def _coached(self, request: Request, pieces: list[_Piece]) -> list[bytes]:
        found = ((p, f) for p in pieces for f in p.findings if self._actions[f.kind] == "coach")
        return sorted({self._value(request, piece, finding) for piece, finding in found})

    def _word(self, request: Request, pieces: list[_Piece]) -> str:
        """What lets exactly these findings of this caller go on."""
        digest = hmac.digest(self.secret, b"".join(self._coached(request, pieces)), "sha256")
        return base64.b32encode(digest).decode()[:12].lower()

    def _events(
        self, request: Request, pieces: list[_Piece], decision: Decision, insisted: bool, now: float
    ) -> tuple[tuple[str, str], ...]:
        """What is new to the counts; of a request that goes nowhere only what held it back."""
        events: dict[tuple[str, str], None] = {}
        goes_out = decision.goes_out(insisted=insisted)
        for piece, finding in ((p, f) for p in pieces for f in p.findings):
            action = self._actions[finding.kind]
            action = "block" if action == "redact" and not piece.plain else action
            if goes_out or action == decision.action:
                outcome = "insisted" if insisted and action == "coach" else _OUTCOMES[action]
                key = (self._value(request, piece, finding), outcome)
                if not self._counted.get(key, now):
                    events[finding.kind, outcome] = None
                self._counted.keep(key, True, now)
        return tuple(events)


class _Looking:
    """Looks at everything, changes nothing."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.pieces: list[_Piece] = []
        self.words: list[str] = []

    def text(self, text: str, name: str = "") -> str:
        if _SIGN in text:
            self.words += _INSIST.findall(text)
        try:
            self.pieces.append(_Piece(text, self._found(text, name)))
        except InputError:
            self.pieces.append(_unread(text.encode("utf-8", "replace")))
        return text

    def number(self, number: int, name: str) -> int:
        self.text(str(number), name)
        return number

    def _found(self, text: str, name: str) -> list[Finding]:
        """What a text holds; the name of its field is read with a short one."""
        if not name or len(text) > SHORT:
            return self._guard.check(text)
        before = len(name) + len(": ")
        found = self._guard.check(f"{name}: {text}")
        return [f._replace(start=max(f.start - before, 0), end=f.end - before) for f in found if f.end > before]

    def file(self, raw: bytes, name: str) -> bytes:
        try:
            text = decode(name, raw)
            self.pieces.append(_Piece(text, self._guard.check(text), is_plain(raw)))
        except InputError:
            self.pieces.append(_unread(raw))
        return raw


def _unread(raw: bytes) -> _Piece:
    """What cannot be read, by its digest."""
    name = hashlib.sha256(raw).hexdigest()
    return _Piece(name, [Finding("unread", "unread", 0, len(name))], False)


class _Putting:
    """Puts marks in the place of what is to be redacted, in the order in which it was looked at."""

    def __init__(self, pieces: Iterator[_Piece], kinds: set[str], redaction: Redaction) -> None:
        self._pieces, self._kinds, self._redaction = pieces, kinds, redaction

    def text(self, text: str, name: str = "") -> str:
        left = self._redacted(next(self._pieces), text)
        return _INSIST.sub("", left) if _SIGN in left else left

    def number(self, number: int, name: str) -> int | str:
        text = str(number)
        left = self._redacted(next(self._pieces), text)
        return number if left == text else left

    def file(self, raw: bytes, name: str) -> bytes:
        piece = next(self._pieces)
        in_json = piece.text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
        new = self._redacted(piece, piece.text, in_json=in_json)
        return raw if new is piece.text else new.encode("utf-8", "replace")

    def _redacted(self, piece: _Piece, text: str, *, in_json: bool = False) -> str:
        hidden = [f for f in piece.findings if f.kind in self._kinds]
        return self._redaction.redact(text, hidden, in_json=in_json) if hidden else text


Changed = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class _Content:
    """A body that can be gone through as often as needed."""

    changed: Changed
    body: Any = None

    def references(self) -> Iterator[str]:
        yield from _references(self.body, "")


def _references(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _references(held, "file_id" if name == "conversation" and key == "id" else key)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item, name)
    elif isinstance(value, str) and name in REFERENCES:
        yield value


def _content(request: Request) -> _Content:
    raw = request.raw
    try:
        mark = uploads.boundary(request.content_type)
        if mark is not None:
            parts = uploads.taken_apart(raw, mark)
            return _Content(lambda change: uploads.spelled([_part(part, change) for part in parts], mark))
    except uploads.BrokenUploadError as error:
        raise UnreadableError(str(error)) from None
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if "json" in request.content_type:
            raise UnreadableError("the body is not JSON") from None
        return _Content(lambda change: change.file(raw, "the body"))
    return _Content(lambda change: _spelled(changed(body, change)), body)


def _spelled(body: Any) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (msgspec.MsgspecError, OverflowError) as error:
        raise UnreadableError(f"the body cannot be spelled anew: {error}") from None


def _part(part: uploads.Part, change: Any) -> uploads.Part:
    if part.filename is not None:
        return part.holding(change.file(part.content, part.filename))
    try:
        text = part.content.decode()
    except UnicodeDecodeError:
        return part.holding(change.file(part.content, part.name))
    return part.holding(change.text(text).encode())
