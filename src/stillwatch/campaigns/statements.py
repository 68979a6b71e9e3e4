"""Evidence as values: every test of a group with what was observed, what was expected and what else it could be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.lineage import Lineage
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.evalues import LOG10
from stillwatch.evidence.profile import FEATURES, Feature

Floats = NDArray[np.float64]

SHOWN_FEATURES = 8
COUSE_COULD_BE = (
    "a public template or a viral prompt",
    "a plugin or tool that many people use",
    "one firm with many keys",
    "people who each keep to their copy of a public text",
)
TIMING_COULD_BE = (
    "a firm that spreads its own product over several accounts",
    "a shared scheduler of a declared customer",
)
DEALT_COULD_BE = (
    "customers or users of one product",
    "a class with one set of tasks",
    "people of one taste who stand apart from everybody else",
)
MIGRATION_COULD_BE = ("a firm that spreads its own product over several accounts and retries on another",)


def statements(lineage: Lineage, calibration: Calibration) -> list[dict[str, Any]]:
    """Rows of ``evidence`` in campaigns.json, against independence first."""
    return [*_independence(lineage), *_cohort(lineage, calibration)]


def _independence(lineage: Lineage) -> Iterator[dict[str, Any]]:
    best = lineage.couse_best
    if best is not None:
        yield {
            "test": "co-use",
            "null": "independence",
            "statistic": best.used,
            "expected": round(best.expected, 3),
            "log10_e": round(lineage.couse / LOG10, 2),
            "observed": f"{best.used} of {best.members} members active in one epoch used the group's prompt machinery",
            "could_be": list(COUSE_COULD_BE),
        }
    if lineage.dealt is not None:
        yield {
            "test": "one pool of prompts",
            "null": "independence",
            "statistic": len(lineage.joined),
            "expected": None,
            "log10_e": round(lineage.dealt / LOG10, 2),
            "observed": "the group's mean foretold what its members asked next better than their own past did",
            "could_be": list(DEALT_COULD_BE),
        }
    if lineage.timing is not None:
        yield {
            "test": "timing",
            "null": "independence",
            "statistic": lineage.timing_requests,
            "expected": None,
            "log10_e": round(lineage.timing / LOG10, 2),
            "observed": f"evenness of {lineage.timing_requests} merged requests of a day against shifted accounts",
            "could_be": list(TIMING_COULD_BE),
        }
    if lineage.migration is not None:
        echoing, refused = lineage.migration.seen
        yield {
            "test": "retry migration",
            "null": "independence",
            "statistic": refused,
            "expected": None,
            "log10_e": round(lineage.migration.log_e() / LOG10, 2),
            "observed": f"{refused} of {echoing} requests that came again on another member had been refused",
            "could_be": list(MIGRATION_COULD_BE),
        }


def _cohort(lineage: Lineage, calibration: Calibration) -> Iterator[dict[str, Any]]:
    last = lineage.profile
    if last is not None:
        parts = calibration.comparable(lineage.found_by_work).score.parts(last)
        yield from feature_rows(FEATURES, last, calibration.typical, parts)


def feature_rows(
    features: Sequence[Feature], values: Floats, typical: Floats, parts: Floats, note: str = ""
) -> Iterator[dict[str, Any]]:
    """The features that moved a score most, ``note`` behind what each sees; all arrays have shape (features,)."""
    for i in np.argsort(-np.abs(parts), kind="stable")[:SHOWN_FEATURES].tolist():
        feature = features[i]
        yield {
            "test": feature.name,
            "null": "cohort",
            "statistic": round(float(values[i]), 4),
            "expected": round(float(typical[i]), 4),
            "log10_e": None,
            "weight": round(float(parts[i]), 3),
            "observed": feature.sees + note,
            "could_be": [] if feature.mistakes == "-" else [feature.mistakes],
        }
