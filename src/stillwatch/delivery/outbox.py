"""What waits to be sent, what was given up, and how far the journal has been passed on: files that survive a crash.

Contract: an item is one private file, written whole; it lies under ``waiting`` until its target took it (an event is
then gone, a parcel lies under ``sent`` until it is recalled) or it was given up (then it lies under ``dead`` until a
person replays or drops it). Nothing vanishes in between: a crash after a success sends an item again under the same id,
by which receivers tell. ``passed`` says up to which entry of the journal each target has been told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stillwatch.durable import make_folder, write_private
from stillwatch.errors import StoreError

FOLDER = "delivery"
WAITING, DEAD, SENT = "waiting", "dead", "sent"
_PASSED = "passed.json"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing for one target: an event of entry ``n`` with its ``body``, or a parcel.

    A parcel is ``sealed`` under the key of ``subject`` for entry ``n``; ``reference`` is its name in the journal.
    ``said``: how the last attempt ended. ``due_at``: when the next one may come.
    """

    id: str
    target: str
    about: str
    made_at: str
    due_at: str
    kind: str
    n: int
    body: str = ""
    sealed: str = ""
    subject: str = ""
    reference: str = ""
    attempts: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The files under ``folder``, which need not exist yet."""

    folder: Path

    def add(self, item: Item) -> None:
        """Let it wait; an item of the same id is replaced."""
        self._write(WAITING, item)

    def give_up(self, item: Item) -> None:
        self._write(DEAD, item)
        self._path(WAITING, item).unlink(missing_ok=True)

    def done(self, item: Item) -> None:
        if item.sealed:
            self._write(SENT, item)
        self._path(WAITING, item).unlink(missing_ok=True)

    def replay(self, item: Item) -> None:
        """Let a dead item wait again."""
        self._write(WAITING, item)
        self.drop(item)

    def drop(self, item: Item, where: str = DEAD) -> None:
        """Forget an item."""
        self._path(where, item).unlink(missing_ok=True)

    def items(self, where: str) -> list[Item]:
        """The items that wait or are dead, in the order in which they came."""
        found = list(self._items(where))
        return sorted(found, key=lambda item: (item.n, item.made_at, item.target, item.id))

    def passed(self) -> dict[str, int]:
        """Up to which entry of the journal each target has been told."""
        try:
            return msgspec.json.decode((self.folder / _PASSED).read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError:
            raise _damaged(self.folder / _PASSED) from None

    def pass_on(self, passed: Mapping[str, int]) -> None:
        make_folder(self.folder)
        write_private(self.folder / _PASSED, msgspec.json.encode(passed))

    def _items(self, where: str) -> Iterator[Item]:
        for path in (self.folder / where).glob("*.json"):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Item)
            except FileNotFoundError:
                continue  # another process was done with it
            except msgspec.MsgspecError:
                raise _damaged(path) from None

    def _write(self, where: str, item: Item) -> None:
        make_folder(self.folder / where)
        write_private(self._path(where, item), msgspec.json.encode(item))

    def _path(self, where: str, item: Item) -> Path:
        return self.folder / where / f"{item.target}.{item.id}.json"


def _damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is damaged. Restore it from a copy, or remove it: what it held is then not sent.")
