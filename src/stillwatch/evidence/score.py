"""A score as a calibration set holds it: boosted trees and a straight part over the same features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees


@dataclass(frozen=True)
class Score:
    """How much more like a campaign than like the harmless; only the order of scores matters."""

    trees: Trees
    slope: Slope

    @staticmethod
    def none(features: int) -> Score:
        """0 for everybody."""
        return Score(Trees.constant(0.0), Slope.flat(features))

    def of(self, row: NDArray[np.float64]) -> float:
        """The score of a row of features."""
        return float(self.trees.parts(row).sum() + self.slope.parts(row).sum())

    def parts(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each feature contributes to it, beside a constant; shape (features,)."""
        return self.trees.parts(row)[:-1] + self.slope.parts(row)
