"""Decisions are found while they are live, to the second, and not a moment longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.feed.decision import Scope
from stillwatch.feed.index import Index
from tests.feed.made import NOW, decision


def _ids(index: Index, *scopes: str, now: float = NOW) -> list[str]:
    return [t.decision_id for t in index.find(scopes, now)]


def test_a_decision_holds_from_its_start_to_the_second_of_its_end() -> None:
    index = Index()
    index.set(decision(starts=NOW, expires=NOW + 10))
    seen = [bool(_ids(index, "account:acc-1", now=t)) for t in (NOW - 0.001, NOW, NOW + 9.999, NOW + 10)]
    assert seen == [False, True, True, False]


def test_accounts_and_keys_are_looked_up_together() -> None:
    index = Index()
    index.set(decision("d-1", "acc-1"))
    index.set(decision("d-2", "f00d", "throttle", kind="key", requests_per_minute=1.0))
    index.set(decision("d-3", "acc-1", "mark", mark_id="m"))
    assert _ids(index, "account:acc-1", "key:f00d") == ["d-1", "d-3", "d-2"]
    assert _ids(index, "account:acc-2") == []


def test_tenants_do_not_meet() -> None:
    index = Index()
    index.set(decision())
    assert _ids(index, Scope("account", "acc-1", "t-1").name) == []


def test_what_nobody_knows_is_counted_and_not_held() -> None:
    index = Index()
    index.set(decision(measure="tar-and-feather"))
    index.set(decision(kind="campaign"))
    assert (index.unknown, len(index)) == (2, 0)


def test_one_decision_for_many_accounts_is_held_once() -> None:
    index = Index()
    for n in range(100):
        index.set(decision("d-1", f"acc-{n}", "throttle", requests_per_minute=5.0))
    held = {id(index.find([f"account:acc-{n}"], NOW)[0]) for n in range(100)}
    assert len(held) == 1


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "lift", "drop", "sweep"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.integers(1, 40),
    ),
    max_size=40,
)


@given(_STEPS)
def test_it_agrees_with_a_list_that_is_searched(steps: list[tuple[str, int, int, int]]) -> None:
    index, plain, lifted, now = Index(), {}, set(), NOW
    for what, n, account, lasts in steps:
        now += 1
        name, scope = f"d-{n}", f"acc-{account}"
        if what == "set" and name not in lifted:
            index.set(decision(name, scope, expires=now + lasts))
            plain[name, scope] = now + lasts
        elif what == "lift":
            index.lift(name)
            lifted.add(name)
            plain = {key: end for key, end in plain.items() if key[0] != name}
        elif what == "drop":
            index.drop(name, Scope("account", scope))
            plain.pop((name, scope), None)
        elif what == "sweep":
            index.sweep(now)
        for k in range(1, 4):
            expected = {d for (d, a), end in plain.items() if a == f"acc-{k}" and now < end}
            assert set(_ids(index, f"account:acc-{k}", now=now)) == expected


def test_sweeping_lets_go_of_everything_that_is_over() -> None:
    index = Index()
    for n in range(10):
        index.set(decision(f"d-{n}", f"acc-{n}", expires=NOW + n + 1))
    index.lift("d-9")
    index.sweep(NOW + 5)
    assert len(index) == 4
