"""The calibration set of groups: made-up benign cohorts that passed the first gate, and the scores that order them.

Groups are compared with cohorts that were found in the same way, by their wording or by the likeness of their work, and
each way has a score of its own: how a group was found speaks neither for it nor against it.

Reads ``calibration.json`` beside this module (written by ``tools/calibrate.py``) or a set of the same shape. Its id is
a hash of its content; every report names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence import scored
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.scored import Cohorts

SHIPPED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Calibration:
    """``wording``, ``work``: benign cohorts found by either; ``typical``: their median profile, shape (features,)."""

    calibration_id: str
    typical: NDArray[np.float64]
    wording: Cohorts
    work: Cohorts

    def comparable(self, found_by_work: bool) -> Cohorts:
        """The cohorts that a group is compared with."""
        return self.work if found_by_work else self.wording


def load(path: Path = SHIPPED) -> Calibration:
    """Read a calibration set; an unreadable or foreign one is an InputError."""
    return scored.read(path, NAMES, _built)


def _built(digest: str, found: dict[str, Any]) -> Calibration:
    size = len(NAMES)
    ways = (scored.cohorts(found[way], size) for way in ("wording", "work"))
    return Calibration(f"cal-{digest}", scored.numbers(found["typical"], size), *ways)
