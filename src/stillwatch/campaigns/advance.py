"""The fold over epochs: ``advance(state, epoch)`` and nothing else proposes, dates or alarms.

Order inside an epoch: groups proposed earlier earn evidence on the epoch's requests; gates are asked; the epoch enters
the running totals; new groups are proposed from them. So a group is never judged by requests that led to it, and what
is reported for a log cut at t is what the whole log reports up to t.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from stillwatch.campaigns.alarms import raise_alarms
from stillwatch.campaigns.caution import look_for_doubts
from stillwatch.campaigns.gates import ask_cohort_gate, ask_independence_gate
from stillwatch.campaigns.growth import take_in, take_in_pieces
from stillwatch.campaigns.membership import name_members, told_of
from stillwatch.campaigns.observe import observe
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.taking import Taken
from stillwatch.campaigns.work import take_in_alike
from stillwatch.groups.infrastructure import TieTable
from stillwatch.groups.proposals import propose, propose_alike
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store.scratch import IN_MEMORY, Scratch

LARGE_POPULATION, LARGE_DAYS = 20_000, 4
"""Looking for pools of accounts costs more than all else in a large log, so it is done every few days there."""


def advance(
    state: State, frame: Frame, identities: Identities, scratch: Scratch = IN_MEMORY, taken: Taken | None = None
) -> State:
    """Take in one closed epoch; ``identities`` = the register as of its end. Changes and returns ``state``.

    What grows with an epoch's requests lies where ``scratch`` puts it. ``taken``: the sums of the epoch, where they
    were made from this state before.
    """
    state.epochs += 1
    state.independence.accrue()
    state.cohort.accrue()
    state.single.accrue()
    accounts = len(identities.payment)
    with ThreadPoolExecutor(max_workers=1) as beside:
        if taken is None:
            taken = Taken(state, number_of(state.rules, frame), scratch)
            likened = beside.submit(taken.liken, frame)
            taken.count(frame, accounts)
        else:
            likened = None
        _weigh(state, frame, identities, taken)
        if likened is not None:
            likened.result()
    taken.likened(state, accounts)
    days = 1 if len(state.population) <= LARGE_POPULATION else LARGE_DAYS
    if state.epochs % (days * state.rules.epochs_per_day) == 0:
        alike = propose_alike(state.likeness, identities.tenant, state.rules.min_accounts)
        take_in_alike(state, alike, frame.end_us)
    return state


def number_of(rules: Rules, frame: Frame) -> int:
    """The number of an epoch, from 1970."""
    return frame.start_us // (rules.epoch_hours * 3_600_000_000)


def _weigh(state: State, frame: Frame, identities: Identities, taken: Taken) -> None:
    """All but what is found by likeness."""
    index, coin = taken.index(frame, state), state.decided.rate_of(frame)
    for lineage in state.lineages:
        observe(lineage, frame, index, state.templates.pairs, state.rules.seed, coin)
    taken.into(state, len(identities.payment))
    state.singles.observe(frame, state.population, taken.outputs)
    _judge_singles(state, frame, identities)
    ask_independence_gate(state, frame.end_us)
    ask_cohort_gate(state, identities)
    look_for_doubts(state, frame.end_us)
    raise_alarms(state, identities, frame.end_us)
    for lineage in state.lineages:
        name_members(lineage, frame.end_us)
    take_in_pieces(state, frame.end_us)
    ties = TieTable.build(identities, state.networks)
    proposals = propose(state.templates, ties, state.networks, state.rules.min_accounts, len(state.population))
    take_in(state, proposals, frame.end_us)


def _judge_singles(state: State, frame: Frame, identities: Identities) -> None:
    """Busy accounts, each for itself."""
    told = told_of(state.lineages)
    state.singles.look(state.population, state.single_calibration, state.single, frame.end_us, identities, told)
