"""What a partner is told: confirmed by a person, keyed per exchange, revoked after a retraction, valid STIX."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.desk import Account, Actor, look
from stillwatch.app.cases.erasing import erase
from stillwatch.app.cases.sharing import Exported, Order, export
from stillwatch.app.cases.telling import case_document
from stillwatch.cases import acts
from stillwatch.cases.machinery import Machinery
from stillwatch.cases.shared import keyed, shared
from stillwatch.cases.stix import LEVELS, revocation, stix_bundle
from stillwatch.errors import ConfigurationError, StoreError
from tests.app.cases.conftest import CASE, NOW, Desk
from tests.app.cases.runs import Group, write_run

ANA = Actor("ana", "test")

NAMED = re.compile(rb"(?<![0-9a-f])acc-")
"""The beginning of any account's id; a drawn UUID can hold the same letters, but only behind another of its digits."""


def order(folder: Path, **changes: Any) -> Order:
    return replace(Order(CASE, "stix", folder / "out.json", "Partner Inc.", "Example Inc."), **changes)


def confirmed(desk: Desk, asked: Order) -> Exported:
    shown = export(desk.store, asked, ANA, NOW, "agreed")
    assert not shown.written and not asked.out.exists()
    return export(desk.store, asked, ANA, NOW, "agreed", confirm=shown.digest)


def objects(found: Exported) -> dict[str, list[dict[str, Any]]]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for thing in json.loads(found.content)["objects"]:
        kinds.setdefault(thing["type"], []).append(thing)
    return kinds


def retract(desk: Desk) -> None:
    n = desk.do("ana", acts.Proposed("retraction")).n
    desk.do("app", acts.Approved(n))


@pytest.fixture
def stix2(real_part: Any) -> Any:
    import importlib.util

    real_part("stix2", importlib.util.find_spec("stix2"))
    import stix2

    return stix2


def test_a_stix_bundle_passes_the_strict_parser_and_names_nobody(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    opened.do("ana", acts.Noted(), text="acc-3 wrote to us")
    found = confirmed(opened, order(tmp_path))
    assert order(tmp_path).out.read_bytes() == found.content
    assert stix2.parse(found.content.decode(), version="2.1").type == "bundle"
    kinds = objects(found)
    assert set(kinds) == {
        "marking-definition", "identity", "attack-pattern", "campaign", "user-account", "observed-data", "indicator",
        "relationship", "grouping",
    }  # fmt: skip
    assert kinds["attack-pattern"][0]["external_references"][0]["external_id"] == "AML.T0024.002"
    assert kinds["marking-definition"][0]["id"] == f"marking-definition--{LEVELS['amber']}"
    assert (
        len(kinds["user-account"]) == 8 and kinds["indicator"][0]["valid_until"] > kinds["indicator"][0]["valid_from"]
    )
    assert not NAMED.search(found.content) and b"wrote to us" not in found.content
    assert "operator not named" in kinds["campaign"][0]["description"]


@pytest.mark.parametrize("closed", [False, True])
def test_every_bundle_passes_the_validator_of_its_standard(
    opened: Desk, tmp_path: Path, stix2: Any, real_part: Any, closed: bool
) -> None:
    import importlib.util

    real_part("stix2-validator", importlib.util.find_spec("stix2validator"))
    from stix2validator import ValidationOptions, validate_string

    if closed:
        retract(opened)
    machinery = Machinery("s1-0-0", tuple(f"{n:016x}" for n in range(5)))
    told = shared(look(opened.store).case(CASE), "2026-03-06T00:00:00Z", ("a" * 32, "b" * 32))
    ranges = ("198.51.100.0/24", "2001:db8:1::/48")
    bundle = stix_bundle(replace(told, machinery=machinery, ranges=ranges), "Us Ltd.", "Them", "green")
    for made in (bundle, revocation([bundle], told)):
        found = validate_string(json.dumps(made), ValidationOptions(version="2.1"))
        assert found.is_valid, [str(error) for error in found.errors]
    assert {"infrastructure", "ipv4-addr", "ipv6-addr"} <= {thing["type"] for thing in bundle["objects"]}


def test_nothing_leaves_that_nobody_confirmed(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    shown = export(opened.store, order(tmp_path), ANA, NOW, "agreed")
    with pytest.raises(ConfigurationError, match="not what was confirmed"):
        export(opened.store, order(tmp_path, level="clear"), ANA, NOW, "agreed", confirm=shown.digest)
    retract(opened)
    with pytest.raises(ConfigurationError, match="not what was confirmed"):
        export(opened.store, order(tmp_path), ANA, NOW, "agreed", confirm=shown.digest)
    assert not (tmp_path / "out.json").exists()
    with pytest.raises(ConfigurationError, match="eve is nobody"):
        export(opened.store, order(tmp_path), Actor("eve", "t"), NOW, "x")
    assert look(opened.store).case(CASE).outgoing == ()


def test_two_recipients_cannot_join_what_they_got(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    a = objects(confirmed(opened, order(tmp_path)))
    b = objects(confirmed(opened, order(tmp_path, recipient="Other Inc.", out=tmp_path / "b.json")))
    for kind in ("user-account", "campaign", "indicator", "grouping"):
        assert not {x["id"] for x in a[kind]} & {x["id"] for x in b[kind]}
    assert not {x["user_id"] for x in a["user-account"]} & {x["user_id"] for x in b["user-account"]}


def test_whoever_holds_the_key_finds_their_own_accounts(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    key = tmp_path / "shared.key"
    key.write_bytes(b"a key that both sides hold\n")
    with pytest.raises(StoreError, match="other users can open it"):
        export(opened.store, order(tmp_path, key_file=key), ANA, NOW, "x")
    key.chmod(0o600)
    found = objects(confirmed(opened, order(tmp_path, key_file=key)))
    theirs = keyed(b"a key that both sides hold", "acc-5")
    assert theirs in {x["user_id"] for x in found["user-account"]}
    assert theirs in found["indicator"][0]["pattern"]
    key.write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="could be guessed"):
        export(opened.store, order(tmp_path, key_file=key), ANA, NOW, "x")


def test_a_retraction_revokes_what_was_shared(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    before = objects(confirmed(opened, order(tmp_path)))
    retract(opened)
    assert len(look(opened.store).case(CASE).to_recall) == 1
    shown = export(opened.store, order(tmp_path), ANA, NOW, "taken back")
    found = export(opened.store, order(tmp_path), ANA, NOW, "taken back", confirm=shown.digest)
    after = objects(found)
    assert set(before) == set(after)
    for kind in ("campaign", "indicator", "grouping", "relationship"):
        assert [x["id"] for x in before[kind]] == [x["id"] for x in after[kind]]
        assert all(x["revoked"] for x in after[kind])
    assert "disregard" in after["grouping"][0]["description"]
    assert look(opened.store).case(CASE).to_recall == ()


def test_an_erased_account_is_not_shared(opened: Desk, tmp_path: Path, stix2: Any) -> None:
    erase(opened.store, [Account("acc-3")], Actor("adm", "t"), NOW, "request 17", dry_run=False)
    found = confirmed(opened, order(tmp_path))
    assert (found.accounts, found.left_out) == (7, 1)


def test_a_victim_is_told_apart_and_never_shared_as_a_member(desk: Desk, tmp_path: Path, stix2: Any) -> None:
    desk.open(write_run(tmp_path / "r", [Group(victims=("acc-2",))]))
    members = case_document(look(desk.store), CASE)["members"]
    assert [m["account_id"] for m in members if m.get("victim")] == ["acc-2"]
    found = confirmed(desk, order(tmp_path))
    assert (found.accounts, found.left_out) == (7, 1)
    later = desk.open(write_run(tmp_path / "r2", [Group(victims=("acc-2", "acc-4"))], run_id="r-2"))
    assert [e.kind for e in later.entries] == ["case.updated"]
    assert len(look(desk.store).case(CASE).victims) == 2


@pytest.mark.parametrize(
    ("state", "activity", "status"), [("open", 1, 1), ("in review", 2, 2), ("retracted", 3, 3), ("inconclusive", 3, 4)]
)
def test_ocsf_findings_say_where_a_case_stands(
    opened: Desk, tmp_path: Path, state: str, activity: int, status: int
) -> None:
    if state != "open":
        opened.do("ana", acts.Assigned("ana"))
        opened.do("ana", acts.Started())
    if state == "retracted":
        retract(opened)
    if state == "inconclusive":
        opened.do("ana", acts.Closed())
    found = confirmed(opened, order(tmp_path, format="ocsf"))
    line, incident = (json.loads(raw) for raw in found.content.splitlines())
    assert (line["class_uid"], line["type_uid"]) == (2004, 200400 + activity)
    assert (line["activity_id"], line["status_id"], line["is_alert"]) == (activity, status, activity != 3)
    assert {
        "activity_id",
        "category_uid",
        "class_uid",
        "finding_info",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
    } <= set(line)
    assert line["finding_info"]["first_seen_time"] <= line["finding_info"]["last_seen_time"]
    assert line["finding_info"]["attacks"][0]["technique"]["uid"] == "AML.T0024.002"
    assert not NAMED.search(found.content) and len(line["resources"]) == 8
    assert (incident["class_uid"], incident["type_uid"]) == (2005, 200500 + activity)
    assert incident["status_id"] == {3: 5}.get(status, status)
    assert [info["uid"] for info in incident["finding_info_list"]] == [line["finding_info"]["uid"]]
    assert {"metadata", "severity_id", "time", "category_uid", "activity_id"} <= set(incident)
