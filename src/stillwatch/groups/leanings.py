"""What each account's first messages lean towards: running means of words, lengths and settings.

Only first messages are looked at. A job list is worked off in single questions, while what hides it is mostly talk, so
this alone takes much of the cover away; and a conversation says the same thing many times over.

``observe`` costs time in proportion to the epoch plus one pass over the accounts' sums; what is older counts for less,
by half every ``half_life`` epochs. Memory: about 600 bytes an account.

Deliberately not done: comparing accounts (``likeness``), and any use of templates, addresses or hours: other sources
of proposals have those, and a group found here without them is found in spite of hiding them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from stillwatch.model.frame import Codes, Frame, Ints
from stillwatch.model.tables import BAG_SIZE

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

MODEL_BUCKETS = 8
WORDING = BAG_SIZE + 4
"""The first features tell words and lengths, the others settings."""
WIDTH = WORDING + MODEL_BUCKETS + 7
FADED = 0.25
"""An account is forgotten when all its texts together weigh less than this share of the least that counts."""
CHUNK = 65_536
"""Rows whose features are held in memory at once."""


@dataclass(frozen=True)
class Means:
    """Accounts with enough texts: ascending codes, mean features (n, WIDTH), and how many texts a mean is worth."""

    accounts: Codes
    mean: Floats
    texts: Floats


@dataclass
class Leanings:
    """Sums over an account's first messages, indexed by account code and grown as accounts appear."""

    half_life: float
    texts: Floats = field(default_factory=lambda: np.zeros(0))
    squares: Floats = field(default_factory=lambda: np.zeros(0))
    """Sum of squared weights: a mean over fading weights is worth ``texts**2 / squares`` equal ones."""
    sums: Matrix = field(default_factory=lambda: np.zeros((0, WIDTH), dtype=np.float32))
    moments: Floats = field(default_factory=lambda: np.zeros((WIDTH, WIDTH)))
    """Sum of the outer products of all requests' features."""

    def observe(self, frame: Frame, accounts: int) -> None:
        """Take in one epoch; ``accounts`` = size of the code space by now."""
        batches = Batches(self)
        batches.take(frame)
        batches.done(accounts)

    def fade(self) -> None:
        """What is there is an epoch older now."""
        fade = 0.5 ** (1.0 / self.half_life)
        self.texts *= fade
        self.squares *= fade**2
        self.sums *= np.float32(fade)
        self.moments *= fade

    def grow(self, accounts: int) -> None:
        """Have room for so many accounts."""
        more = accounts - len(self.texts)
        if more > 0:
            self.texts = np.append(self.texts, np.zeros(more))
            self.squares = np.append(self.squares, np.zeros(more))
            self.sums = np.concatenate([self.sums, np.zeros((more, WIDTH), dtype=np.float32)])

    def means(self, least: float) -> Means:
        """Accounts whose mean is worth at least ``least`` texts and which have not long been silent."""
        worth = self.texts**2 / np.maximum(self.squares, 1e-12)
        accounts = np.flatnonzero((worth >= least) & (self.texts >= FADED * least)).astype(np.int32)
        mean = self.sums[accounts].astype(np.float64)
        mean /= self.texts[accounts, None]
        return Means(accounts, mean, worth[accounts])

    def spread_within(self) -> Floats:
        """Covariance of an account's single messages around its own mean, pooled over all accounts."""
        total = float(self.texts.sum())
        if total <= 0:
            return np.eye(WIDTH)
        held = np.flatnonzero(self.texts > 0)
        scaled = np.empty((len(held), WIDTH))
        for low in range(0, len(held), CHUNK):
            some = held[low : low + CHUNK]
            np.divide(self.sums[some], np.sqrt(self.texts[some])[:, None], out=scaled[low : low + CHUNK])
        of_means = scaled.T @ scaled
        # A mean carries its own share of the spread, which is all there is of an account with one text.
        share = float((self.squares[held] / self.texts[held]).sum()) / total
        within: Floats = (self.moments - of_means) / total / max(1.0 - share, 1e-3)
        return within

    def add(self, account: Codes, found: Matrix) -> None:
        """Add first messages: whose they are, and their features."""
        self.grow(int(account.max()) + 1)
        seen, who, count = np.unique(account, return_inverse=True, return_counts=True)
        owner = csr_array((np.ones(len(who), np.float32), (who, np.arange(len(who)))), (len(seen), len(who)))
        self.sums[seen] += owner @ found
        self.texts[seen] += count
        self.squares[seen] += count
        exact = found.astype(np.float64)
        self.moments += exact.T @ exact


class Batches:
    """One epoch's first messages on their way into ``leanings``, which changes with them.

    In the order of time and in batches of ``CHUNK``, wherever the epoch is cut into slices: sums depend on both.
    """

    def __init__(self, leanings: Leanings) -> None:
        self._leanings = leanings
        self._held: list[tuple[Codes, Matrix]] = []
        leanings.fade()

    def take(self, frame: Frame) -> None:
        """Take in the next slice."""
        rows, low = first_messages(frame), 0
        while low < len(rows):
            some = rows[low : low + CHUNK - self._rows]
            self._held.append((frame.account[some], features(frame, some)))
            low += len(some)
            if self._rows == CHUNK:
                self._add()

    def done(self, accounts: int) -> Leanings:
        """All slices were taken in; ``accounts`` = size of the code space by now."""
        if self._held:
            self._add()
        self._leanings.grow(accounts)
        return self._leanings

    @property
    def _rows(self) -> int:
        return sum(len(account) for account, _ in self._held)

    def _add(self) -> None:
        account, found = zip(*self._held, strict=True)
        self._held = []
        one = len(account) == 1
        self._leanings.add(*((account[0], found[0]) if one else (np.concatenate(account), np.concatenate(found))))


def first_messages(frame: Frame) -> Ints:
    """Rows that ask something without a past, were answered, and have words."""
    rows: Ints = np.flatnonzero((frame.turns <= 1) & frame.served & (frame.exact != 0) & frame.bag.any(axis=1))
    return rows


def features(frame: Frame, rows: Ints) -> Matrix:
    """What a message is like, shape (rows, WIDTH). Square roots keep a message's commonest words from deciding."""
    bag = frame.bag[rows].astype(np.float32)
    # Centred somewhere: the spread is a difference of squares, which large values would drown.
    lengths = [np.log1p(np.maximum(values[rows], 0)) / 2 - 2 for values in (frame.prompt_words, frame.output_tokens)]
    warmth = frame.temperature[rows]
    limit = np.maximum(frame.max_tokens[rows], 0)
    model = (frame.model[rows, None] % MODEL_BUCKETS) == np.arange(MODEL_BUCKETS)
    shape = [*lengths, *(value**2 for value in lengths), *model.T, frame.stream[rows], np.isfinite(warmth)]
    shape += [
        np.nan_to_num(warmth),
        limit > 0,
        np.log1p(limit) / 5,
        frame.tool_count[rows] > 0,
        frame.system[rows] != 0,
    ]
    words = np.sqrt(bag / bag.sum(axis=1, keepdims=True))
    return np.concatenate([words, np.stack(shape, axis=1).astype(np.float32)], axis=1)
