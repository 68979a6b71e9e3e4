"""The figures in the page on statistics are those of the code: whoever changes one is told where it is explained."""

from __future__ import annotations

import pytest
from tools import calibrate

from stillwatch.campaigns import gates, lineage, membership
from stillwatch.config.schema import Settings
from stillwatch.evidence import couse, timing
from stillwatch.groups import blocks, infrastructure, proposals
from stillwatch.sketch.recipe import Recipe
from tests.architecture.tree import ROOT
from tests.docs.pages import CONTRIBUTING

PAGE = " ".join((ROOT / "docs" / "explanation" / "statistics.md").read_text("utf-8").split())
DEFAULTS = Settings()
SAID = {
    "edge words": f"the first {Recipe().edge_words} and the last {Recipe().edge_words} tokens",
    "shingles": f"the {Recipe().skeleton_size} smallest hashes of {Recipe().shingle}-token shingles",
    "block": f"a block needs {blocks.LEAST_KEYS} keys and {DEFAULTS.min_accounts} accounts",
    "likeness": f"estimated Jaccard similarity ≥ {blocks.JACCARD}",
    "large population": f"at least {blocks.LARGE_POPULATION} accounts are dropped",
    "own value": f"at least {infrastructure.OWN_SHARE:.0%} of its holders".replace("%", " %"),
    "mixture": f"is above e^−{-proposals.DIFFERENT:.0f}",
    "odds": f"θ ∈ {{{', '.join(f'{odds:.0f}' for odds in 2.718281828459045**couse.LOG_ODDS)}}}",
    "windows": f"*m* ∈ {{{', '.join(map(str, timing.WINDOWS))}}}",
    "shifts": f"≤ {timing.SHIFTS + 1}",
    "budget 1": f"{DEFAULTS.budget_independence} × months",
    "budget 2": f"{DEFAULTS.budget_cohort} × months",
    "triage": f"when {lineage.TRIAGE_REQUESTS} requests of its component",
    "triage quantile": f"{calibrate.TRIAGE_QUANTILE:.0%} quantile of benign groups in training".replace("%", " %"),
    "cap": f"{calibrate.CAP_QUANTILE:.0%} quantile of benign groups (".replace("%", " %"),
    "looks": f"at {gates.LOOKS[0]:,} and {gates.LOOKS[1]:,} component requests",
    "level": f"α = {gates.LOOK_ALPHA}",
    "looks a month": f"carries {DEFAULTS.budget_cohort / gates.LOOK_ALPHA:.0f} looks a month",
    "bystander": f"against a bystander's {membership.BYSTANDER_RATE}",
    "prior": f"prior odds 1 : {1 / membership.PRIOR_ODDS:.0f}",
    "name": f"named at a posterior of {membership.NAMED_PROB} and *k* ≥ {membership.LEAST_REQUESTS}",
}


@pytest.mark.parametrize("figure", SAID)
def test_a_figure_of_the_page_is_that_of_the_code(figure: str) -> None:
    assert SAID[figure] in PAGE


def test_the_sides_of_features_are_those_that_contributors_are_told() -> None:
    sides = {side: bounds[0] for side, bounds in calibrate.SIDES.items()}
    assert sides == {"harvest": 0, "product": 0, "concealment": None}
    assert all(bounds == (None, 0) for bounds in calibrate.BOUNDS.values())
    assert "may only speak for a campaign (`SIDES` in" in CONTRIBUTING.read_text("utf-8")
