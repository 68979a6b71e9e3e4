"""The statistics of one campaign once more, from the tables in a bundle.

Contract: pure. Every ``Check`` holds what was stated, what comes out, and whether they agree; ``agrees`` is None where
the bundle does not hold what it would take, and ``note`` says why. Nothing is skipped silently. Stated figures are
compared as finely as they are stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose, log
from typing import Any

import numpy as np

from stillwatch.evidence import calibration, conformal, single
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.evalues import LOG10, log_mean, passes
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.scored import Cohorts
from stillwatch.evidence.single import SingleCalibration

Set = Calibration | SingleCalibration
Figures = Mapping[str, Mapping[str, float]]
"""EVIDENCE of one campaign: part, name, value."""


@dataclass(frozen=True, slots=True)
class Check:
    """One figure, stated and recomputed."""

    about: str
    name: str
    stated: Any
    found: Any
    agrees: bool | None
    note: str = ""


def recomputed(campaign: Mapping[str, Any], figures: Figures, reference: Set | None) -> Iterator[Check]:
    """Every check of a campaign's own figures; ``reference``: the calibration set it names."""
    about = str(campaign["campaign_id"])
    if campaign["kind"] == "single":
        yield Check(about, "evidence against independence", None, None, None, "one account has no first gate")
    else:
        yield from _independence(about, campaign, figures)
    yield from _cohort(about, campaign, figures, reference)


def spent(run: Mapping[str, Any], levels: Mapping[str, float]) -> Iterator[Check]:
    """The budget; ``levels``: sums of the levels of all groups by gate."""
    if not levels:
        yield Check("run", "budget spent", None, None, None, "the run kept no table of levels")
        return
    cohort = levels.get("cohort", 0.0) + levels.get("single", 0.0)
    stated = run["spent"]
    yield Check("run", "cohort budget spent", stated["cohort"], cohort, _same(stated["cohort"], cohort))
    independence = levels.get("independence", 0.0)
    yield Check(
        "run",
        "independence budget spent",
        stated["independence"],
        independence,
        independence <= stated["independence"] + 1e-9,
        "at least this much; groups that came to nothing are not kept",
    )


def _independence(about: str, campaign: Mapping[str, Any], figures: Figures) -> Iterator[Check]:
    tests = figures.get("independence")
    if not tests:
        yield _cannot(about, "evidence against independence", campaign["log10_e_independence"])
        return
    log_e = log_mean(list(tests.values()))
    stated, alpha = campaign["log10_e_independence"], campaign["alpha_independence"]
    yield Check(about, "log10 e-value against independence", stated, log_e / LOG10, _rounds(stated, log_e / LOG10, 2))
    passed = bool(passes(log_e, alpha))
    asked = f"the budget asked for 10^{-log(alpha) / LOG10:.2f}" if alpha else "the budget had nothing left"
    yield Check(about, "first gate passed", True, passed, passed, asked)


def _cohort(about: str, campaign: Mapping[str, Any], figures: Figures, reference: Set | None) -> Iterator[Check]:
    stated, p_stated, alpha = campaign["score"], campaign["p_cohort"], campaign["alpha_cohort"]
    values = figures.get("profile")
    if not values or reference is None or stated is None:
        why = "the calibration set is not in the bundle, or made for other features" if values else ""
        yield _cannot(about, "score", stated, why)
        yield _cannot(about, "p-value", p_stated, why)
        return
    benign = _comparable(figures, reference)
    score = benign.score.of(np.array([values[name] for name in features_of(campaign["kind"])]))
    yield Check(about, "score", stated, score, _rounds(stated, score, 3))
    # Ties are decided by the last digit: the score that was compared is kept unrounded.
    exact = figures.get("gate", {}).get("score", score)
    p = conformal.p_value(exact, benign.scores)
    yield Check(about, "score as compared", exact, score, isclose(exact, score, rel_tol=1e-9, abs_tol=1e-12))
    yield Check(about, "p-value", p_stated, p, _same(p_stated, p))
    yield Check(about, "second gate passed", True, p <= alpha, p <= alpha, f"level {alpha}")


def _comparable(figures: Figures, reference: Set) -> Cohorts:
    """A group whose first gate asked how its work was dealt was found by that."""
    if isinstance(reference, Calibration):
        return reference.comparable("dealt" in figures.get("independence", {}))
    return reference.cohorts


def features_of(kind: str) -> tuple[str, ...]:
    """Features that the profile of such a campaign must have."""
    return single.NAMES if kind == "single" else NAMES


def loader_of(kind: str) -> Any:
    """How a calibration set of such campaigns is read."""
    return single.load if kind == "single" else calibration.load


def _cannot(about: str, name: str, stated: Any, why: str = "") -> Check:
    return Check(about, name, stated, None, None, why or "the run was scanned before figures were kept; scan again")


def _rounds(stated: float, found: float, digits: int) -> bool:
    return abs(stated - found) <= 0.5000001 * 10.0**-digits


def _same(stated: float | None, found: float) -> bool:
    return stated is not None and isclose(stated, found, rel_tol=1e-9, abs_tol=1e-9)
