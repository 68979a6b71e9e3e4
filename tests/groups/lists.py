"""People with tastes of their own, and accounts that work one list off: epochs as frames, words as bags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Frame
from stillwatch.model.tables import BAG_SIZE
from tests.campaigns.frames import EPOCH, START, build

Floats = NDArray[np.float64]
WORDS = 40
"""Words of a prompt."""
LISTED = 7
"""Session id of what came from the list: the truth for tests, which nothing under test reads."""


@dataclass(frozen=True)
class Lists:
    """Accounts 0 to ``dealt`` - 1 draw from one list but for a share of ``cover``; ``people`` more have tastes.

    The list has ``kinds`` of items; with ``mixed_settings`` its accounts differ in their limits; ``order`` renames all.
    """

    people: int = 150
    dealt: int = 40
    texts: int = 10
    cover: float = 0.0
    kinds: int = 6
    mixed_settings: bool = True
    seed: int = 1
    order: NDArray[np.int64] | None = None

    @property
    def accounts(self) -> int:
        return self.people + self.dealt

    def epochs(self, n: int) -> list[Frame]:
        """``n`` epochs in which every account asks about ``texts`` first questions, and some second ones."""
        rng = np.random.default_rng(self.seed)
        language = rng.dirichlet(np.full(BAG_SIZE, 1.0))
        tastes = 0.5 * language + 0.5 * rng.dirichlet(np.full(BAG_SIZE, 0.3), self.accounts)
        kinds = 0.5 * language + 0.5 * rng.dirichlet(np.full(BAG_SIZE, 0.3), self.kinds)
        limits = rng.choice([0, 500, 1000, 4000], self.accounts)
        if not self.mixed_settings:
            limits[: self.dealt] = 777
        return [self._epoch(START + number * EPOCH, rng, tastes, kinds, limits) for number in range(n)]

    def _epoch(
        self, start: int, rng: np.random.Generator, tastes: Floats, kinds: Floats, limits: NDArray[np.int64]
    ) -> Frame:
        account = np.repeat(np.arange(self.accounts), rng.poisson(self.texts, self.accounts))
        n = len(account)
        listed = (account < self.dealt) & (rng.random(n) >= self.cover)
        source = np.where(listed[:, None], kinds[rng.integers(len(kinds), size=n)], tastes[account])
        # Between one prompt and the next even one person's words differ more than by chance.
        source = rng.gamma(source * 30 + 1e-3)
        bag = rng.multinomial(WORDS, source / source.sum(axis=1, keepdims=True))
        name = account if self.order is None else self.order[account]
        return build(
            start + rng.integers(0, EPOCH, n),
            name,
            start=start,
            bag=np.minimum(bag, 255),
            exact=rng.integers(1, 1 << 60, n),
            turns=np.where(listed | (rng.random(n) < 0.7), 1, 3),
            prompt_words=np.full(n, WORDS),
            output_tokens=rng.integers(50, 400, n),
            max_tokens=limits[account],
            session=np.where(listed, LISTED, 0),
        )
