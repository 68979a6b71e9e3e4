"""Every class that the state of the fold is made of, and the parts of it that are not written but given.

A class that is missing here makes the first checkpoint fail, and a test walk the annotations of ``State`` sooner.
"""

from __future__ import annotations

from typing import Any

from stillwatch.app.watch.fold import FoldState
from stillwatch.campaigns.lineage import CoUse, Lineage
from stillwatch.campaigns.singles import Singles, Verdict
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.sums import Sums
from stillwatch.campaigns.tally import Tally
from stillwatch.evidence import dealt
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.coin import Coins, Decided, Experiment
from stillwatch.evidence.drift import Monitor, Statement
from stillwatch.evidence.migration import Migration
from stillwatch.evidence.population import Population
from stillwatch.evidence.reviewed import NONE, Reviewed
from stillwatch.evidence.single import SingleCalibration, SingleProfile
from stillwatch.facts.frame import Codebooks
from stillwatch.groups.followup import Followup
from stillwatch.groups.infrastructure import Networks
from stillwatch.groups.leanings import Leanings
from stillwatch.groups.likeness import Likeness, Space
from stillwatch.groups.templates import Held, Pairs, Templates, Waiting
from stillwatch.model.frame import Codebook

CLASSES: tuple[type[Any], ...] = (
    FoldState,
    State,
    Rules,
    Templates,
    Held,
    Waiting,
    Pairs,
    Networks,
    Likeness,
    Leanings,
    Space,
    Population,
    Budget,
    Monitor,
    Statement,
    Singles,
    Sums,
    Verdict,
    SingleProfile,
    Coins,
    Decided,
    Experiment,
    Lineage,
    CoUse,
    Tally,
    Migration,
    Followup,
    dealt.Means,
    dealt.Habits,
    Codebooks,
    Codebook,
)


def given(calibration: Calibration, single: SingleCalibration, reviewed: Reviewed = NONE) -> dict[str, object]:
    """The parts of a fold that come with the program or a call of it, by the name that stands for them in the state."""
    return {"calibration": calibration, "single calibration": single, "reviewed cohorts": reviewed}
