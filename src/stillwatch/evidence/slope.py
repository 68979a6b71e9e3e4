"""The straight part of the cohort score: what goes on counting beyond everything the trees have seen.

Trees are flat outside the range of the groups they were fitted on, so a campaign of eleven kinds of wording would
count no more than one of four. A small linear part, with the signs of the features' directions, keeps their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAR = 6.0
"""Standard deviations beyond which a feature adds nothing more."""


@dataclass(frozen=True)
class Slope:
    """Weights over standardised features, all of shape (features,)."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]

    @staticmethod
    def flat(features: int) -> Slope:
        """No slope at all."""
        return Slope(np.zeros(features), np.ones(features), np.zeros(features))

    def parts(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of every feature."""
        result: NDArray[np.float64] = self.weight * np.clip((row - self.mean) / self.scale, -FAR, FAR)
        return result
