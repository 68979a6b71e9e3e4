"""A key of its own for everybody the journal is about, so that erasing a person is destroying a key.

Contract: a subject is a keyed pseudonym; its key is drawn when something is first sealed for it and is on disk before
the entry that uses it. ``destroy`` leaves a tombstone: what was sealed can never be opened again, nothing is sealed for
that subject again, and a key that is missing without a tombstone was lost or removed, which ``case verify`` reports.
Keys lie in up to 256 files, so that adding or destroying one rewrites a small file.

What erasure cannot reach: copies of the key files in backups, bundles that were handed out with names in them, and a
holder of the store's key who guesses the name can still see that this pseudonym occurs.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.durable import make_folder, write_private
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import Box

_NONCE, _KEY = 12, 32
_Shard = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Subjects:
    """The keys under ``folder``; ``key`` makes the pseudonyms."""

    folder: Path
    key: bytes

    def name(self, what: str, identity: str) -> str:
        """The pseudonym of an identity of a kind, such as ("account", "acc-1")."""
        text = f"subject\x1e{what}\x1e{identity}".encode("utf-8", "surrogatepass")
        return "s-" + hmac.digest(self.key, text, "sha256").hex()[:24]

    def seal(self, n: int, private: Mapping[str, bytes]) -> tuple[Box, ...]:
        """Seal payloads for the entry ``n``; subjects that were erased get none."""
        keys = self._keys(private, draw=True)
        return tuple(
            Box(subject, _seal(bytes.fromhex(key), private[subject], n, subject))
            for subject in sorted(private)
            if (key := keys[subject]) is not None
        )

    def open(self, n: int, boxes: Iterable[Box]) -> dict[str, bytes]:
        """What the boxes of entry ``n`` hold, by subject; those whose key is gone are left out."""
        boxes = tuple(boxes)
        keys = self._keys([box.subject for box in boxes], draw=False)
        return {b.subject: _open(bytes.fromhex(k), b, n) for b in boxes if (k := keys.get(b.subject)) is not None}

    def erased(self, subjects: Iterable[str]) -> set[str]:
        """Those whose key was destroyed."""
        return {s for s, key in self._keys(subjects, draw=False).items() if key is None}

    def kept(self, subjects: Iterable[str]) -> set[str]:
        """Those whose key is there."""
        return {s for s, key in self._keys(subjects, draw=False).items() if key is not None}

    def destroy(self, subjects: Iterable[str]) -> None:
        """Destroy keys for good; also of subjects that never had one."""
        for path, names in self._by_shard(subjects).items():
            self._store(path, {**self._load(path), **dict.fromkeys(names)})

    def _keys(self, subjects: Iterable[str], *, draw: bool) -> dict[str, str | None]:
        """Keys of the subjects that have one (or a tombstone); new ones are drawn and stored first if asked."""
        found: dict[str, str | None] = {}
        for path, names in self._by_shard(subjects).items():
            shard = self._load(path)
            new = {name: secrets.token_hex(_KEY) for name in names if name not in shard} if draw else {}
            if new:
                shard = {**shard, **new}
                self._store(path, shard)
            found |= {name: shard[name] for name in names if name in shard}
        return found

    def _by_shard(self, subjects: Iterable[str]) -> dict[Path, list[str]]:
        shards: dict[Path, list[str]] = {}
        for subject in sorted(set(subjects)):
            shards.setdefault(self.folder / f"{subject[2:4]}.json", []).append(subject)
        return shards

    def _load(self, path: Path) -> _Shard:
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Shard)
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError:
            raise StoreError(f"cannot read the keys in {path}: it is damaged. Restore it from a copy.") from None

    def _store(self, path: Path, shard: _Shard) -> None:
        make_folder(self.folder)
        write_private(path, msgspec.json.encode(shard))


def _seal(key: bytes, payload: bytes, n: int, subject: str) -> str:
    nonce = secrets.token_bytes(_NONCE)
    sealed: bytes = _cipher(key).encrypt(nonce, payload, _bound(n, subject))
    return b64encode(nonce + sealed).decode()


def _open(key: bytes, box: Box, n: int) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        raw = b64decode(box.sealed, validate=True)
        opened: bytes = _cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], _bound(n, box.subject))
    except (InvalidTag, ValueError):
        raise StoreError(
            f"a box of journal entry {n} does not open under its subject's key: the key file was changed. "
            "Restore the folder of keys from a copy."
        ) from None
    return opened


def _bound(n: int, subject: str) -> bytes:
    """A box belongs to one entry and one subject."""
    return f"stillwatch/1/{n}/{subject}".encode()


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise ConfigurationError("cases need the package cryptography: pip install 'stillwatch[cases]'") from None
    return AESGCM(key)
