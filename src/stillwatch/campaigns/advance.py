"""The fold over epochs: ``advance(state, epoch)`` and nothing else proposes, dates or alarms.

Order inside an epoch: groups proposed earlier earn evidence on the epoch's requests; gates are asked; the epoch enters
the running totals; new groups are proposed from them. So a group is never judged by requests that led to it, and what
is reported for a log cut at t is what the whole log reports up to t.
"""

from __future__ import annotations

from stillwatch.campaigns.gates import ask_cohort_gate, ask_independence_gate
from stillwatch.campaigns.growth import take_in
from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.membership import name_members
from stillwatch.campaigns.observe import observe
from stillwatch.campaigns.state import State
from stillwatch.groups.infrastructure import TieTable
from stillwatch.groups.proposals import propose
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities


def advance(state: State, frame: Frame, identities: Identities) -> State:
    """Take in one closed epoch; ``identities`` = the register as of its end. Changes and returns ``state``."""
    state.epochs += 1
    number = frame.start_us // (state.rules.epoch_hours * 3_600_000_000)
    state.independence.accrue()
    state.cohort.accrue()
    index = EpochIndex(frame)
    for lineage in state.lineages:
        observe(lineage, frame, index, state.rules.seed)
    state.population.observe(frame, len(identities.payment))
    state.networks.observe(frame, number)
    state.templates.observe(frame, number)
    ask_independence_gate(state, frame.end_us)
    ask_cohort_gate(state, identities, frame.end_us)
    for lineage in state.lineages:
        name_members(lineage, frame.end_us)
    ties = TieTable.build(identities, state.networks)
    proposals = propose(state.templates, ties, state.networks, state.rules.min_accounts, len(state.population))
    take_in(state, proposals, frame.end_us)
    return state
