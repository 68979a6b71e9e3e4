"""Arithmetic of e-values, all in natural logarithms.

An e-value has an expectation of at most 1 under its null. The mean of e-values is one under any dependence between
them; the product is one where each factor's expectation is conditional on what came before (Vovk and Wang 2021,
"E-values: calibration, combination and applications"; Ville's inequality bounds the supremum of such a product).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LOG10 = float(np.log(10.0))


def log_mean(logs: Sequence[float]) -> float:
    """Logarithm of the mean of e-values given as logarithms; ``-inf`` (an e-value of 0) is allowed."""
    values = np.asarray(logs, dtype=np.float64)
    if not len(values):
        return 0.0
    top = float(values.max())
    if top == -np.inf:
        return -np.inf
    return top + float(np.log(np.mean(np.exp(values - top))))


def passes(log_e: float, alpha: float) -> bool:
    """Whether an e-process has ever to be believed at level ``alpha``: E >= 1 / alpha (Ville 1939)."""
    return alpha > 0 and log_e >= -float(np.log(alpha))
