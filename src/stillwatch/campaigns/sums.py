"""Running sums of busy accounts in bounded memory.

What can be is summed for all accounts of an epoch at once; per account are left its prompts and its examples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.population import CUE_BITS, cues_carried
from stillwatch.evidence.single import Conduct
from stillwatch.model.frame import Codes, Frame, Ints

KEPT_PROMPTS = 128
"""Smallest prompt hashes that are kept with their counts; what share of prompts is new is estimated from them."""
MOST_EXAMPLES, EXAMPLES_PER_EPOCH = 20, 4
_HOURS, _HOUR_US = 24, 3_600_000_000


@dataclass(frozen=True)
class Sent:
    """Requests with text of some accounts: ``rows`` of the frame, ascending by account and then by time.

    Sums have a row for each of ``accounts``, of which the ``n``-th is spoken of as ``place``.
    """

    frame: Frame
    rows: Ints

    @cached_property
    def accounts(self) -> Codes:
        found: Codes = self.frame.account[self.rows[self._first]]
        return found

    @cached_property
    def _first(self) -> Ints:
        account = self.frame.account[self.rows]
        found: Ints = np.flatnonzero(np.append(True, account[1:] != account[:-1])[: len(account)])
        return found

    @cached_property
    def _ends(self) -> Ints:
        return np.append(self._first[1:], len(self.rows))

    @cached_property
    def _place(self) -> Ints:
        """Of every request."""
        return np.repeat(np.arange(len(self._first)), self._ends - self._first)

    def of(self, place: int) -> Ints:
        """The rows of one account."""
        return self.rows[self._first[place] : self._ends[place]]

    def start_us(self, place: int) -> int:
        return int(self.frame.ts[self.rows[self._first[place]]])

    def end_us(self, place: int) -> int:
        return int(self.frame.ts[self.rows[self._ends[place] - 1]])

    @cached_property
    def output_tokens(self) -> Ints:
        return self._summed(self.frame.output_tokens[self.rows])

    @cached_property
    def with_history(self) -> Ints:
        return self._summed((self.frame.turns[self.rows] > 0).astype(np.int64))

    @cached_property
    def log_output(self) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.add.reduceat(log_output(self.frame, self.rows), self._first)
        return found

    @cached_property
    def hours(self) -> Ints:
        """By hour of the day."""
        hour = self.frame.ts[self.rows] // _HOUR_US % _HOURS
        return np.bincount(self._place * _HOURS + hour, minlength=len(self._first) * _HOURS).reshape(-1, _HOURS)

    @cached_property
    def cues(self) -> Ints:
        """By cue; most requests carry none."""
        found = np.zeros((len(self._first), CUE_BITS), dtype=np.int64)
        telling = np.flatnonzero(self.frame.cues[self.rows] != 0)
        if len(telling):
            places, first = np.unique(self._place[telling], return_index=True)
            carried = cues_carried(self.frame, self.rows[telling])
            found[places] = np.add.reduceat(carried, first, axis=0, dtype=np.int64)
        return found

    def _summed(self, values: Ints) -> Ints:
        found: Ints = np.add.reduceat(values, self._first)
        return found


@dataclass
class Sums:
    """Running sums of one followed account; times in UTC microseconds."""

    first_us: int
    last_us: int
    texts: int = 0
    with_history: int = 0
    output_tokens: int = 0
    log_output: float = 0.0
    examples: list[str] = field(default_factory=list)
    cues: Ints = field(default_factory=lambda: np.zeros(CUE_BITS, dtype=np.int64))
    hours: Ints = field(default_factory=lambda: np.zeros(_HOURS, dtype=np.int64))
    prompts: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    repeats: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, sent: Sent, place: int) -> None:
        """Add an account's requests of an epoch."""
        self.count(sent, place)
        self.with_history += int(sent.with_history[place])
        self.log_output += float(sent.log_output[place])
        self.cues += sent.cues[place]
        self.hours += sent.hours[place]
        if len(self.examples) < MOST_EXAMPLES and sent.cues[place].any():
            self._keep_examples(sent.frame, sent.of(place))
        self._keep_prompts(sent.frame.exact[sent.of(place)])

    def count(self, sent: Sent, place: int) -> None:
        """Add to the volume alone."""
        self.last_us = sent.end_us(place)
        self.texts += len(sent.of(place))
        self.output_tokens += int(sent.output_tokens[place])

    def _keep_prompts(self, hashes: Ints) -> None:
        # A hash once dropped is larger than all that are kept, so it is never counted from the middle.
        if len(self.prompts) == KEPT_PROMPTS:
            hashes = hashes[hashes <= self.prompts[-1]]
        new, counts = (found[:KEPT_PROMPTS] for found in np.unique(hashes, return_counts=True))
        known, where = np.unique(np.concatenate([self.prompts, new]), return_inverse=True)
        repeats = np.bincount(where, np.concatenate([self.repeats, counts])).astype(np.int64)
        self.prompts, self.repeats = known[:KEPT_PROMPTS], repeats[:KEPT_PROMPTS]

    def _keep_examples(self, frame: Frame, rows: Ints) -> None:
        """Event ids to show, of requests whose wording was recognised; texts are fetched and redacted only then."""
        telling = rows[frame.cues[rows] != 0]
        _, first = np.unique(frame.opening[telling], return_index=True)
        room = min(EXAMPLES_PER_EPOCH, MOST_EXAMPLES - len(self.examples))
        self.examples += [frame.event_id[row] for row in telling[np.sort(first)][:room].tolist()]

    def conduct(self) -> Conduct:
        counted, answers = int(self.repeats.sum()), self.log_output / max(self.texts, 1)
        return Conduct(self.texts, self.with_history, self.cues, self.hours, len(self.prompts), counted, answers)


def log_output(frame: Frame, rows: Ints) -> NDArray[np.float64]:
    """ln(1 + output tokens) of some requests."""
    logs: NDArray[np.float64] = np.log1p(np.maximum(frame.output_tokens[rows], 0))
    return logs
