"""One conformal p-value against calibration cohorts (Vovk, Gammerman and Shafer 2005; Bates et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def p_value(score: float, calibration: NDArray[np.float64]) -> float:
    """(1 + number of calibration scores not below it) / (n + 1); ties, and a score that is no number, never accuse."""
    return (1 + int(np.count_nonzero(~(calibration < score)))) / (len(calibration) + 1)


def floor(n: int) -> float:
    """The smallest p-value that ``n`` calibration cohorts can give."""
    return 1.0 / (n + 1)
