"""The key that marks a group's answers now, for whoever serves.

Contract: ``LiveKeys.of`` gives the current key of a group for one mark, None where the group has none. Keys are opened
once; when the journal of keys changes, as it does when a key is committed, they are looked up anew, so that a rotation
reaches a server that is running. ``LiveLists`` does the same for the sampler's mark.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillwatch.derive.keys import EVERYONE, KeyStore, MarkKey, open_store
from stillwatch.derive.marks.green import MARK_1, MARK_2
from stillwatch.derive.marks.sampler import DELTA, GreenList
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import stillwatch_home

GROUP = "stillwatch_mark"
"""The name under which a request tells a sampler its group."""
MARK_VARIABLE = "STILLWATCH_MARK"
DELTA_VARIABLE = "STILLWATCH_MARK_DELTA"
_WIDTHS = {MARK_1.name: 1, MARK_2.name: 2}


@dataclass(slots=True)
class LiveKeys:
    """Current keys of one mark."""

    store: KeyStore
    mark: str
    _stamp: object = None
    _keys: dict[str, MarkKey | None] = field(default_factory=dict, repr=False)

    def of(self, group: str) -> MarkKey | None:
        """The key for the answers of ``group``."""
        stamp = _stamp(self.store.journal.path)
        if stamp != self._stamp:
            self._stamp, self._keys = stamp, {}
        if group not in self._keys:
            self._keys[group] = self._look_up(group)
        return self._keys[group]

    def _look_up(self, group: str) -> MarkKey | None:
        for listed in self.store.listed():
            if (listed.record.group, listed.record.mark, listed.state) == (group, self.mark, "current"):
                return self.store.open_key(listed.record.key_id)
        return None


class LiveLists:
    """The sampler's mark by group, as the environment says: which of the two, and how strong."""

    def __init__(self, environ: Mapping[str, str] | None = None, *, widths: tuple[int, ...] = (1, 2)) -> None:
        given = os.environ if environ is None else environ
        mark = given.get(MARK_VARIABLE, MARK_1.name)
        if _WIDTHS.get(mark) not in widths:
            offered = " or ".join(name for name, width in _WIDTHS.items() if width in widths)
            raise ConfigurationError(f"{MARK_VARIABLE} is {mark!r}; this sampler can have {offered}")
        self._width, self._delta = _WIDTHS[mark], _strength(given.get(DELTA_VARIABLE, str(DELTA)))
        self._keys = LiveKeys(open_store(stillwatch_home(given)), mark)
        self._lists: dict[str, GreenList] = {}

    def of(self, group: str) -> GreenList | None:
        """The mark for a request of ``group``."""
        key = self._keys.of(group)
        if key is None:
            return None
        if key.key_id not in self._lists:
            self._lists[key.key_id] = GreenList(key.words, self._width, self._delta)
        return self._lists[key.key_id]


def group_of(arguments: Mapping[str, Any] | None) -> str:
    """The group that a request's extra arguments name; ``ValueError`` where that is no name."""
    named = (arguments or {}).get(GROUP, EVERYONE)
    if not isinstance(named, str):
        raise ValueError(f"{GROUP} is the name of a group of keys")
    return named


def _strength(text: str) -> float:
    try:
        delta = float(text)
    except ValueError:
        delta = -1.0
    if not 0 < delta <= 20:
        raise ConfigurationError(f"{DELTA_VARIABLE} is {text!r}; it is a number above 0 and at most 20")
    return delta


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0
    return found.st_mtime_ns, found.st_size
