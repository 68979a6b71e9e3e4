"""Traits of a request that a person, a program or a product has the habit of: wording and lengths.

Model and parameters are left out: an operator changes them per account at no cost, the work itself not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.population import CUE_BITS, cues_carried
from stillwatch.model.frame import Frame, Ints

_LENGTHS, _OUTPUTS = 10, 12
TRAITS = CUE_BITS + _LENGTHS + _OUTPUTS
"""The wording cues come first, in the order of their bits."""


def traits(frame: Frame, rows: Ints) -> NDArray[np.bool_]:
    """Which traits each of the ``rows`` shows, shape (rows, traits). Lengths count in powers of two."""
    lengths = _one_hot(_magnitude(frame.prompt_words[rows]), _LENGTHS)
    outputs = _one_hot(_magnitude(frame.output_tokens[rows]), _OUTPUTS)
    return np.concatenate([cues_carried(frame, rows), lengths, outputs], axis=1)


def _magnitude(values: Ints) -> Ints:
    return np.log2(np.maximum(values, 1)).astype(np.int64)


def _one_hot(values: Ints, size: int) -> NDArray[np.bool_]:
    hot: NDArray[np.bool_] = np.minimum(values, size - 1)[:, None] == np.arange(size)
    return hot
