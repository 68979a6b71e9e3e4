"""From a run folder to cases, erasure, and what verify finds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from stillwatch.app.cases.checking import check_case
from stillwatch.app.cases.desk import Account, Actor, look
from stillwatch.app.cases.erasing import erase
from stillwatch.app.cases.indicating import indicators
from stillwatch.app.cases.telling import UNKNOWN_OPERATOR, case_document, case_lines, list_lines
from stillwatch.app.cases.verify import verify
from stillwatch.cases import acts
from stillwatch.errors import ConfigurationError, InputError, StoreError
from tests.app.cases.conftest import CASE, NOW, OTHER, Desk
from tests.app.cases.runs import DAY, Group, write_run

ADMIN = Actor("adm", "test")


def test_a_run_becomes_cases_once(desk: Desk) -> None:
    assert [e.kind for e in desk.open().entries] == ["case.opened", "case.opened"]
    assert desk.open().entries == ()
    view = look(desk.store)
    assert set(view.desk.cases) == {CASE, OTHER}
    assert list(view.accounts(CASE).values()) == [Account(f"acc-{i}") for i in range(8)]
    assert next(iter(view.accounts(OTHER).values())) == Account("acc-90", "t-1")
    assert verify(desk.store).faults == ()


def test_a_name_that_is_no_longer_supported_enters_no_case(desk: Desk, tmp_path: Path) -> None:
    desk.open(write_run(tmp_path / "later", [Group(doubted=("acc-3",))]))
    assert Account("acc-3") not in look(desk.store).accounts(CASE).values()
    assert Account("acc-2") in look(desk.store).accounts(CASE).values()


def test_nothing_in_the_store_names_an_account_in_the_clear(opened: Desk) -> None:
    opened.do("ana", acts.Noted(), text="acc-3 wrote to us")
    files = [p for p in opened.store.rglob("*") if p.is_file()]
    assert len(files) > 10
    for path in files:
        assert b"acc-" not in path.read_bytes(), path
    assert {p.stat().st_mode & 0o077 for p in files} == {0}


def test_a_dry_run_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in desk.store.rglob("*") if p.is_file()}
    assert len(desk.open(dry_run=True).entries) == 2
    assert {p: p.read_bytes() for p in desk.store.rglob("*") if p.is_file()} == before
    with pytest.raises(ConfigurationError, match="nobody here"):
        Desk(tmp_path / "new", desk.run).open(dry_run=True)
    assert not (tmp_path / "new").exists()


def test_whoever_has_no_role_opens_nothing_and_leaves_no_exhibit(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="eve is nobody here"):
        desk.open(who="eve")
    assert not (desk.store / "exhibits").exists()


def test_a_grown_group_adds_to_its_case_and_new_evidence_reopens_it(opened: Desk, tmp_path: Path) -> None:
    n = opened.do("ana", acts.Proposed("retraction")).n
    opened.do("app", acts.Approved(n))
    more = Group(accounts=tuple(f"acc-{i}" for i in range(9)))
    assert [e.kind for e in opened.open(write_run(tmp_path / "r2", [more], run_id="r-2")).entries] == ["case.updated"]
    assert look(opened.store).case(CASE).retraction is not None
    timed = Group(accounts=tuple(f"acc-{i}" for i in range(14)))
    (entry,) = opened.open(write_run(tmp_path / "r3", [timed], run_id="r-3")).entries
    assert entry.kind == "case.resurfaced" and entry.why == "6 more accounts beside 8"
    case = look(opened.store).case(CASE)
    assert (case.state, case.retraction, len(case.members)) == ("open", None, 14)


def test_a_run_without_the_evidence_table_opens_cases_too(desk: Desk, tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", [Group("c-0c0c0c0c0c0c")], evidence=False)
    assert len(desk.open(old).entries) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"campaigns": [{"campaign_id": "c-../../../etc", "state": "alarmed", "kind": "x", "accounts": []}]},
            "of the name",
        ),
        ({"campaigns": [{"campaign_id": "c-0a0a0a0a0a0a"}]}, "not as a scan writes it"),
        ({"campaigns": 3}, "not as a scan writes it"),
        ({"run": None}, "not as a scan writes it"),
    ],
)
def test_a_foreign_document_is_refused(desk: Desk, change: dict[str, object], said: str) -> None:
    path = desk.run / "campaigns.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=said):
        desk.open()
    assert not (desk.store / "exhibits").exists()


def test_an_erased_account_is_gone_and_everything_still_verifies(opened: Desk) -> None:
    opened.do("ana", acts.Noted(), text="a note")
    state = look(opened.store).desk.cases
    subjects = erase(opened.store, [Account("acc-3")], ADMIN, NOW, "request 17", dry_run=False)
    view = look(opened.store)
    assert view.desk.cases == state
    assert view.accounts(CASE)[subjects[0]] is None
    assert sum(a is None for a in view.accounts(CASE).values()) == 1
    assert verify(opened.store).faults == ()
    assert opened.open().entries == ()  # the same run does not bring the account back


def test_a_legal_hold_is_the_only_exception_to_erasure_and_is_named(opened: Desk) -> None:
    opened.do("app", acts.Held(True))
    with pytest.raises(ConfigurationError, match=f"legal hold on {CASE}"):
        erase(opened.store, [Account("acc-3")], ADMIN, NOW, "request 17", dry_run=False)
    with pytest.raises(ConfigurationError, match="needs the role admin"):
        erase(opened.store, [Account("acc-3")], Actor("app", "t"), NOW, "request 17", dry_run=False)
    opened.do("app", acts.Held(False))
    assert len(erase(opened.store, [Account("acc-3")], ADMIN, NOW, "request 17", dry_run=True)) == 1
    assert None not in look(opened.store).accounts(CASE).values()


def test_verify_finds_what_was_done_to_a_store(opened: Desk) -> None:
    kept = verify(opened.store).head
    shard = next((opened.store / "journal" / "subjects").glob("*.json"))
    keys, exhibit = shard.read_bytes(), next((opened.store / "exhibits").glob("*/*/campaign.json"))
    shard.unlink()
    assert any("lost or removed" in fault for fault in verify(opened.store).faults)
    shard.write_bytes(keys)
    shard.chmod(0o600)
    raw = exhibit.read_bytes()
    exhibit.write_bytes(raw.replace(b"alarmed", b"guilty!"))
    assert any("was changed" in fault for fault in verify(opened.store).faults)
    exhibit.unlink()
    assert any("is missing" in fault for fault in verify(opened.store).faults)
    exhibit.write_bytes(raw)
    opened.do("ana", acts.Noted(), text="later")
    assert verify(opened.store, kept).faults == ()
    count, digest = kept.split(":")
    assert any("written anew" in f for f in verify(opened.store, f"{count}:{digest[::-1]}").faults)
    assert any("older state" in f for f in verify(opened.store, f"99:{digest}").faults)
    with pytest.raises(ConfigurationError, match="a head looks like"):
        verify(opened.store, "latest")


def test_a_journal_that_was_cut_is_not_worked_on(opened: Desk) -> None:
    path = opened.store / "journal" / "entries.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(StoreError, match="does not hold together"):
        opened.do("ana", acts.Noted(), text="x")
    with pytest.raises(StoreError, match="does not hold together"):
        look(opened.store)
    assert any("cut off" in fault for fault in verify(opened.store).faults)


def test_examples_expire_unless_the_case_is_on_hold(opened: Desk) -> None:
    opened.do("app", acts.Held(True))
    late = NOW + timedelta(days=20)
    assert opened.open(now=late).expired == 1  # of the other case
    assert len(list((opened.store / "exhibits").glob("*/*/examples.json"))) == 1
    opened.do("app", acts.Held(False))
    assert opened.open(now=late).expired == 1
    assert verify(opened.store).faults == ()


def _register(folder: Path) -> str:
    rows = ["account_id,plan,data_generation_permitted,country,valid_from"]
    rows += [f"acc-{i},pro,false,IT," for i in range(4)]
    rows += ["acc-4,pro,true,IT,", "acc-5,pro,true,IT,2027-01-01T00:00:00Z", "acc-6,free,false,FR,"]
    path = folder / "register.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


TERMS = """
[plans.default]
requests_per_day = 1000
[plans.pro]
requests_per_day = 100
countries = ["IT"]
"""


def test_the_authorisation_check_is_part_of_the_case(opened: Desk, tmp_path: Path) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text(TERMS)
    check_case(opened.store, CASE, _register(tmp_path), terms, Actor("ana", "t"), NOW, "by the contract", dry_run=False)
    view = look(opened.store)
    found = {f.rule: (f.verdict, f.accounts, f.broken, f.unknown) for f in view.case(CASE).findings}
    assert found == {
        "data_generation": ("broken", 8, 5, 2),
        "requests_per_day": ("broken", 8, 5, 0),
        "countries": ("kept", 5, 0, 0),
    }
    assert len(view.accounts(CASE)) == 8  # the sealed results are no names
    assert "acc-" not in json.dumps(view.entries[-1].body)


@pytest.mark.parametrize("text", ["[plans.pro]\nrequest_per_day = 3", "plans = 3", "[", "[plans.pro]\nresale = true"])
def test_wrong_terms_are_refused(opened: Desk, tmp_path: Path, text: str) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text(text)
    with pytest.raises(ConfigurationError, match="A terms file has"):
        check_case(opened.store, CASE, _register(tmp_path), terms, Actor("ana", "t"), NOW, "x", dry_run=False)


def test_until_a_person_says_so_the_operator_is_unknown(opened: Desk) -> None:
    assert case_document(look(opened.store), CASE)["operator"] == UNKNOWN_OPERATOR
    texts = {"h": "one firm behind all accounts", "r": "a reseller's customers"}
    mine, rival = (f"h{opened.do('ana', acts.Hypothesised(), text=texts[k]).n}" for k in "hr")
    for side, name, text in (
        ("for", mine, "one card"),
        ("for", mine, "one rhythm"),
        ("against", rival, "no end users"),
    ):
        opened.do("ana", acts.Weighed(name, side, "observed"), text=text)  # type: ignore[arg-type]
    n = opened.do("ana", acts.Proposed("attribution", mine, "high confidence")).n
    opened.do("app", acts.Approved(n))
    document = case_document(look(opened.store), CASE)
    assert document["operator"]["text"] == texts["h"] and document["operator"]["approved_by"] == "app"
    lines = "\n".join(case_lines(document))
    assert "operator, high confidence: one firm behind all accounts (by ana, app)" in lines and "one card" in lines
    nameless = json.dumps(case_document(look(opened.store), CASE, names=False))
    assert "acc-" not in nameless and "one firm" not in nameless


def test_indicators_are_marked_and_name_nobody(opened: Desk) -> None:
    found = {item.kind: item for item in indicators(look(opened.store), CASE)}
    assert (found["payment"].basis, found["payment"].accounts, found["payment"].of) == ("observed", 8, 8)
    assert found["hours"].basis == "inferred" and found["hours"].text.startswith("100% of the requests come between")
    assert not any("acc-" in item.text for item in found.values())


def test_a_relation_to_no_case_is_refused(opened: Desk) -> None:
    with pytest.raises(ConfigurationError, match="no case k-ff"):
        opened.do("ana", acts.Related("k-ff", "person"))
    opened.do("ana", acts.Related(OTHER, "person"))


def test_lists_say_who_waits_for_whom(opened: Desk) -> None:
    n = opened.do("ana", acts.Proposed("retraction"), OTHER).n
    lines = list(list_lines(look(opened.store)))
    assert any(OTHER in line and f"waits: retraction ({n})" in line for line in lines)


def test_a_store_that_is_none_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no cases"):
        look(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_can_read_is_refused(opened: Desk) -> None:
    (opened.store / "keyring.json").chmod(0o644)
    with pytest.raises(StoreError, match="other users can open it"):
        look(opened.store)


def test_a_successor_joins_the_case(opened: Desk, tmp_path: Path) -> None:
    heir = Group("c-0d0d0d0d0d0d", ("acc-70", "acc-1"), predecessor="c-0a0a0a0a0a0a", first=DAY + timedelta(days=1))
    kinds = [e.kind for e in opened.open(write_run(tmp_path / "r2", [Group(), heir], run_id="r-2")).entries]
    assert kinds == ["case.attached"]
    assert len(look(opened.store).accounts(CASE)) == 9
