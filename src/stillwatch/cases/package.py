"""One file out of many and back: a zip whose bytes depend on its content alone, and a reader for hostile ones.

Contract: ``packed`` writes equal bytes for equal members. ``unpacked`` takes nothing on trust: it refuses names that
leave the bundle, duplicates, encryption, unknown compression, too many or too large members, and stops at the limit
where a header lies about a size. It never writes to disk. ``Manifest`` lists every member with its hash.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from stillwatch import inert
from stillwatch.errors import InputError

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
SCHEMA = "stillwatch.bundle/1"
MOST_FILE = 256 << 20
MOST_MEMBERS = 400
MOST_MEMBER = 128 << 20
MOST_TOTAL = 512 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*){0,5}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle holds; ``head`` is the journal's head when it was made, "COUNT:HASH"."""

    schema: str
    case_id: str
    made_at: str
    made_by: str
    version: str
    head: str
    members: tuple[Member, ...]


def members_of(files: Mapping[str, bytes]) -> tuple[Member, ...]:
    """The manifest's list of files."""
    return tuple(Member(name, len(files[name]), hashlib.sha256(files[name]).hexdigest()) for name in sorted(files))


def packed(files: Mapping[str, bytes]) -> bytes:
    """The zip of ``files``; manifest and signature first, the rest by name."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in sorted(files, key=lambda n: (n != MANIFEST, n != SIGNATURE, n)):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            stored = name.endswith(".parquet")  # compressed already
            archive.writestr(info, files[name], zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED, 6)
    return sink.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """The members of a bundle; ``InputError`` for anything that is not one we could have written."""
    try:
        if path.stat().st_size > MOST_FILE:
            raise _refused(path, f"it is larger than {MOST_FILE >> 20} MiB")
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check(path, infos)
            return {info.filename: _read(path, archive, info) for info in infos}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}. Check the path.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise _refused(path, f"it is no zip that can be read ({inert.text(str(error))})") from error


def _check(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    if len(infos) > MOST_MEMBERS:
        raise _refused(path, f"it has {len(infos)} members, {MOST_MEMBERS} at most are read")
    if len(set(names)) < len(names):
        raise _refused(path, "two members have one name")
    if wrong := [name for name in names if _NAME.fullmatch(name) is None]:
        raise _refused(path, f"a member is called {inert.text(wrong[0])}")
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise _refused(path, "a member is encrypted")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise _refused(path, "a member is compressed in another way than ours")
    if max((info.file_size for info in infos), default=0) > MOST_MEMBER:
        raise _refused(path, f"a member is larger than {MOST_MEMBER >> 20} MiB")
    if sum(info.file_size for info in infos) > MOST_TOTAL:
        raise _refused(path, f"unpacked it is larger than {MOST_TOTAL >> 20} MiB")


def _read(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        raw = member.read(info.file_size + 1)
    if len(raw) != info.file_size:
        raise _refused(path, f"{info.filename} is not as large as its header says")
    return raw


def _refused(path: Path, why: str) -> InputError:
    return InputError(f"{path} is no case bundle: {why}. Ask whoever sent it for the file as it was made.")
