"""How an answer is passed down: whole, where it is short or has to be edited as one, or as it comes.

Contract: bytes of the upstream in, bytes for the client out, framed as the client understands them. An answer that no
edit touches has the same body, byte for byte. What cannot be edited raises ``RefusedError`` before anything went down.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from stillwatch.gateway import bodies, headers
from stillwatch.gateway.admission import RefusedError
from stillwatch.gateway.outbound import Head
from stillwatch.gateway.proxy import MOST_WHOLE, STREAM
from stillwatch.gateway.streaming import Edit, StreamEditors, editor_of

SHORT = 1 << 20
"""An answer of a known length up to this is passed down when all of it is there, so that one that breaks is a 502."""
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def status_line(status: int) -> bytes:
    return _STATUS.get(status) or b"HTTP/1.1 %d \r\n" % status


class Down:
    """An answer on its way down. ``added``: headers of ours; ``edits``: what is changed in it.

    ``keeps_open``: the connection is used again. ``chunks``: its client understands chunks. ``lines``: it is a file,
    to be edited line by line.
    """

    def __init__(
        self,
        head: Head,
        added: dict[str, str],
        edits: Sequence[Edit],
        *,
        keeps_open: bool,
        chunks: bool,
        lines: bool = False,
    ) -> None:
        kind = next((value for name, value in head.fields if name == b"content-type"), b"")
        self.streamed = kind[: len(STREAM)].lower() == STREAM.encode()
        encoding = next((value for name, value in head.fields if name == b"content-encoding"), b"identity")
        if edits and encoding.lower() != b"identity":
            raise RefusedError(502, "upstream_encoded", "The answer cannot be read by the gateway.")
        by_piece = bool(edits) and (self.streamed or lines)
        self.whole = not head.bare and not self.streamed and not by_piece and (bool(edits) or _short(head))
        self._edits = edits
        editors = [editor_of(edit, streamed=self.streamed) for edit in edits] if by_piece else []
        self._editing = StreamEditors(editors) if by_piece else None
        self._pieces: list[bytes] = []
        self._size = 0
        self._head, self._added = head, added
        self._bare = head.bare
        length = None if self._editing is not None else head.length
        self._chunked = length is None and not self.whole and not head.bare and chunks
        self.keeps_open = keeps_open and (self.whole or head.bare or length is not None or self._chunked)
        if self._chunked:
            added["transfer-encoding"] = "chunked"
        elif length is not None and not self.whole and not head.bare:
            added["content-length"] = str(length)
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """What may go down now."""
        if self.whole:
            self._size += len(data)
            if self._size > MOST_WHOLE:
                raise RefusedError(502, "upstream_too_long", "The answer is too long to be looked at.")
            self._pieces.append(data)
            return b""
        if self._editing is not None:
            data = self._editing.feed(data)
        return self._framed(data) if data else b""

    def begin(self) -> bytes:
        """The head, once; nothing while the answer has to be there whole."""
        if self._begun or self.whole:
            return b""
        self._begun = True
        return self._spelled_head()

    def end(self) -> bytes:
        """The rest."""
        if self.whole:
            raw = b"".join(self._pieces)
            if self._edits and self._head.status < 400:
                raw = _edited(raw, self._edits)
            self._added["content-length"] = str(len(raw))
            return self._spelled_head() + raw
        data = self._editing.close() if self._editing is not None else b""
        rest = self.begin() + (self._framed(data) if data else b"")
        return rest + b"0\r\n\r\n" if self._chunked else rest

    def _framed(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data

    def _spelled_head(self) -> bytes:
        if not self.keeps_open:
            self._added["connection"] = "close"
        return b"%b%b\r\n" % (status_line(self._head.status), headers.downwards(self._head.fields, self._added))


def _short(head: Head) -> bool:
    return head.length is not None and head.length < SHORT


def _edited(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """A whole answer after all edits; as it came where none had anything to do."""
    try:
        body = bodies.read(raw)
    except bodies.UnreadableBodyError:
        raise RefusedError(502, "upstream_unreadable", "The answer cannot be read by the gateway.") from None
    left = body
    for edit in edits:
        left = edit.whole(left)
    return raw if left is body else bodies.spelled(left)
