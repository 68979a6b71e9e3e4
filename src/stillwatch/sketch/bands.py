"""Bands of MinHash signatures: prompts that agree in one are candidates for near duplicates.

Eight bands of eight slots: two prompts of Jaccard similarity .9 / .8 / .7 / .5 share a band with chance .99 / .77 / .38
/ .03. A pure function of the signature, and so of the sketch key: without it the keys mean nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BAND = 8


def band_keys(minhash: NDArray[np.int32]) -> NDArray[np.int64]:
    """One key per signature and band, shape (n, slots / 8); prompts without text have none and must be left out."""
    multipliers = np.random.default_rng(BAND).integers(1, 2**62, BAND) | 1
    bands = minhash.shape[1] // BAND
    keys = np.zeros((len(minhash), bands), dtype=np.int64)
    for place in range(BAND):  # by place in the band: a product of all slots at once would take eight times the memory
        keys += minhash[:, place::BAND].astype(np.int64) * multipliers[place]
    return keys
