"""What is known of each account from the register and from where it connects, by account code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Codes, Ints

NEVER = np.iinfo(np.int64).min
"""Stands for an unknown time."""


@dataclass
class Identities:
    """Arrays indexed by account code; -1 and ``NEVER`` = not known."""

    payment: Codes
    org: Codes
    domain: Codes
    created_us: Ints
    verified: NDArray[np.bool_]
    permitted: NDArray[np.bool_]
    tenant: Codes

    @property
    def declared(self) -> NDArray[np.bool_]:
        """Accounts that show who they are: a declared organisation or a verified owner."""
        return (self.org >= 0) | self.verified

    @staticmethod
    def unknown(n: int) -> Identities:
        def none() -> Codes:
            return np.full(n, -1, dtype=np.int32)

        never, no = np.full(n, NEVER), np.zeros(n, dtype=bool)
        return Identities(none(), none(), none(), never, no, no.copy(), none())
