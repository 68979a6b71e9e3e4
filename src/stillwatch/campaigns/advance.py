"""The fold over epochs: ``advance(state, epoch)`` and nothing else proposes, dates or alarms.

Order inside an epoch: groups proposed earlier earn evidence on the epoch's requests; gates are asked; the epoch enters
the running totals; new groups are proposed from them. So a group is never judged by requests that led to it, and what
is reported for a log cut at t is what the whole log reports up to t.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from stillwatch.campaigns.caution import hold_back
from stillwatch.campaigns.gates import ask_cohort_gate, ask_independence_gate
from stillwatch.campaigns.growth import take_in, take_in_alike
from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.membership import name_members
from stillwatch.campaigns.observe import observe
from stillwatch.campaigns.state import State
from stillwatch.evidence.coin import Coins
from stillwatch.groups.infrastructure import TieTable
from stillwatch.groups.proposals import propose, propose_alike
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store.scratch import IN_MEMORY, Scratch

LARGE_POPULATION, LARGE_DAYS = 20_000, 4
"""Looking for pools of accounts costs more than all else in a large log, so it is done every few days there."""


def advance(state: State, frame: Frame, identities: Identities, scratch: Scratch = IN_MEMORY) -> State:
    """Take in one closed epoch; ``identities`` = the register as of its end. Changes and returns ``state``.

    What grows with an epoch's requests lies where ``scratch`` puts it.
    """
    state.epochs += 1
    state.independence.accrue()
    state.cohort.accrue()
    state.single.accrue()
    with ThreadPoolExecutor(max_workers=1) as beside:
        # A good part of the work, of which nothing is asked before the end.
        likened = beside.submit(state.likeness.observe, frame, len(identities.payment))
        _weigh(state, frame, identities, scratch)
        likened.result()
    days = 1 if len(state.population) <= LARGE_POPULATION else LARGE_DAYS
    if state.epochs % (days * state.rules.epochs_per_day) == 0:
        alike = propose_alike(state.likeness, identities.tenant, state.rules.min_accounts)
        take_in_alike(state, alike, frame.end_us)
    return state


def _weigh(state: State, frame: Frame, identities: Identities, scratch: Scratch) -> None:
    """All but what is found by likeness."""
    number = frame.start_us // (state.rules.epoch_hours * 3_600_000_000)
    index = EpochIndex(frame, [lineage.keys for lineage in state.lineages], [x.accounts for x in state.lineages])
    coin = state.decided.rate_of(frame)
    for lineage in state.lineages:
        observe(lineage, frame, index, state.templates.pairs, state.rules.seed, coin)
    state.population.observe(frame, len(identities.payment))
    state.networks.observe(frame, number)
    state.coins += Coins.of(frame)
    state.templates.observe(frame, number, scratch)
    _judge_singles(state, frame, identities)
    ask_independence_gate(state, frame.end_us)
    ask_cohort_gate(state, identities, frame.end_us)
    hold_back(state, frame.end_us)
    for lineage in state.lineages:
        name_members(lineage, frame.end_us)
    ties = TieTable.build(identities, state.networks)
    proposals = propose(state.templates, ties, state.networks, state.rules.min_accounts, len(state.population))
    take_in(state, proposals, frame.end_us)


def _judge_singles(state: State, frame: Frame, identities: Identities) -> None:
    """Busy accounts, each for itself."""
    named = {account for lineage in state.lineages for account in lineage.named}
    state.singles.observe(frame, state.population)
    state.singles.look(state.population, state.single_calibration, state.single, frame.end_us, identities, named)
