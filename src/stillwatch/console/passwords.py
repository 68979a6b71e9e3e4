"""Passwords of the people of a store, as Argon2id hashes in one private file.

Contract: roles are the journal's; this file only says that somebody is who they say. ``verify`` takes about the same
time for a name that is not there, so nobody learns names from it, and at most two run at a time, because each needs
64 MiB. A hash of weaker parameters than today's is replaced when its owner comes by.
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.durable import locked, make_folder, read_private, write_private
from stillwatch.errors import ConfigurationError, StoreError

FILE_NAME = "passwords.json"
LEAST, MOST = 12, 256
AT_ONCE = 2


class Passwords:
    """The passwords of ``store``; the file need not exist yet."""

    def __init__(self, store: Path) -> None:
        self._path = store / FILE_NAME
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._hasher = _hasher()

    def hashed(self, password: str) -> str:
        """What is kept of a password; refuses one that is easy to guess by its length."""
        if not LEAST <= len(password) <= MOST:
            raise ConfigurationError(f"a password has {LEAST} to {MOST} characters; a sentence is easier to remember")
        return str(self._hasher.hash(password))

    def put(self, name: str, hashed: str) -> None:
        """Set somebody's password."""
        self._store(name, hashed)

    def verify(self, name: str, password: str) -> bool:
        """Whether that is the password of that name."""
        from argon2.exceptions import InvalidHashError, VerificationError

        known = self._load().get(name)
        with self._turns:
            try:
                self._hasher.verify(known or self._nobody, password[: MOST + 1])
            except (VerificationError, InvalidHashError):
                return False
            if known is None:
                return False
            if self._hasher.check_needs_rehash(known):
                self._store(name, self.hashed(password))
        return True

    @functools.cached_property
    def _nobody(self) -> str:
        """A hash that no known password has, to spend the same time on."""
        import secrets

        return str(self._hasher.hash(secrets.token_urlsafe()))

    def _load(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(read_private(self._path), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"cannot read {self._path}: {error}. Restore it, or remove it and set passwords."
            ) from error

    def _store(self, name: str, hashed: str) -> None:
        make_folder(self._path.parent)
        with locked(self._path.with_suffix(".lock"), for_writing=True):
            write_private(self._path, msgspec.json.encode({**self._load(), name: hashed}))


def _hasher() -> Any:
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise ConfigurationError("the console needs argon2-cffi: pip install 'stillwatch[console]'") from None
    return PasswordHasher()  # Argon2id, 64 MiB, 3 passes: the library's choice after RFC 9106
