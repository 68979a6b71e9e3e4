"""What was decided, sent and written for others: it goes with the person, is held with a reason, and is disclosed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stillwatch.app.cases.bundle import bundle
from stillwatch.app.cases.desk import Account, Actor, look
from stillwatch.app.cases.notifying import Order, make_notice
from stillwatch.app.cases.opening import subject_of
from stillwatch.app.cases.sharing import Order as Export
from stillwatch.app.cases.sharing import export
from stillwatch.app.cases.verify import verify
from stillwatch.app.delivery.parcels import outbox_of
from stillwatch.app.measures import deciding
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.app.privacy import packed
from stillwatch.app.privacy.access import AccessRequest, access
from stillwatch.app.privacy.erase import ErasureRequest, erase
from stillwatch.app.privacy.gather import gather
from stillwatch.app.privacy.writing import write_papers
from stillwatch.cases import acts
from stillwatch.config.load import load_settings
from stillwatch.config.schema import Settings
from stillwatch.delivery.outbox import WAITING
from stillwatch.feed.decision import Parameters
from stillwatch.feed.files import Follower
from stillwatch.privacy.person import Person
from stillwatch.report.paper import SCHEMA
from tests.app.cases.conftest import CASE, NOW, Desk, copied, new_desk

WHO, ANOTHER = "acc-3", "acc-4"
ANA, ADMIN = Actor("ana", "test"), Actor("adm", "test")
TARGETS = """
[mail.desk]
sender = "watch@us.example"
host = "localhost"
port = 25
to = "them@model.example"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of which everything left that can: a decision, exports, notices, bundles; by file and by target."""
    folder = tmp_path_factory.mktemp("made")
    desk, out = new_desk(folder), folder / "out"
    out.mkdir()
    (desk.store / "delivery.toml").write_text(TARGETS)
    desk.open()
    _decide(desk, ADMIN, Actor("app", "test"))
    for form in ("stix", "ocsf"):
        order = Export(CASE, form, out / f"case.{form}.json", "Model Co.", "Us Ltd.", target="desk")
        shown = export(desk.store, order, ANA, NOW, "due")
        export(desk.store, order, ANA, NOW, "due", confirm=shown.digest)
    files = tuple(out / f"notice.{end}" for end in ("json", "html", "md"))
    make_notice(desk.store, Order(CASE, "holder", "Us Ltd.", "them", files, Account(WHO), "desk"), ANA, NOW, "due")
    make_notice(desk.store, Order(CASE, "owner", "Us Ltd.", "Model Co.", (out / "owner.json",), None), ANA, NOW, "due")
    for name, with_names in (("plain.zip", False), ("named.zip", True)):
        bundle(desk.store, CASE, out / name, ANA, NOW, "due", Settings(), names=with_names)
    return folder


def _decide(desk: Desk, by: Actor, and_by: Actor) -> None:
    place = deciding.Desk(desk.store, desk.store / "feed", by, NOW, "because")
    asked = DecisionRequest("campaign", "c-0a0a0a0a0a0a", "suspend", Parameters(), "enforce", NOW, NOW + timedelta(30))
    (entry, *_) = deciding.propose(place, asked).entries
    deciding.agree(replace(place, actor=and_by), entry.about)


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Desk:
    return copied(made, tmp_path)


@pytest.fixture
def asked(desk: Desk, tmp_path: Path) -> ErasureRequest:
    places = (desk.run, desk.store, tmp_path / "out")
    return ErasureRequest(WHO, "", places, None, tmp_path / "home", NOW, False, ADMIN)


def _traces(folder: Path, *needles: str) -> list[str]:
    """Files that hold any of the needles, unpacked if need be."""
    return [
        f"{path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(needle.encode() in _raw(path) for needle in needles)
    ]


def _raw(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _suspended(desk: Desk) -> set[str]:
    index = Follower(desk.store / "feed").read().index
    names = [f"acc-{n}" for n in range(8)]
    return {name for name in names if index.find([f"account:{name}"], NOW.timestamp())}


def test_nothing_that_was_handed_on_keeps_the_person(asked: ErasureRequest, desk: Desk, tmp_path: Path) -> None:
    view = look(desk.store)
    subject = subject_of(view.subjects, Account(WHO))
    before = _traces(tmp_path, WHO, subject)
    assert {"store/feed/tail-0.jsonl", "out/notice.html", "out/notice.md", "out/plain.zip", "out/named.zip"} <= {
        *before
    }
    receipt, complete = erase(asked)
    assert complete, receipt["receipt"]
    assert _traces(tmp_path, WHO) == []
    left = {path.partition("/")[0] for path in _traces(tmp_path / "store", subject)}
    assert left == {"journal", "exhibits"}  # a pseudonym whose name nobody can open any more
    assert _traces(tmp_path / "out", subject) == []
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["owner.json"]
    assert _suspended(desk) == {f"acc-{n}" for n in range(8)} - {WHO}
    assert verify(desk.store).faults == ()
    removed = {line["what"] for line in receipt["receipt"]["lines"] if line["removed"]}
    assert {
        "exports that wait to be sent",
        "notices that wait to be sent",
        "export of a case, removed whole",
    } <= removed
    assert outbox_of(desk.store).items(WAITING) == []
    assert any(said.startswith("Model Co.: indicators ocsf:") for said in receipt["receipt"]["tell"])
    again, _ = erase(asked)
    assert again["receipt"]["lines"] == []


def test_what_is_promised_is_what_is_done(asked: ErasureRequest, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    promised, _ = erase(replace(asked, dry_run=True))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert promised["receipt"]["lines"] == erase(asked)[0]["receipt"]["lines"]


def test_a_hold_keeps_a_decision_in_force_and_all_the_rest(asked: ErasureRequest, desk: Desk, tmp_path: Path) -> None:
    desk.do("app", acts.Assigned("app"))
    desk.do("app", acts.Held(True))
    before = _traces(tmp_path, WHO)
    receipt, complete = erase(asked)
    assert complete
    assert _traces(tmp_path, WHO) == before
    lines = receipt["receipt"]["lines"]
    assert {line["removed"] for line in lines} == {0}
    assert all(line["hold"].startswith(f"{CASE}: legal hold") for line in lines)
    assert any(line["what"].startswith("lines of the decision feed (d-") and line["held"] == 1 for line in lines)
    assert WHO in _suspended(desk)


def test_what_was_lifted_leaves_the_tail_too(asked: ErasureRequest, desk: Desk) -> None:
    place = deciding.Desk(desk.store, desk.store / "feed", ADMIN, NOW, "over")
    (name,) = {d.decision_id for d in Follower(place.feed).read().index.find([f"account:{WHO}"], NOW.timestamp())}
    deciding.lift(place, name)
    assert _traces(place.feed, WHO)
    erase(asked)
    assert _traces(place.feed, WHO) == []


def test_a_feed_elsewhere_goes_too_and_without_its_journal_it_is_left_and_said(
    asked: ErasureRequest, desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "edge"
    elsewhere.mkdir()
    for path in (desk.store / "feed").iterdir():
        (elsewhere / path.name).write_bytes(path.read_bytes())
    receipt, complete = erase(replace(asked, stores=(elsewhere,)))
    (line,) = receipt["receipt"]["lines"]
    assert not complete
    assert "name its store" in line["why_left"]
    assert erase(replace(asked, stores=(*asked.stores, elsewhere)))[1]
    assert _traces(elsewhere, WHO) == []


def test_a_bundle_without_its_store_is_left_and_said(asked: ErasureRequest, tmp_path: Path) -> None:
    receipt, complete = erase(replace(asked, stores=(tmp_path / "out",)))
    left = {Path(line["where"]).name: line["why_left"] for line in receipt["receipt"]["lines"] if line["left"]}
    assert not complete
    assert set(left) == {"plain.zip"}
    assert "name the store" in left["plain.zip"]
    assert not (tmp_path / "out" / "named.zip").exists()


def test_what_is_packed_is_searched_and_papers_of_access_go(asked: ErasureRequest, tmp_path: Path) -> None:
    place = tmp_path / "more"
    place.mkdir()
    (place / "log.jsonl.gz").write_bytes(gzip.compress(f'{{"account": "{WHO}"}}'.encode()))
    (place / "other.jsonl.gz").write_bytes(gzip.compress(b'{"account": "acc-33"}' * 200_000))
    (place / "broken.gz").write_bytes(gzip.compress(b"x" * 1000)[:-20])
    (place / "utf16.txt").write_text(f"about {WHO}", "utf-16")
    (place / f"{WHO}.csv").write_text("a,b")
    notice = next((tmp_path / "out").glob("notice.html"))
    (place / f"notice {WHO}.html").write_bytes(notice.read_bytes())
    request = AccessRequest(WHO, "", asked.stores, None, load_settings(None, {}, home=asked.home), asked.home, NOW)
    write_papers(access(request), [place / f"access.{end}" for end in ("json", "html", "md")])
    receipt, _ = erase(replace(asked, stores=(*asked.stores, place)))
    left = {Path(line["where"]).name: line["why_left"] for line in receipt["receipt"]["lines"] if line["left"]}
    assert set(left) == {"log.jsonl.gz", "broken.gz", "utf16.txt", f"{WHO}.csv"}
    assert "rename" in left[f"{WHO}.csv"]
    assert f"notice {WHO}" not in json.dumps(receipt)
    assert "cannot be unpacked" in left["broken.gz"]
    assert [path.name for path in sorted(place.iterdir()) if path.name.startswith("access")] == []


def test_papers_say_what_the_product_sends_to_whom(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLWATCH_FEED_REDIS", "redis://:secret@edge.example:6379/0")
    loaded = load_settings(None, {}, home=tmp_path / "home")
    targets = {target.name: target for target in gather(loaded, tmp_path / "home", (desk.store,)).targets}
    assert targets["desk"].to == "them@model.example, by localhost"
    assert targets["desk"].where == str(desk.store / "delivery.toml")
    assert "edge.example" in targets["feed-redis"].to and "secret" not in targets["feed-redis"].to


def test_access_discloses_what_was_handed_on(asked: ErasureRequest) -> None:
    loaded = load_settings(None, {}, home=asked.home)
    paper = access(AccessRequest(WHO, "", asked.stores, None, loaded, asked.home, NOW))
    rows = {row["what"]: row for row in paper["handed"]}
    decision = next(row for what, row in rows.items() if what.startswith("decision d-"))
    assert decision["row"]["scope"] == {"kind": "account", "value": WHO}
    notice = rows["notices that wait to be sent"]
    assert (notice["row"]["schema"], notice["row"]["kind"]) == (SCHEMA, "notice-holder")
    assert {"exports that wait to be sent", "case bundle", "export of a case", "paper about the person"} <= {*rows}
    assert "row" not in rows["exports that wait to be sent"]
    assert ANOTHER not in json.dumps(paper["handed"])


@pytest.mark.parametrize("piece", range(1, 12))
def test_a_mention_is_counted_once_wherever_pieces_cut_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(packed, "_PIECE", piece)
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(f"{WHO} x-{WHO} {WHO}0 {WHO},{WHO} a{WHO} {WHO}".encode()))
    assert packed.search_packed(path, Person(account=WHO)) == 4


def test_what_unpacks_without_end_is_not_unpacked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST", 1 << 22)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24)))
    with pytest.raises(packed.UnsearchableError, match="holds more than"):
        packed.search_packed(path, Person(account=WHO))
