"""Lines of a file as it passes: bytes in, bytes out, whatever the cuts between reads.

Contract: each line whose first letter is ``{`` is handed to ``change`` whole, without its end, and what that returns
goes on; all other bytes go on as they come, so a file of any kind and size passes. Of a line that becomes longer than
``most`` the bytes go on unseen, after ``too_long`` was told, which may raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

BLANK = b" \t\r\xef\xbb\xbf"
"""What may stand in front of an object in its line: blanks, and the mark that some put at the begin of a text."""


@dataclass(slots=True)
class Lines:
    """One file."""

    change: Callable[[bytes], bytes]
    most: int
    too_long: Callable[[], None]
    _held: list[bytes] = field(default_factory=list)
    _size: int = 0
    _object: bool | None = None
    """Whether the line under way is one; ``None`` while only blanks of it came."""

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        *ended, rest = data.split(b"\n")
        out = [part for piece in ended for part in (self._more(piece), self._end(), b"\n")]
        out.append(self._more(rest))
        return b"".join(out)

    def close(self) -> bytes:
        """What was left without its end."""
        return self._end()

    def _more(self, piece: bytes) -> bytes:
        """A piece of a line goes on unless the line may have to be changed."""
        if self._object is None and (begin := piece.lstrip(BLANK)[:1]):
            self._object = begin == b"{"
        if self._object is False:
            return self._passed(piece)
        self._held.append(piece)
        self._size += len(piece)
        if self._size <= self.most:
            return b""
        self.too_long()
        self._object = False
        return self._passed(b"")

    def _passed(self, piece: bytes) -> bytes:
        held, self._held, self._size = self._held, [], 0
        return b"".join([*held, piece]) if held else piece

    def _end(self) -> bytes:
        found, self._object = self._object, None
        line = self._passed(b"")
        return self.change(line) if found else line
