"""The calibration set: scores of made-up benign cohorts that passed the first gate, and the weights of the score.

Reads ``calibration.json`` beside this module (written by ``tools/calibrate.py``) or a set of the same shape from the
user's own reviewed cohorts. Its id is a hash of its content; every report names it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.profile import FEATURES, NAMES, Profile

SHIPPED = Path(__file__).with_name("calibration.json")


FAR = 6.0
"""Standard deviations beyond which a feature adds nothing: the calibration cohorts say nothing about so far out."""
_CONCEALMENT = np.array([f.side == "concealment" for f in FEATURES])


@dataclass(frozen=True)
class Calibration:
    """Linear score over a standardised profile with its calibration scores per look.

    ``mean``, ``scale``, ``weight``: shape (features,); ``scores``: per look, ascending scores of benign cohorts that
    passed the first gate and triage; ``triage``: score below which a group is not worth a look; ``most_concealment``:
    concealment counts up to here, so that it never convicts alone (new kinds of benign groups differ most in it).
    """

    calibration_id: str
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    triage: float
    most_concealment: float
    scores: tuple[NDArray[np.float64], ...]
    kinds: dict[str, int]

    def parts(self, profile: Profile) -> NDArray[np.float64]:
        """Contribution of every feature, in nats against the mean benign cohort, before concealment is capped."""
        result: NDArray[np.float64] = self.weight * np.clip((profile.values - self.mean) / self.scale, -FAR, FAR)
        return result

    def score(self, profile: Profile) -> float:
        parts = self.parts(profile)
        return float(parts[~_CONCEALMENT].sum() + min(parts[_CONCEALMENT].sum(), self.most_concealment))


def load(path: Path = SHIPPED) -> Calibration:
    """Read a calibration set; an unreadable or foreign one is an InputError."""
    try:
        raw = path.read_bytes()
        found = json.loads(raw)
        if found["features"] != list(NAMES):
            raise ValueError("its features are not those of this version")
        return _checked(
            Calibration(
                "cal-" + hashlib.sha256(raw).hexdigest()[:12],
                np.array(found["mean"], dtype=np.float64),
                np.array(found["scale"], dtype=np.float64),
                np.array(found["weight"], dtype=np.float64),
                float(found["triage"]),
                float(found["most_concealment"]),
                tuple(np.sort(np.array(s, dtype=np.float64)) for s in found["scores"]),
                {str(kind): int(n) for kind, n in found["kinds"].items()},
            )
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"calibration set {path}: {error}. Use the shipped one, or make it again.") from error


def _checked(found: Calibration) -> Calibration:
    vectors = (found.mean, found.scale, found.weight)
    if any(v.shape != (len(NAMES),) for v in vectors):
        raise ValueError(f"mean, scale and weight must hold {len(NAMES)} numbers each")
    bars = np.array([found.triage, found.most_concealment])
    if not all(np.isfinite(v).all() for v in (*vectors, *found.scores, bars)) or not (found.scale > 0).all():
        raise ValueError("its numbers must be finite and its scales positive")
    if not found.scores or any(s.ndim != 1 or not len(s) for s in found.scores):
        raise ValueError("it must hold scores for every look")
    return found
