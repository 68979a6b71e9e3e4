"""Uploads as forms (multipart/form-data, RFC 7578): taken apart, and put together again.

Contract: strict. What is not exactly a form with the boundary that its header names raises ``BrokenUploadError``: a
reader that is more lenient than this one could find in it what was not looked at. ``spelled`` of what ``taken_apart``
gave is the same form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.message import Message

MOST_PARTS = 1000
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")


class BrokenUploadError(ValueError):
    """Not a form that can be looked at."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field or a file of a form; ``head`` is its header as it came."""

    head: bytes
    name: str
    filename: str | None
    content: bytes

    def holding(self, content: bytes) -> Part:
        return replace(self, content=content)


def boundary(content_type: str) -> bytes | None:
    """The boundary of a form; ``None`` where the header speaks of something else."""
    header = Message()
    header["content-type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        return None
    found = header.get_param("boundary")
    if not isinstance(found, str) or not _BOUNDARY.fullmatch(found):
        raise BrokenUploadError("the form does not name its boundary")
    return found.encode()


def taken_apart(raw: bytes, mark: bytes) -> list[Part]:
    """The parts of a form."""
    pieces = (b"\r\n" + raw).split(b"\r\n--" + mark)
    if pieces[0] or len(pieces) < 2 or pieces[-1] not in (b"--", b"--\r\n"):
        raise BrokenUploadError("the form does not begin and end with its boundary")
    if len(pieces) > MOST_PARTS:
        raise BrokenUploadError(f"the form has more than {MOST_PARTS:,} parts")
    return [_part(piece) for piece in pieces[1:-1]]


def spelled(parts: list[Part], mark: bytes) -> bytes:
    return b"".join(b"--" + mark + b"\r\n" + p.head + b"\r\n\r\n" + p.content + b"\r\n" for p in parts) + (
        b"--" + mark + b"--\r\n"
    )


def _part(piece: bytes) -> Part:
    head, blank, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not piece.startswith(b"\r\n") or not blank:
        raise BrokenUploadError("a part of the form has no header")
    header = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        field, _, value = line.partition(":")
        header[field.strip()] = value.strip()
    if header.get("content-transfer-encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
        raise BrokenUploadError("a part of the form is encoded")
    name = header.get_param("name", header="content-disposition")
    return Part(head, name if isinstance(name, str) else "", header.get_filename(), content)
