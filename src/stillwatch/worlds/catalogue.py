"""Every kind of actor, named once. Nothing registers itself."""

from __future__ import annotations

from stillwatch.worlds.benign.aggregator import Aggregator
from stillwatch.worlds.benign.annotators import Annotators
from stillwatch.worlds.benign.backfill import Backfill
from stillwatch.worlds.benign.benchmark import BenchmarkRuns
from stillwatch.worlds.benign.classroom import Classroom
from stillwatch.worlds.benign.coding import CodingTool
from stillwatch.worlds.benign.crowds import LaunchDay, ViralPrompt
from stillwatch.worlds.benign.evaluation import EvaluationTeam
from stillwatch.worlds.benign.firm import DeclaredFirm
from stillwatch.worlds.benign.franchise import Franchise
from stillwatch.worlds.benign.frontend import FrontEnd
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.licensed import LicensedGenerator
from stillwatch.worlds.benign.moving import MovingFirm
from stillwatch.worlds.benign.nightly import NightlyChecks
from stillwatch.worlds.benign.plugin import Plugin
from stillwatch.worlds.benign.pool import UndeclaredPool
from stillwatch.worlds.benign.product import Products
from stillwatch.worlds.benign.researchers import SafetyResearchers
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.benign.strangers import SharedDoor
from stillwatch.worlds.benign.translators import Translators
from stillwatch.worlds.benign.tutors import Tutors
from stillwatch.worlds.operators.cleaning import Cleaning
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.operators.relay import LiveRelay
from stillwatch.worlds.operators.replay import Replay
from stillwatch.worlds.operators.shot_list import ShotList
from stillwatch.worlds.operators.single import SingleHarvester
from stillwatch.worlds.operators.slow import LowAndSlow
from stillwatch.worlds.stream import Actor

BENIGN: tuple[type[Actor], ...] = (
    Individuals,
    Scripts,
    Products,
    DeclaredFirm,
    UndeclaredPool,
    MovingFirm,
    Plugin,
    FrontEnd,
    Classroom,
    BenchmarkRuns,
    EvaluationTeam,
    NightlyChecks,
    Backfill,
    CodingTool,
    Aggregator,
    LicensedGenerator,
    ViralPrompt,
    LaunchDay,
    SafetyResearchers,
    Franchise,
    Translators,
    SharedDoor,
    Annotators,
    Tutors,
)
OPERATORS: tuple[type[Actor], ...] = (
    FixedTemplate,
    Elicitation,
    ShotList,
    PromptMill,
    LiveRelay,
    Replay,
    Cleaning,
    LowAndSlow,
    SingleHarvester,
)

LOOKALIKE_KINDS: tuple[str, ...] = tuple(actor.kind for actor in BENIGN[2:])
"""Benign kinds beyond the background of individuals and scripts."""
COHORT_KINDS: tuple[str, ...] = tuple(actor.kind for actor in BENIGN if actor.grouped)
"""Benign kinds whose accounts belong together."""
OPERATOR_KINDS: tuple[str, ...] = tuple(actor.kind for actor in OPERATORS)
BY_KIND: dict[str, type[Actor]] = {actor.kind: actor for actor in (*BENIGN, *OPERATORS)}
