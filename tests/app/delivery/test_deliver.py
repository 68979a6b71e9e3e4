"""From a store to real receivers: events in order, parcels sealed until they leave, and taken back if need be."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.desk import Account, Actor, at_work, look
from stillwatch.app.cases.erasing import erase
from stillwatch.app.cases.notifying import Order, make_notice
from stillwatch.app.cases.sharing import Order as Export
from stillwatch.app.cases.sharing import export
from stillwatch.app.cases.verify import verify
from stillwatch.app.delivery import deliver as delivering
from stillwatch.app.delivery.deliver import Tried, deliver
from stillwatch.app.delivery.parcels import Parcel, outbox_of, queue, targets_of
from stillwatch.app.retracting import approve
from stillwatch.cases import acts
from stillwatch.delivery.outbox import DEAD, SENT, WAITING
from stillwatch.errors import ConfigurationError, StoreError
from tests.app.cases.conftest import CASE, NOW, OTHER, Desk, copied, new_desk
from tests.delivery.servers import SECRET_LINE, Certified, Mailbox, Receiver, certified, mailing, receiving

ANA = Actor("ana", "test")
TARGETS = """
[webhooks.siem]
url = "https://localhost:{web}/in"
secret = "siem.key"
ca = "{ca}"
networks = ["127.0.0.0/8"]
events = ["opened", "noted", "approved"]

[mail.desk]
sender = "watch@us.example"
host = "localhost"
port = {mail}
ca = "{ca}"
"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def _servers(tls: Certified) -> Iterator[tuple[Receiver, Mailbox]]:
    with receiving(tls.context) as web, mailing(tls.context) as mail:
        yield web, mail


@pytest.fixture
def web(_servers: tuple[Receiver, Mailbox]) -> Receiver:
    _servers[0].answers.clear()
    _servers[0].got.clear()
    return _servers[0]


@pytest.fixture
def mail(_servers: tuple[Receiver, Mailbox]) -> Mailbox:
    _servers[1].got.clear()
    _servers[1].refuse = ""
    return _servers[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, _servers: tuple[Receiver, Mailbox], tls: Certified) -> Path:
    """The folder of a store with two cases and two targets, which were told once before the cases were opened."""
    folder = tmp_path_factory.mktemp("made")
    found = new_desk(folder)
    targets = TARGETS.format(web=_servers[0].port, mail=_servers[1].port, ca=tls.ca_file)
    (found.store / "delivery.toml").write_text(targets)
    (found.store / "siem.key").write_bytes(SECRET_LINE)
    (found.store / "siem.key").chmod(0o600)
    assert run(found) == []
    found.open()
    return folder


@pytest.fixture
def desk(made: Path, web: Receiver, mail: Mailbox, tmp_path: Path) -> Desk:
    return copied(made, tmp_path)


def run(desk: Desk, now: datetime = NOW) -> list[Tried]:
    return deliver(desk.store, now, "test")


def events(web: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in web.got]


def notice(desk: Desk, audience: str = "owner", **changes: Any) -> None:
    asked: dict[str, Any] = {"recipient": "Model Co.", "target": "desk", "address": "legal@model.example", **changes}
    make_notice(desk.store, Order(CASE, audience, "Us Ltd.", **asked), ANA, NOW, "due")


def retract(desk: Desk) -> Any:
    n = desk.do("ana", acts.Proposed("retraction")).n
    return approve(desk.store, CASE, n, Actor("app", "test"), NOW, "it was a class")[1]


def test_acts_become_cloud_events_once_and_name_nobody(desk: Desk, web: Receiver) -> None:
    desk.do("ana", acts.Assigned("ana"))
    desk.do("ana", acts.Noted(), text="acc-3 wrote to us")
    assert [t.outcome.ended for t in run(desk)] == ["done"] * 3
    assert run(desk) == []
    told = events(web)
    assert [(e["type"], e["subject"]) for e in told] == [
        ("stillwatch.case.opened", CASE),
        ("stillwatch.case.opened", OTHER),
        ("stillwatch.case.noted", CASE),
    ]
    for event in told:
        assert {"specversion", "id", "source", "type"} <= set(event) and event["specversion"] == "1.0"
        assert datetime.fromisoformat(event["time"]) == NOW
    assert told[0]["data"]["accounts"] == 8 and told[2]["data"]["state"] == "open"
    assert len({e["id"] for e in told}) == 3 and len({e["source"] for e in told}) == 1
    assert not any(b"acc-" in body or b"wrote" in body or b"because" in body for _, _, body in web.got)


def test_a_receiver_that_is_down_is_left_alone_and_everything_arrives_in_order(desk: Desk, web: Receiver) -> None:
    web.answers.append((503, {}))
    assert [(t.outcome.ended, t.dead) for t in run(desk)] == [("later", False)]
    assert run(desk, NOW + timedelta(seconds=1))[0].item.about == OTHER  # the other one is due
    assert [t.item.about for t in run(desk, NOW + timedelta(minutes=1))] == [CASE]
    assert web.got[0][1]["webhook-id"] == web.got[-1][1]["webhook-id"]


def test_what_fails_for_three_days_is_kept_as_dead_and_can_be_replayed(desk: Desk, web: Receiver) -> None:
    now, tried = NOW, []
    while not outbox_of(desk.store).items(DEAD):
        web.answers[:] = [(500, {})]
        tried += run(desk, now)
        now += timedelta(days=1.2)
    assert tried[-1].dead and tried[-1].item.attempts == 10
    (dead,) = outbox_of(desk.store).items(DEAD)
    assert dead.said.startswith("HTTP 500") and now - NOW > timedelta(days=3)
    web.answers.clear()
    web.got.clear()
    assert [i.id for i in delivering.replay(desk.store, [dead.id], now)] == [dead.id]
    run(desk, now)
    assert dead.id in {e["id"] for e in events(web)} and outbox_of(desk.store).items(DEAD) == []
    with pytest.raises(ConfigurationError, match="nothing dead has the id"):
        delivering.replay(desk.store, [dead.id], now)


def test_a_target_can_be_told_everything_anew_under_the_same_ids(desk: Desk, web: Receiver) -> None:
    run(desk)
    first = events(web)
    assert len(delivering.replay_since(desk.store, "siem", 1, NOW)) == 2
    run(desk)
    assert events(web)[2:] == first


def test_a_receiver_that_wants_no_more_gets_no_more_of_it(desk: Desk, web: Receiver) -> None:
    web.answers.append((410, {}))
    assert [(t.outcome.ended, t.dead) for t in run(desk)] == [("never", True), ("done", False)]
    (dead,) = outbox_of(desk.store).items(DEAD)
    assert delivering.drop(desk.store, [dead.id]) == [dead] and outbox_of(desk.store).items(DEAD) == []


def test_a_notice_is_sealed_until_it_leaves_as_mail(desk: Desk, mail: Mailbox) -> None:
    notice(desk)
    for path in (desk.store / "delivery").rglob("*"):
        assert not path.is_file() or b"model.example" not in path.read_bytes()
    run(desk)
    (envelope,) = mail.got
    assert envelope.rcpt_tos == ["legal@model.example"]
    assert b"Notice to the owner of the model" in envelope.content and b"text/html" in envelope.content
    assert b"notice.json" in envelope.content
    assert [e.kind for e in look(desk.store).entries_of(CASE)][-1] == "delivery.delivered"
    assert verify(desk.store).faults == ()


def test_a_notice_and_an_export_go_to_a_webhook_as_events(desk: Desk, web: Receiver) -> None:
    run(desk)
    notice(desk, target="siem", address=None)
    order = Export(CASE, "ocsf", None, "siem", "Us Ltd.", target="siem")
    shown = export(desk.store, order, ANA, NOW, "agreed")
    export(desk.store, order, ANA, NOW, "agreed", confirm=shown.digest)
    run(desk)
    told, shared = events(web)[2:]
    assert (told["type"], told["data"]["content"]["kind"]) == ("stillwatch.notice", "notice-owner")
    assert (shared["type"], shared["data"]["form"]) == ("stillwatch.indicators", "ocsf")
    assert {line["class_uid"] for line in shared["data"]["content"]} >= {2004}


def test_who_is_refused_is_not_named_in_what_is_kept(desk: Desk, mail: Mailbox) -> None:
    mail.refuse = "550 <legal@model.example> is unknown"
    notice(desk)
    run(desk)
    (dead,) = outbox_of(desk.store).items(DEAD)
    assert dead.said == "SMTP 550: <(the reader)> is unknown"
    last = look(desk.store).entries_of(CASE)[-1]
    assert last.kind == "delivery.given-up" and "unknown" not in json.dumps(last.body)


def test_a_retraction_takes_back_what_was_sent_and_stops_what_was_not(
    desk: Desk, web: Receiver, mail: Mailbox, tmp_path: Path
) -> None:
    run(desk)
    notice(desk)
    notice(desk, "holder", recipient="holder", address="h@home.example", account=Account("acc-2"))
    run(desk)
    notice(desk, "authority", recipient="The Office", address="office@gov.example")
    notice(desk, "partner", recipient="By hand", outs=(tmp_path / "n.html",), target=None, address=None)
    followed = retract(desk)
    assert len(followed.taken_back) == 3 and followed.failed == () and len(followed.left) == 1
    mail.got.clear()
    run(desk)
    assert sorted(e.rcpt_tos[0] for e in mail.got) == ["h@home.example", "legal@model.example"]
    assert all(b"taken back" in e.content for e in mail.got)
    assert [o.reference for o in look(desk.store).case(CASE).to_recall] == list(followed.left)
    run(desk)
    assert outbox_of(desk.store).items(SENT) == [] and outbox_of(desk.store).items(WAITING) == []
    assert verify(desk.store).faults == ()


def test_an_export_that_was_sent_is_revoked(desk: Desk, web: Receiver) -> None:
    order = Export(CASE, "ocsf", None, "siem", "Us Ltd.", target="siem")
    shown = export(desk.store, order, ANA, NOW, "agreed")
    export(desk.store, order, ANA, NOW, "agreed", confirm=shown.digest)
    run(desk)
    assert len(retract(desk).taken_back) == 1
    web.got.clear()
    run(desk)
    revoked = next(e for e in events(web) if e["type"] == "stillwatch.indicators")
    assert {line.get("unmapped", {}).get("retracted") for line in revoked["data"]["content"]} == {True}


def test_a_reader_who_was_erased_gets_nothing(desk: Desk, mail: Mailbox) -> None:
    notice(desk, "holder", recipient="holder", address="h@home.example", account=Account("acc-2"))
    erase(desk.store, [Account("acc-2")], Actor("adm", "t"), NOW, "asked", dry_run=False)
    run(desk)
    assert mail.got == []
    (dead,) = outbox_of(desk.store).items(DEAD)
    assert "erased" in dead.said


def test_what_a_crash_left_without_its_entry_is_not_sent(desk: Desk, mail: Mailbox) -> None:
    with at_work(desk.store, ANA, NOW - timedelta(hours=1)) as session:
        queue(session, "desk", CASE, "notice:x", Parcel("paper", "t", "{}", {}, "a@b.example"))
    desk.do("ana", acts.Noted(), text="another entry came in its place")
    run(desk)
    assert mail.got == [] and outbox_of(desk.store).items(WAITING) == []


def test_a_pass_that_was_killed_sends_again_and_loses_nothing(desk: Desk, web: Receiver) -> None:
    for n in range(12):
        desk.do("ana", acts.Noted(), text=str(n))
    command = [sys.executable, "-m", "stillwatch.cli.main", "deliver", "run", "--store", str(desk.store)]
    child = subprocess.Popen(command)
    while len(web.got) < 3 and child.poll() is None:
        time.sleep(0.005)
    child.kill()
    child.wait()
    run(desk, NOW + timedelta(hours=1))
    assert {e["data"]["entry"] for e in events(web)} == {e.n for e in look(desk.store).entries if e.n > 3}


def test_one_process_delivers_at_a_time(desk: Desk) -> None:
    import fcntl

    with (desk.store / "delivery" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="delivers from"):
            run(desk)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[webhooks.x]\nurl='http://h/'\nsecret='k'", "url must be https"),
        ("[webhooks.x]\nurl='https://u:p@h/'\nsecret='k'", "without a user"),
        ("[webhooks.x]\nurl='https://h:99999/'\nsecret='k'", "is no address"),
        ("[webhooks.x]\nurl='https://h/'\nsecret='k'\nnetworks=['10.0.0.1/8']", "networks: "),
        ("[webhooks.x]\nurl='https://h/'\nsecret='k'\nevents=['opend']", "no act is called opend"),
        ("[webhooks.X]\nurl='https://h/'\nsecret='k'", "is no name of a target"),
        ("[webhooks.x]\nurl='https://h/'\nsecret='k'\nretries=3", "unknown field"),
        ("[mail.x]\nsender='a@b.example, c@d.example'\nhost='h'", "no single mail address"),
        ("[mail.x]\nsender='a@b.example'\nhost='h'\nuser='u'", "belong together"),
        ("[mail.x]\nsender='a@b.example'\nhost='h'\nevents=['opened']", "needs to"),
        ("[mail.x", "targets"),
    ],
)
def test_wrong_targets_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "delivery.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        targets_of(tmp_path)


def test_every_mistake_of_an_order_is_found_before_anything_is_written(desk: Desk) -> None:
    before = len(look(desk.store).entries)
    for changes, said in (
        ({"target": "nobody"}, "no target nobody"),
        ({"address": None}, "name one with --address"),
        ({"address": "a@b.example\nBcc: c@d.example"}, "no single mail address"),
        ({"target": "siem"}, "has no reader's address"),
        ({"target": None, "outs": (Path("n.html"),)}, "belongs to --send"),
        ({"target": None, "address": None}, "name a file with --out"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            notice(desk, **changes)
    assert len(look(desk.store).entries) == before and outbox_of(desk.store).items(WAITING) == []
