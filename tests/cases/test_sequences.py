"""Random sequences of acts against a simple model: no illegal state, and the journal always verifies."""

from __future__ import annotations

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stillwatch.cases.attribution import require_grade
from stillwatch.cases.state import Case
from stillwatch.journal.acts import RefusedError
from tests.cases.bench import CASE, Bench
from tests.cases.model import Plain, draw_act

SEQUENCES, STEPS = 1000, 25


def _step(bench: Bench, plain: Plain, rng: Random) -> bool:
    """One act on both; they must agree on whether it goes through."""
    who, act = draw_act(rng, bench.desk, CASE)
    n = bench.desk.count + 1
    allowed = plain.may(who, act, n)
    try:
        bench.do(who, act)
    except RefusedError as error:
        assert not allowed, f"{who} {act}: refused: {error}"
        return False
    assert allowed, f"{who} {act}: not refused"
    return True


def _assert_same(case: Case, plain: Plain) -> None:
    waiting = case.proposal
    assert (case.state, case.disposition, case.owner, case.hold) == (
        plain.state,
        plain.disposition,
        plain.owner,
        plain.hold,
    )
    assert (case.retraction is not None, case.taught is not None) == (plain.retracted, plain.taught)
    assert (waiting and waiting.n) == (plain.proposal and plain.proposal[0])
    assert {t.name: t.done for t in case.tasks} == plain.tasks
    assert {o.reference: not o.recalled for o in case.outgoing} == plain.out
    found = case.attribution
    assert (found and (found.hypothesis, found.grade)) == plain.attribution


def _assert_legal(case: Case) -> None:
    """What may never be, whatever happened."""
    assert (case.state == "closed") == (case.disposition is not None or case.retraction is not None)
    assert not (case.disposition and case.retraction)
    assert case.taught is None or case.disposition == "benign"
    assert len(set(case.concluded_by)) == {None: 2 if case.retraction else 0, "inconclusive": 1}.get(
        case.disposition, 2
    )
    assert case.state == "open" or case.owner or case.retraction
    if case.state == "closed":
        assert case.judged
    if case.retraction:
        assert case.retraction.by != case.retraction.approved_by
    if case.attribution:
        assert case.attribution.by != case.attribution.approved_by
        if case.state != "closed":
            require_grade(case, case.attribution.hypothesis, case.attribution.grade)


def test_a_thousand_random_sequences_agree_with_the_model() -> None:
    reached: dict[str, int] = {}
    done = 0
    for seed in range(SEQUENCES):
        rng, bench, plain = Random(seed), Bench.staffed(), Plain()
        for _ in range(STEPS):
            done += _step(bench, plain, rng)
            _assert_legal(bench.case)
        _assert_same(bench.case, plain)
        if seed % 10 == 0:
            bench.check()
        taught = "taught" if bench.case.taught else None
        for what in (
            bench.case.disposition, "retracted" if bench.case.retraction else None, bench.case.attribution, taught
        ):  # fmt: skip
            reached[str(what)[:9]] = reached.get(str(what)[:9], 0) + 1
    assert 0.3 < done / (SEQUENCES * STEPS) < 0.8
    assert {"confirmed", "benign", "inconclus", "retracted", "Attributi", "taught"} <= set(reached), reached


class Sequences(RuleBasedStateMachine):
    """The same under hypothesis, which shrinks what it finds; both are compared after every act."""

    def __init__(self) -> None:
        super().__init__()
        self.bench, self.plain = Bench.staffed(), Plain()

    @rule(seed=st.integers(0, 2**32))
    def act(self, seed: int) -> None:
        _step(self.bench, self.plain, Random(seed))

    @invariant()
    def agree(self) -> None:
        _assert_same(self.bench.case, self.plain)
        _assert_legal(self.bench.case)

    def teardown(self) -> None:
        self.bench.check()


Sequences.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestSequences = Sequences.TestCase
