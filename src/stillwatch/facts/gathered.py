"""The frame of an epoch from the frames of its slices, which come in the order of time.

Contract: what comes out is the frame of all the rows. Columns lie where ``scratch`` puts them, so what is held in
memory does not grow with the epoch.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from stillwatch.facts.pieces import IdPile, Ids
from stillwatch.model.frame import Frame
from stillwatch.store.scratch import Pile, Scratch

_OWN = ("start_us", "end_us", "event_id")
COLUMNS = tuple(field.name for field in fields(Frame) if field.name not in _OWN)


class Gathered:
    """A frame to be."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._piles: dict[str, Pile] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._ids = IdPile(scratch)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, frame: Frame) -> None:
        """Put a slice behind what is there; nothing of it is held."""
        for name in COLUMNS:
            values = getattr(frame, name)
            pile = self._piles.setdefault(name, self._scratch.pile(values.dtype))
            self._shapes[name] = values.shape[1:]
            pile.add(values.reshape(-1))
        assert isinstance(frame.event_id, Ids)
        self._ids.add(frame.event_id)
        self._rows += len(frame)

    def frame(self, start_us: int, end_us: int) -> Frame:
        """All slices are there: the frame; this is used up."""
        columns: dict[str, Any] = {
            name: pile.array().reshape(-1, *self._shapes[name]) for name, pile in self._piles.items()
        }
        return Frame(start_us=start_us, end_us=end_us, event_id=self._ids.done(), **columns)
