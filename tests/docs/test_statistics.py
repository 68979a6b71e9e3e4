"""The figures in the page on statistics are those of the code: whoever changes one is told where it is explained."""

from __future__ import annotations

import numpy as np
import pytest
from tools import calibrate

from stillwatch.campaigns import core, gates, membership
from stillwatch.campaigns.state import SINGLE_SHARE
from stillwatch.config.schema import Settings
from stillwatch.evidence import budget, conformal, couse, sameness, slope, timing
from stillwatch.evidence.calibration import load
from stillwatch.evidence.profile import FEATURES, NAMES, RAREST
from stillwatch.groups import blocks, infrastructure, proposals
from stillwatch.sketch.recipe import Recipe
from tests.architecture.tree import ROOT

EXPLANATION, CHANGELOG = ROOT / "docs" / "explanation", ROOT / "CHANGELOG.md"
DEFAULTS = Settings()


def _prose(page: str) -> str:
    return " ".join((EXPLANATION / page).read_text("utf-8").split())


def _directed(direction: int) -> int:
    return sum(feature.direction == direction for feature in FEATURES)


PAGE = _prose("statistics.md")
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
    "trees": f"trees of depth {calibrate.SHAPE['max_depth']}",
    "fits": f"the mean of {calibrate.BAGS} fits of {calibrate.SHAPE['max_iter']} trees each",
    "mixed": f"between {calibrate.MIXED[0]:.0%} and {calibrate.MIXED[1]:.0%} an operator's".replace("%", " %"),
    "directions": f"of the {len(FEATURES)} entries, {_directed(1)} may only speak for a campaign",
    "against": f"{_directed(-1)} only against one (ties and rooms), {_directed(0)} either way",
    "straight": f"plus {calibrate.SLOPE_SHARE} of a logistic regression",
    "far": f"beyond {slope.FAR:.0f} standard deviations",
    "places": f"need e^{proposals.TOGETHER:.0f}",
    "comparison": f"with {gates.COMPONENT_REQUESTS:,} component requests",
    "most": f"by their number, at most {budget.MOST_ALPHA}",
    "private": f"at most {sameness.PRIVATE} of the recurring wording",
    "own wording": f"more than {sameness.OWN_PRIVATE} of their recurring wording",
    "when apart": f"from {sameness.LEAST_REQUESTS} requests on their squared distance from the mean account",
    "how far apart": f"is above {sameness.OWN_HABITS} of the variance",
    "no one group": "than a quarter stand apart" if sameness.MOST_APART == 0.25 else "another share",
    "open": "at most half of the group does" if core.MOST_OPEN == 0.5 else "another share",
    "rarest": f"counts as 1/{1 / RAREST:.0f} where it is smaller",
    "established": "a quarter of its accounts members" if gates.MEMBER_SHARE == 0.25 else "another share",
    "habits": f"over accounts is at most {sameness.HABITS}",
    "bystander": f"Against a bystander's {membership.BYSTANDER_RATE}",
    "least rate": f"between {2 * membership.LEAST_RATE} and 0.95",
    "pairs": f"{gates.PAIRS} pairs of requests of one account",
    "prior": f"between 1 : {1 / membership.PRIOR_ODDS:.0f} and {membership.MOST_ODDS:.0f} : 1",
    "name": f"named at a posterior of {membership.NAMED_PROB} and *k* ≥ {membership.LEAST_REQUESTS}",
}


@pytest.mark.parametrize("figure", SAID)
def test_a_figure_of_the_page_is_that_of_the_code(figure: str) -> None:
    assert SAID[figure] in PAGE


def test_a_day_carries_as_much_as_the_page_on_limits_says() -> None:
    limits = _prose("what-it-cannot-see.md")
    assert f"gives a day {DEFAULTS.budget_cohort / 30:g} of it" in limits
    assert (
        f"ten groups of one size have a level of {DEFAULTS.budget_cohort * (1 - SINGLE_SHARE) / 300:.4f} each" in limits
    )


def test_the_mixture_of_the_shipped_calibration_is_the_one_that_is_told() -> None:
    shipped = load()
    n = len(shipped.wording.scores)
    alike = len(shipped.work.scores)
    assert f"has {n:,} scores, so its floor 1/(*n*+1) is {conformal.floor(n):.4f}, and {alike} of groups" in PAGE
    loose = shipped.wording.kinds["individuals"] + shipped.wording.kinds["scripts"]
    assert f"about one group in {n / loose:.0f} is mostly individuals or small programs" in PAGE
    assert f"and one in {n / shipped.wording.kinds['undeclared_pool']:.0f} an undeclared pool" in PAGE


def test_the_alarm_rates_of_kinds_left_out_are_those_that_are_told() -> None:
    kinds = load().wording.by_kind

    def rates(alpha: float) -> dict[str, float]:
        found = {}
        for kind, scores in ((kind, scores) for kind, scores in kinds.items() if len(scores) >= 20):
            rest = np.sort(np.concatenate([s for other, s in kinds.items() if other != kind]))
            found[kind] = float(np.mean([conformal.p_value(score, rest) <= alpha for score in scores]))
        return found

    strict, loose = rates(0.001), rates(0.01)
    for rate in (strict, loose):
        assert max(rate, key=lambda kind: rate[kind]) == "franchise"
    told = f"franchises alarm most often, {strict['franchise']:.1%} of them, and at 0.01, {loose['franchise']:.1%}"
    assert told.replace("%", " %") in PAGE


def test_ties_and_rooms_alone_only_speak_against_a_campaign() -> None:
    against = {feature.name for feature in FEATURES if feature.direction == -1}
    assert against == {"rooms"} | {name for name in NAMES if name.startswith("tied_")}


def test_neither_age_nor_verification_is_an_entry() -> None:
    assert not {"young", "verified"} & set(NAMES)
