"""The mark of keyed choice in the answers of a server: several are asked for, one is served.

Contract: ``with_choices`` asks for ``count`` answers where a client asks for one; their prompt is read once. Of a whole
answer ``choose_body`` leaves the choice that the key prefers; ``ChosenStream`` lets nothing out until every choice has
its opening, and from there on the events of the chosen one as they come, as number 0. Counts of tokens stay those of
everything that was generated. Messages know no such number and are not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillwatch.derive.adapters.answers import Body, Dialect, data_of, decoded, dicts, event_of, events_in, index_of
from stillwatch.derive.hashing import U32
from stillwatch.derive.marks.best import Opening, choose
from stillwatch.errors import ConfigurationError

CHOICES_VARIABLE = "STILLWATCH_MARK_CHOICES"
CHOICES = 4
_MOST_CHOICES = 64


def choices_in(environ: Mapping[str, str]) -> int:
    """How many answers to choose from, as the environment says."""
    text = environ.get(CHOICES_VARIABLE, str(CHOICES))
    if not (text.isascii() and text.isdigit() and 2 <= int(text) <= _MOST_CHOICES):
        raise ConfigurationError(f"{CHOICES_VARIABLE} is {text!r}; it is a number from 2 to {_MOST_CHOICES}")
    return int(text)


def with_choices(body: Body, dialect: Dialect, count: int) -> Body | None:
    """The request for so many answers; None where it is for more than one already, or knows no number."""
    alone = isinstance(body.get("prompt"), str) if dialect == "completions" else dialect == "chat"
    if not alone or body.get("n") not in (None, 1) or body.get("best_of") not in (None, 1):
        return None
    return {**{name: value for name, value in body.items() if name != "best_of"}, "n": count}


def choose_body(body: Body, dialect: Dialect, words: U32) -> Body:
    """A whole answer with one of its choices."""
    choices = list(dicts(body.get("choices")))
    if not choices:
        return body
    chosen = choices[choose(words, [_text(choice, dialect, "message") for choice in choices])]
    return {**body, "choices": [{**chosen, "index": 0}]}


class ChosenStream:
    """Chooses within one stream of server-sent events."""

    def __init__(self, dialect: Dialect, words: U32, count: int) -> None:
        self._dialect = dialect
        self._opening = Opening(words, count)
        self._kept: dict[int, list[Body]] = {}
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        events, self._held = events_in(self._held + data)
        return b"".join(self._event(event, end) for event, end in events)

    def close(self) -> bytes:
        """What was left, and a choice among what there is where none was made."""
        held, self._held = self._held, b""
        return (self._event(held, b"") if held else b"") + self._settled()

    def _event(self, event: bytes, end: bytes) -> bytes:
        data = data_of(event)
        if data == b"[DONE]":
            return self._settled() + event + end
        body = decoded(data)
        choices = [] if body is None else list(dicts(body.get("choices")))
        if body is None or not choices:
            return event + end
        return b"".join(self._choice({**body, "choices": [{**choice, "index": 0}]}, choice) for choice in choices)

    def _choice(self, alone: Body, choice: Body) -> bytes:
        """What may go on after an event of one choice; ``alone`` is the event as it would be served."""
        number = index_of(choice)
        if self._opening.chosen is not None:
            return event_of(alone) if number == self._opening.chosen else b""
        if not 0 <= number < self._opening.count:
            return b""
        self._kept.setdefault(number, []).append(alone)
        text = _text(choice, self._dialect, "delta")
        self._opening.feed(number, text, ended=choice.get("finish_reason") is not None)
        return self._released()

    def _settled(self) -> bytes:
        if self._opening.chosen is None and self._kept:
            self._opening.settle(sorted(self._kept))
        return self._released()

    def _released(self) -> bytes:
        """What the chosen one had brought; empty the second time."""
        if self._opening.chosen is None:
            return b""
        kept, self._kept = self._kept, {}
        return b"".join(event_of(alone) for alone in kept.get(self._opening.chosen, ()))


def _text(choice: Body, dialect: Dialect, holder: str) -> str:
    """The text of a choice, whole or as far as an event brings it; empty where it is none."""
    said: Any = choice.get("text") if dialect == "completions" else choice.get(holder)
    if isinstance(said, dict):
        said = said.get("content")
    return said if isinstance(said, str) else ""
