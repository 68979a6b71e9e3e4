"""Passkeys of the people of a store: public keys in one private file.

Contract: roles are the journal's; this file only says which keys vouch for whom. A key is nobody's secret: who can read
the file can log in as nobody; who can write it can. Every change is in the journal before it is in the file.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from stillwatch.app.cases.desk import Actor, at_work
from stillwatch.cases.advance import PEOPLE
from stillwatch.cases.state import at_least
from stillwatch.durable import locked, make_folder, read_private, write_private
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import Act, Who

FILE_NAME, KIND = "passkeys.json", "console.passkey"
MOST = 10
"""Passkeys that one person may have."""


class Passkey(msgspec.Struct, frozen=True):
    """``key_id`` names it, ``public_key`` checks it (COSE), ``used`` counts what its device says of its uses."""

    key_id: bytes
    public_key: bytes
    used: int
    label: str
    added_at: str


class Holder(msgspec.Struct, frozen=True):
    """One person's passkeys; devices know the person by ``handle``, which says nothing."""

    handle: bytes
    keys: tuple[Passkey, ...] = ()


class Passkeys:
    """The passkeys of ``store``; the file need not exist yet."""

    def __init__(self, store: Path) -> None:
        self._store, self._path = store, store / FILE_NAME
        self._lock = threading.Lock()

    def holders(self) -> dict[str, Holder]:
        """Everybody who has some."""
        try:
            return msgspec.json.decode(read_private(self._path), type=dict[str, Holder])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"cannot read {self._path}: {error}. Restore it, or remove it and add passkeys."
            ) from error

    def any(self) -> bool:
        """Whether somebody has one."""
        return any(holder.keys for holder in self.holders().values())

    def of(self, name: str) -> Holder:
        """Those of one person; a new handle where there are none."""
        return self.holders().get(name) or Holder(secrets.token_bytes(32))

    def find(self, key_id: bytes) -> tuple[str, Holder, Passkey] | None:
        """Whose passkey that is."""
        pairs = ((name, holder, key) for name, holder in self.holders().items() for key in holder.keys)
        return next((found for found in pairs if secrets.compare_digest(found[2].key_id, key_id)), None)

    def add(self, handle: bytes, key: Passkey, actor: Actor, now: datetime) -> None:
        """``actor`` adds a passkey of their own, made for ``handle``."""
        held = self.holders().get(actor.name)
        if held is not None and held.handle != handle:
            raise ConfigurationError("another passkey was added meanwhile; open the page again")
        if held is not None and len(held.keys) >= MOST:
            raise ConfigurationError(f"one person has at most {MOST} passkeys; remove one first")
        self._record(actor, now, actor.name, f"added {key.label}", "viewer")
        with self._changed() as holders:
            others = holders[actor.name].keys if actor.name in holders else ()
            holders[actor.name] = Holder(handle, (*others, key))

    def remove(self, name: str, key_id: bytes, actor: Actor, now: datetime) -> None:
        """``actor`` removes a passkey: their own, or as an admin anybody's."""
        held = self.of(name)
        gone = next((key for key in held.keys if key.key_id == key_id), None)
        if gone is None:
            raise ConfigurationError("there is no such passkey any more")
        self._record(actor, now, name, f"removed {gone.label}", "viewer" if name == actor.name else "admin")
        self._replace(name, gone, None)

    def used(self, name: str, key: Passkey, used: int) -> None:
        """What its device says now; a copy of it would have to know."""
        self._replace(name, key, msgspec.structs.replace(key, used=used))

    def _replace(self, name: str, old: Passkey, new: Passkey | None) -> None:
        with self._changed() as holders:
            held = holders[name]
            kept = [new if key.key_id == old.key_id else key for key in held.keys]
            holders[name] = Holder(held.handle, tuple(key for key in kept if key is not None))

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Holder]]:
        """What there is, written back as the block leaves it."""
        make_folder(self._store)
        with self._lock, locked(self._path.with_suffix(".lock"), for_writing=True):
            holders = self.holders()
            yield holders
            write_private(self._path, msgspec.json.encode(holders))

    def _record(self, actor: Actor, now: datetime, whose: str, what: str, least: str) -> None:
        with at_work(self._store, actor, now) as session:
            role = session.desk.people.get(actor.name, "")
            if not at_least(role, least):
                raise ConfigurationError(f"this needs the role {least}; {actor.name} is {role or 'nobody'} here")
            assert session.writer is not None  # no dry run
            session.writer.append(Act(KIND, PEOPLE, {"name": whose}, what), Who(actor.name, role, actor.via), now)
