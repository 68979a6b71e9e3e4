"""Acts on a case through forms: offered by the rules, refused by the rules, written under one's own name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stillwatch.app.cases.desk import look
from stillwatch.app.cases.verify import verify
from stillwatch.cases.acts import Assigned, Sent, Started
from stillwatch.cases.catalogue import KINDS
from stillwatch.console.forms import FORMS
from tests.app.cases.conftest import CASE, Desk, new_desk
from tests.console.served import Person, Served, give_passwords, served

PAGE = f"/cases/{CASE}"


def act(person: Person, form: str, **given: str) -> int:
    return person.post(PAGE, {"form": form, "why": "because", **given}).status


def offered(person: Person) -> set[str]:
    return set(re.findall(r'name="form" value="([\w-]+)"', person.get(PAGE).text))


@pytest.fixture(scope="module", autouse=True)
def opened(console: Served) -> None:
    assert console.person("ana").post("/cases", {}).leads == "/cases"


def test_forms_make_known_acts() -> None:
    assert {form.tag for form in FORMS} <= {kind.name for kind in KINDS}
    assert len({form.name for form in FORMS}) == len(FORMS)


def test_a_case_goes_from_alarm_to_retraction_by_two_people(console: Served, store_and_run: Desk) -> None:
    ana, app = console.person("ana"), console.person("app")
    assert "start" not in offered(ana)  # nobody owns it yet
    assert [act(ana, "assign", owner="ana"), act(ana, "start")] == [303, 303]
    assert act(ana, "note", text="looks like\n<b>grading</b>") == 303
    page = ana.get(PAGE).text
    assert "&lt;b&gt;grading&lt;/b&gt;" in page
    assert act(ana, "task", text="ask billing") == 303
    assert "clear" not in offered(ana)  # a task is open
    task = look(store_and_run.store).desk.cases[CASE].tasks[0].name
    assert act(ana, "task-done", task=task) == 303
    assert act(ana, "hold") == 409  # for approvers
    assert act(app, "hold") == 303
    assert act(ana, "retract") == 303
    proposal = look(store_and_run.store).desk.cases[CASE].proposal
    assert proposal
    assert "You cannot approve" in ana.get(PAGE).text
    assert act(ana, "approve", proposal=str(proposal.n)) == 409
    assert "approve" in offered(app)
    assert act(app, "approve", proposal=str(proposal.n)) == 303
    view = look(store_and_run.store)
    assert view.desk.cases[CASE].retraction
    assert view.entries[-1].who.name == "app"
    assert not verify(store_and_run.store).faults


def test_a_viewer_is_offered_nothing_and_may_nothing(console: Served) -> None:
    vi = console.person("vi")
    assert offered(vi) == set()
    assert act(vi, "note", text="x") == 403
    assert vi.post(f"{PAGE}/bundle", {"why": "x"}).status == 403


WEIGHED = {"form": "weigh", "why": "x", "hypothesis": "h1", "basis": "observed", "text": "y"}


@pytest.mark.parametrize(
    "given",
    [
        {"form": "note", "why": ""},
        {"form": "note", "why": "x", "text": ""},
        {**WEIGHED, "side": "above"},
        {"form": "no-such-form", "why": "x"},
    ],
)
def test_a_form_that_is_not_filled_in_writes_nothing(
    console: Served, store_and_run: Desk, given: dict[str, str]
) -> None:
    before = len(look(store_and_run.store).entries)
    assert console.person("ana").post(PAGE, given).status == 409
    assert len(look(store_and_run.store).entries) == before


def test_what_a_retraction_leaves_to_recall_is_written_down(tmp_path: Path) -> None:
    desk = new_desk(tmp_path)
    desk.open()
    give_passwords(desk.store, "adm", "ana", "app")
    desk.do("ana", Sent("notice", "n-1"))
    desk.do("ana", Assigned("ana"))
    desk.do("ana", Started())
    with served(desk.store, desk.run) as own:
        ana, app = own.person("ana"), own.person("app")
        assert "recalled" not in offered(ana)
        assert act(ana, "retract") == 303
        proposal = look(desk.store).desk.cases[CASE].proposal
        assert proposal
        assert act(app, "approve", proposal=str(proposal.n)) == 303
        assert act(ana, "recalled", reference="n-1") == 303
    assert not look(desk.store).desk.cases[CASE].to_recall


def test_a_bundle_is_handed_out_and_the_journal_says_so(console: Served, store_and_run: Desk, tmp_path: Path) -> None:
    answer = console.person("ana").post(f"{PAGE}/bundle", {"why": "for the partner"})
    assert answer.headers["content-type"] == "application/zip"
    assert look(store_and_run.store).desk.cases[CASE].outgoing[-1].what == "bundle"


def test_what_leaves_for_a_partner_is_shown_first(console: Served, store_and_run: Desk) -> None:
    other = "/cases/k-0b0b0b0b0b0b"
    order = {"format": "stix", "level": "amber", "recipient": "Partner", "maker": "Us", "why": "agreed"}
    ana = console.person("ana")
    looked = ana.post(f"{other}/share", order)
    assert looked.status == 200
    assert not look(store_and_run.store).desk.cases["k-0b0b0b0b0b0b"].outgoing
    digest = re.search(r'name="confirm" value="([0-9a-f]{64})"', looked.text)
    assert digest
    assert ana.post(f"{other}/share", {**order, "confirm": "0" * 64}).status == 409
    left = ana.post(f"{other}/share", {**order, "confirm": digest[1]})
    assert left.headers["content-disposition"].endswith('.json"')
    assert look(store_and_run.store).desk.cases["k-0b0b0b0b0b0b"].outgoing[-1].what == "indicators"
