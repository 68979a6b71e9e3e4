"""Put marks in the place of what was found, and the found back in the place of the marks.

Contract: a mark names its kind and a number, and carries a word that was drawn for this conversation, so that nobody
can make the answer disclose what another conversation hid. The same value gets the same mark throughout. ``restore``
and ``Restoring`` put back every known mark and change nothing else; a stream may cut a mark anywhere. What was hidden
lives in the object only: whoever keeps it keeps the secrets.

Deliberately not done: recognising marks that a model rewrote.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Iterable, Mapping

from stillwatch.guard.finding import Finding

_LETTERS = string.ascii_lowercase + string.digits
_NONCE = 5
_MARK = re.compile(rf"\[[A-Z]+_\d+_[a-z0-9]{{{_NONCE}}}\]")


class Redaction:
    """The marks of one conversation; ``nonce`` is drawn unless an earlier conversation is taken up again.

    ``values`` may come from several earlier ones: a mark is known by its whole text.
    """

    def __init__(self, nonce: str = "", values: Mapping[str, str] | None = None) -> None:
        self.nonce = nonce or "".join(secrets.choice(_LETTERS) for _ in range(_NONCE))
        self._values = dict(values or {})
        self._marks = {value: mark for mark, value in self._values.items()}

    @property
    def values(self) -> Mapping[str, str]:
        """What each mark stands for: as sensitive as the text was."""
        return self._values

    @property
    def longest(self) -> int:
        return max(map(len, self._values), default=0)

    def redact(self, text: str, findings: Iterable[Finding], *, in_json: bool = False) -> str:
        """``text`` with marks in the place of ``findings``; where they overlap, of all that they cover.

        ``in_json``: the text is JSON itself, so what stands in it is spelled as JSON spells it.
        """
        parts, at = [], 0
        for kind, start, end in _covered(findings):
            value = _meant(text[start:end]) if in_json else text[start:end]
            parts += [text[at:start], self._mark(kind, value)]
            at = end
        return "".join([*parts, text[at:]])

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """``text`` with every known mark replaced by what it stands for; ``in_json``: as JSON spells it in a string."""
        if not self._values:
            return text
        return _MARK.sub(lambda match: self._value(match[0], in_json), text)

    def restoring(self, *, in_json: bool = False) -> Restoring:
        """The same for text that comes in pieces."""
        return Restoring(self, in_json)

    def as_bytes(self) -> Redaction:
        """The same for bytes in UTF-8 that are read as Latin-1, one letter for each."""
        return Redaction(self.nonce, {mark: _letters(value) for mark, value in self._values.items()})

    def may_begin(self, tail: str) -> bool:
        """Whether ``tail`` could be the beginning of a known mark."""
        return any(mark.startswith(tail) for mark in self._values)

    def _value(self, mark: str, in_json: bool) -> str:
        value = self._values.get(mark)
        if value is None:
            return mark
        return json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value

    def _mark(self, kind: str, value: str) -> str:
        if value not in self._marks:
            mark = f"[{kind.upper()}_{len(self._marks) + 1}_{self.nonce}]"
            self._marks[value], self._values[mark] = mark, value
        return self._marks[value]


def _meant(spelled: str) -> str:
    """What a piece of JSON stands for; a piece that is no inside of a string stands for itself."""
    try:
        return str(json.loads(f'"{spelled}"')) if "\\" in spelled else spelled
    except ValueError:
        return spelled


def _letters(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


class Restoring:
    """Restores a stream; holds back only what could be the beginning of a mark."""

    def __init__(self, redaction: Redaction, in_json: bool = False) -> None:
        self._redaction, self._in_json, self._held = redaction, in_json, ""

    def feed(self, piece: str) -> str:
        """What can be handed on after ``piece``."""
        text = self._redaction.restore(self._held + piece, in_json=self._in_json)
        begin = text.rfind("[", max(0, len(text) - self._redaction.longest))
        cut = begin if begin >= 0 and self._redaction.may_begin(text[begin:]) else len(text)
        self._held = text[cut:]
        return text[:cut]

    def close(self) -> str:
        """What was held back at the end."""
        rest, self._held = self._held, ""
        return rest


def _covered(findings: Iterable[Finding]) -> list[tuple[str, int, int]]:
    """Stretches without overlap, each under the kind of the finding that begins it."""
    joined: list[tuple[str, int, int]] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if joined and finding.start < joined[-1][2]:
            kind, start, end = joined[-1]
            joined[-1] = (kind, start, max(end, finding.end))
        else:
            joined.append((finding.kind, finding.start, finding.end))
    return joined
