"""Roles, two people, and the rules that a sequence of acts cannot show by chance."""

from __future__ import annotations

import pytest

from stillwatch.cases import acts
from stillwatch.cases.advance import PEOPLE, advance, fold
from stillwatch.cases.catalogue import KINDS
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Draft, Entry, Who
from tests.cases.bench import CASE, Bench
from tests.cases.model import sighting
from tests.cases.test_opening import closed


def test_every_act_is_in_the_catalogue_once() -> None:
    defined = {c for c in vars(acts).values() if isinstance(c, type) and issubclass(c, acts.Act) and c is not acts.Act}
    assert {kind.act for kind in KINDS} == defined and len(KINDS) == len(defined)


def test_the_first_person_makes_themselves_admin_and_nobody_else_can() -> None:
    assert "makes themselves admin" in Bench().refused("eve", acts.Granted("eve", "approver"), PEOPLE)
    bench = Bench.staffed()
    assert "needs the role admin" in bench.refused("app", acts.Granted("app", "admin"), PEOPLE)
    assert "needs the role admin" in bench.refused("eve", acts.Granted("eve", "admin"), PEOPLE)


def test_who_has_no_role_is_told_who_gives_one() -> None:
    assert "its first person makes themselves admin: 'stillwatch case" in Bench().refused("eve", acts.Noted())
    assert "An admin gives roles" in Bench.staffed().refused("eve", acts.Noted())


def test_the_last_admin_stays() -> None:
    bench = Bench.staffed()
    assert "last admin" in bench.refused("adm", acts.Granted("adm", None), PEOPLE)
    bench.do("adm", acts.Granted("app", "admin"), PEOPLE)
    bench.do("app", acts.Granted("adm", None), PEOPLE)
    assert "adm is nobody here" in bench.refused("adm", acts.Noted())


def test_a_role_that_was_taken_away_is_gone() -> None:
    bench = Bench.staffed()
    bench.do("adm", acts.Granted("bob", "viewer"), PEOPLE)
    assert "bob is viewer here" in bench.refused("bob", acts.Noted())


def test_nobody_approves_what_they_proposed_even_as_admin() -> None:
    bench = Bench.staffed()
    n = bench.do("adm", acts.Proposed("retraction")).n
    assert "somebody else" in bench.refused("adm", acts.Approved(n))
    bench.do("app", acts.Approved(n))
    assert bench.case.retraction is not None


def test_what_was_sent_is_to_be_recalled_after_a_retraction() -> None:
    bench = Bench.staffed()
    for what, reference in (("decision", "d-1"), ("notice", "m-1"), ("indicators", "b-1")):
        bench.do("ana", acts.Sent(what, reference))  # type: ignore[arg-type]
    bench.do("ana", acts.Recalled("m-1"))
    assert bench.case.to_recall == ()
    n = bench.do("ana", acts.Proposed("retraction")).n
    bench.do("app", acts.Approved(n))
    assert [o.reference for o in bench.case.to_recall] == ["d-1", "b-1"]
    bench.do("ana", acts.Recalled("d-1"))
    assert [o.reference for o in bench.case.to_recall] == ["b-1"]
    assert "nothing more is sent" in bench.refused("ana", acts.Sent("indicators", "b-2"))


def test_an_entry_names_what_it_replaces() -> None:
    bench = Bench.staffed()
    first = bench.do("ana", acts.Assigned("ana"))
    second = bench.do("ana", acts.Assigned("bob"))
    assert (first.replaces, second.replaces) == (None, first.n)
    wrong = Entry(
        second.n + 1, second.at, second.who, "case.assigned", CASE, {"owner": "eve"}, "", None, (), second.hash, ""
    )
    with pytest.raises(RefusedError, match="replaces"):
        advance(bench.desk, wrong)


def test_entries_of_other_kinds_pass_and_unknown_acts_do_not() -> None:
    bench = Bench.staffed()
    entry = Entry(99, "", Who("x", "y", "z"), "feed.decision", CASE, {}, "", None, (), "", "")
    assert advance(bench.desk, entry).cases == bench.desk.cases
    with pytest.raises(RefusedError, match="cannot be read"):
        advance(bench.desk, Entry(99, "", Who("ana", "analyst", "z"), "case.banish", CASE, {}, "", None, (), "", ""))


def test_an_entry_that_somebody_wrote_past_the_rules_is_not_replayed() -> None:
    bench = Bench.staffed()
    forged = Entry(1, "", Who("eve", "approver", "z"), "case.held", CASE, {"on": True}, "", None, (), "", "")
    with pytest.raises(RefusedError, match="nobody here"):
        advance(bench.desk, forged)
    admin = Who("eve", "admin", "z")
    first = Entry(1, "", admin, "case.granted", PEOPLE, {"name": "eve", "role": "admin"}, "", None, (), "", "")
    with pytest.raises(RefusedError, match="no case"):
        fold([first, Entry(2, "", admin, "case.noted", "k-1", {}, "", None, (), "", "")])


def test_a_campaign_is_in_one_case_only() -> None:
    bench = Bench.staffed()
    bench.do("ana", acts.Opened(sighting("c-bbbbbb"), ()), "k-bbbbbb")
    assert "belongs to k-aaaaaa" in bench.refused("ana", acts.Opened(sighting(), ()), "k-cccccc")
    assert "belongs to k-bbbbbb" in bench.refused("ana", acts.Attached(sighting("c-bbbbbb"), ()))
    assert "open already" in bench.refused("ana", acts.Opened(sighting("c-dddddd"), ()))


def test_an_attribution_lapses_when_its_items_do_not_carry_it_any_more() -> None:
    bench = Bench.staffed()
    first, rival = (f"h{bench.do('ana', acts.Hypothesised()).n}" for _ in range(2))
    assert "do not carry" in bench.refused("ana", acts.Proposed("attribution", first, "high confidence"))
    for side, name in (("for", first), ("for", first), ("against", rival)):
        bench.do("ana", acts.Weighed(name, side, "observed"))  # type: ignore[arg-type]
    n = bench.do("ana", acts.Proposed("attribution", first, "high confidence")).n
    bench.do("app", acts.Approved(n))
    assert bench.case.attribution is not None
    bench.do("bob", acts.Weighed(first, "against", "observed"))
    assert bench.case.attribution is None


def test_one_hypothesis_alone_is_no_attribution() -> None:
    bench = Bench.staffed()
    only = f"h{bench.do('ana', acts.Hypothesised()).n}"
    bench.do("ana", acts.Weighed(only, "for", "observed"))
    assert "competing hypothesis" in bench.refused("ana", acts.Proposed("attribution", only, "likely"))


def test_the_state_is_the_same_after_an_erasure() -> None:
    bench = closed("confirmed")
    erased = Draft(
        bench.desk.count + 1, "", Who("adm", "admin", "t"), "erased", "journal", {"subjects": ["s-1"]}, "", None, (), ""
    )
    after = advance(bench.desk, Entry(*(getattr(erased, f) for f in erased.__struct_fields__), hash=""))
    assert after.cases == bench.desk.cases and after.erased == {"s-1"}
