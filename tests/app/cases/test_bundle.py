"""A bundle is checked by a stranger; hostile ones are refused; whatever is changed shows."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.cases.bundle import bundle
from stillwatch.app.cases.desk import Actor, look
from stillwatch.app.cases.reproduce import Reproduced, reproduce
from stillwatch.app.cases.telling import case_document, list_lines
from stillwatch.app.cases.verify import verify
from stillwatch.cases import acts, package
from stillwatch.cases.package import MANIFEST, SIGNATURE, packed, unpacked
from stillwatch.cases.signing import Signature, sign
from stillwatch.cases.signing import verify as signed_by
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError, InputError, StoreError
from tests.app.cases.conftest import CASE, NOW, OTHER, Desk, new_desk
from tests.app.cases.runs import Group, write_run

ANA = Actor("ana", "test")


def make(desk: Desk, out: Path, **more: Any) -> dict[str, Any]:
    return bundle(desk.store, CASE, out, ANA, more.pop("now", NOW), "for the court", Settings(), **more)


@pytest.fixture(scope="module")
def bundle_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle, made once: most tests only look at the file."""
    folder = tmp_path_factory.mktemp("bundle")
    desk = new_desk(folder)
    desk.open()
    desk.do("ana", acts.Noted(), text="acc-3 wrote to us")
    make(desk, folder / "case.zip")
    return (folder / "case.zip").read_bytes()


@pytest.fixture
def made(bundle_bytes: bytes, tmp_path: Path) -> Path:
    (tmp_path / "case.zip").write_bytes(bundle_bytes)
    return tmp_path / "case.zip"


def wrong(found: Reproduced) -> set[str]:
    return {check.name for check in found.checks if check.agrees is False}


def test_a_stranger_recomputes_every_statistic(made: Path) -> None:
    found = reproduce(made)
    assert wrong(found) == set()
    agreeing = {check.name for check in found.checks if check.agrees}
    assert agreeing >= {
        "hashes of all members",
        "signature",
        "lines of the extract",
        "head",
        "the case follows from its entries",
        "exhibits the journal names",
        "calibration id",
        "log10 e-value against independence",
        "first gate passed",
        "score",
        "p-value",
        "second gate passed",
        "cohort budget spent",
        "independence budget spent",
        "accounts named",
        "timeline, hour by hour",
    }
    unknown = {check.name: check.note for check in found.checks if check.agrees is None}
    assert set(unknown) == {"signed by whom you expect", "configuration hash"}
    told = reproduce(made, found.fingerprint.upper())
    assert {c.name for c in told.checks if c.agrees is None} == {"configuration hash"}
    assert wrong(reproduce(made, "00" * 32)) == {"signed by whom you expect"}


def test_names_and_texts_leave_only_when_asked_for(opened: Desk, made: Path, tmp_path: Path) -> None:
    assert not [name for name, raw in unpacked(made).items() if b"acc-" in raw or b"wrote to us" in raw]
    opened.do("ana", acts.Noted(), text="acc-3 wrote to us")
    make(opened, tmp_path / "named.zip", names=True)
    named = json.loads(unpacked(tmp_path / "named.zip")["names.json"])
    assert named["members"][3]["account_id"] == "acc-3"
    assert named["history"][1]["text"] == "acc-3 wrote to us"
    assert wrong(reproduce(tmp_path / "named.zip")) == set()


def test_equal_stores_give_equal_bytes_and_the_journal_says_that_it_went_out(opened: Desk, tmp_path: Path) -> None:
    import shutil

    twin = Desk(tmp_path / "twin", opened.run)
    make(opened, tmp_path / "warm-up.zip")  # draws the signing key
    shutil.copytree(opened.store, twin.store)
    a, b = make(opened, tmp_path / "a.zip"), make(twin, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert a["sha256"] == b["sha256"]
    sent = look(opened.store).case(CASE).outgoing
    assert sent[-1].reference == f"sha256:{a['sha256']}"
    assert verify(opened.store).faults == ()


def test_a_dry_run_and_a_refusal_write_nothing(opened: Desk, tmp_path: Path) -> None:
    assert make(opened, tmp_path / "x.zip", dry_run=True)["bytes"] > 0
    with pytest.raises(ConfigurationError, match="eve is nobody"):
        bundle(opened.store, CASE, tmp_path / "x.zip", Actor("eve", "t"), NOW, "x", Settings())
    with pytest.raises(ConfigurationError, match="no case"):
        bundle(opened.store, "k-ff", tmp_path / "x.zip", ANA, NOW, "x", Settings())
    with pytest.raises(ConfigurationError, match="is a folder"):
        make(opened, tmp_path)
    assert not (tmp_path / "x.zip").exists() and not (opened.store / "signing.key").exists()


def test_examples_go_along_until_their_time_is_over(opened: Desk, tmp_path: Path) -> None:
    make(opened, tmp_path / "a.zip")
    assert any(name.endswith("examples.json") for name in unpacked(tmp_path / "a.zip"))
    make(opened, tmp_path / "b.zip", now=NOW + timedelta(days=20))
    assert not any(name.endswith("examples.json") for name in unpacked(tmp_path / "b.zip"))
    assert wrong(reproduce(tmp_path / "b.zip")) == set()


def test_an_exhibit_that_was_changed_is_not_bundled(opened: Desk, tmp_path: Path) -> None:
    path = next((opened.store / "exhibits" / CASE).glob("*/campaign.json"))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(StoreError, match="was changed after the journal named it"):
        make(opened, tmp_path / "a.zip")


def test_a_run_without_figures_says_what_cannot_be_recomputed(desk: Desk, tmp_path: Path) -> None:
    desk.open(write_run(tmp_path / "old", [Group()], evidence=False))
    make(desk, tmp_path / "a.zip")
    found = reproduce(tmp_path / "a.zip")
    assert wrong(found) == set()
    assert {"score", "p-value", "evidence against independence", "budget spent"} <= {
        c.name for c in found.checks if c.agrees is None
    }


def _forged(path: Path, change: Callable[[dict[str, bytes]], None], *, resign: bool) -> Path:
    """The bundle with something changed by somebody who makes new hashes, and signs with a key of theirs if asked."""
    files = unpacked(path)
    old_manifest, old_signature = json.loads(files.pop(MANIFEST)), files.pop(SIGNATURE)
    change(files)
    old_manifest["members"] = json.loads(json.dumps([]))
    import msgspec

    members = msgspec.to_builtins(package.members_of(files))
    raw = json.dumps({**old_manifest, "members": members}).encode()
    signature = msgspec.json.encode(sign(b"x" * 32, raw)) if resign else old_signature
    out = path.with_name("forged.zip")
    out.write_bytes(packed({**files, MANIFEST: raw, SIGNATURE: signature}))
    return out


def _table_changed(files: dict[str, bytes], name: str, column: str, value: float, part: str = "") -> None:
    key = next(k for k in files if k.endswith(f"/{name}"))
    rows = pq.read_table(io.BytesIO(files[key]))
    columns = rows.to_pydict()
    at = next(i for i in range(len(rows)) if not part or columns["part"][i] == part)
    columns[column][at] = value
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=rows.schema), sink)
    files[key] = sink.getvalue()


def _less_p(files: dict[str, bytes]) -> None:
    key = next(k for k in files if k.endswith("/campaign.json"))
    files[key] = files[key].replace(b'"score"', b'"was_score"').replace(b'"p_cohort"', b'"score": 9.0, "p_cohort"')


def _another_state(files: dict[str, bytes]) -> None:
    case = json.loads(files["case.json"])
    case["state"]["disposition"] = "confirmed"
    files["case.json"] = json.dumps(case).encode()


def _another_reason(files: dict[str, bytes]) -> None:
    files["journal.jsonl"] = files["journal.jsonl"].replace(b'"why":"because"', b'"why":"orders!"')


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a score": (_less_p, "score"),
    "a feature": (lambda f: _table_changed(f, "evidence.parquet", "value", 9.0, "profile"), "score as compared"),
    "a test": (
        lambda f: _table_changed(f, "evidence.parquet", "value", 90.0, "independence"),
        "log10 e-value against independence",
    ),
    "a level": (lambda f: _table_changed(f, "evidence.parquet", "value", 0.4, "budget"), "independence budget spent"),
    "some traffic": (lambda f: _table_changed(f, "facts.parquet", "exchanges", 99), "timeline, hour by hour"),
    "a disposition": (_another_state, "the case follows from its entries"),
    "a reason": (_another_reason, "lines of the extract"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_with_new_hashes_and_a_new_signature_still_disagrees(made: Path, what: str) -> None:
    change, check = FORGERIES[what]
    unsigned = wrong(reproduce(_forged(made, change, resign=False)))
    assert "signature" in unsigned
    resigned = reproduce(_forged(made, change, resign=True), reproduce(made).fingerprint)
    assert check in wrong(resigned) and "signed by whom you expect" in wrong(resigned)
    if what not in ("a disposition", "a reason"):
        assert "exhibits the journal names" in wrong(resigned)


def test_a_member_that_the_manifest_does_not_know_shows(made: Path) -> None:
    files = unpacked(made)
    made.write_bytes(packed({**files, "extra.json": b"{}"}))
    assert wrong(reproduce(made)) == {"hashes of all members"}


def _zip(path: Path, members: list[tuple[Any, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, raw in members:
            archive.writestr(name, raw)
    return path


def _raw(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def _lying(path: Path) -> Path:
    """A member that is a thousand times as large as its header says."""
    _zip(path, [("a.json", b"\0" * 5_000_000)])
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = raw.index(signature) + offset
        raw[at : at + 4] = (5000).to_bytes(4, "little")
    path.write_bytes(raw)
    return path


HOSTILE: dict[str, Callable[[Path], Path]] = {
    "no zip": lambda p: _raw(p, b"PK\x03\x04 and nothing more"),
    "path traversal": lambda p: _zip(p, [("../../etc/passwd", b"x")]),
    "an absolute path": lambda p: _zip(p, [("/etc/passwd", b"x")]),
    "a name with a line end": lambda p: _zip(p, [("a\nb", b"x")]),
    "a hidden name": lambda p: _zip(p, [(".ssh/config", b"x")]),
    "a folder": lambda p: _zip(p, [("exhibits/", b"")]),
    "too many members": lambda p: _zip(p, [(f"f{i}", b"") for i in range(package.MOST_MEMBERS + 1)]),
    "a bomb that admits it": lambda p: _zip(p, [("a", bytes(package.MOST_MEMBER + 1))]),
    "a bomb that lies": _lying,
    "another compression": lambda p: _zip(p, [("a", b"x")], zipfile.ZIP_BZIP2),
    "foreign JSON": lambda p: _zip(p, [(MANIFEST, b'{"hello": "world"}'), (SIGNATURE, b"{}")]),
    "deep JSON": lambda p: _zip(p, [(MANIFEST, b"[" * 200_000), (SIGNATURE, b"{}")]),
    "no manifest": lambda p: _zip(p, [("a.json", b"{}")]),
    "nothing": lambda p: _zip(p, []),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_bundle_is_refused(tmp_path: Path, how: str) -> None:
    path = HOSTILE[how](tmp_path / "hostile.zip")
    with pytest.raises(InputError, match=r"no case bundle|cannot read|not what its names"):
        reproduce(path)
    assert [p.name for p in tmp_path.iterdir()] == ["hostile.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two members have one name"):
        unpacked(_zip(tmp_path / "x.zip", [("a.json", b"{}"), ("a.json", b"[]")]))


def test_a_missing_file_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        unpacked(tmp_path / "none.zip")
    huge = tmp_path / "huge.zip"
    with huge.open("wb") as file:
        file.truncate(package.MOST_FILE + 1)
    with pytest.raises(InputError, match="larger than"):
        unpacked(huge)


@pytest.mark.parametrize("member", ["case.json", "chain.txt", "journal.jsonl", "commitments.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"state": 3}'])
def test_a_member_of_nonsense_is_told_and_never_a_crash(made: Path, member: str, content: bytes) -> None:
    forged = _forged(made, lambda files: files.update({member: content}), resign=True)
    try:
        found = reproduce(forged)
    except InputError:
        return
    assert wrong(found) or member == "commitments.json"


@pytest.mark.parametrize("table", ["evidence.parquet", "facts.parquet", "timeline.parquet", "campaigns.parquet"])
@pytest.mark.parametrize("content", [b"", b"PAR1nonsensePAR1", "another table"])
def test_a_table_of_nonsense_is_told_and_never_a_crash(made: Path, table: str, content: bytes | str) -> None:
    if isinstance(content, str):
        sink = io.BytesIO()
        pq.write_table(pa.table({"x": [1, 2]}), sink)
        content = sink.getvalue()

    def change(files: dict[str, bytes]) -> None:
        files[next(k for k in files if k.endswith(table))] = content

    with pytest.raises(InputError):
        reproduce(_forged(made, change, resign=True))


def test_a_signature_binds_key_and_message() -> None:
    found = sign(b"k" * 32, b"message")
    assert signed_by(found, b"message") and not signed_by(found, b"massage")
    other = sign(b"o" * 32, b"message")
    for changed in (
        Signature(found.algorithm, found.public_key, other.fingerprint, found.signature),
        Signature("RSA", found.public_key, found.fingerprint, found.signature),
        Signature(found.algorithm, other.public_key, other.fingerprint, found.signature),
        Signature(found.algorithm, "zz", found.fingerprint, "zz"),
    ):
        assert not signed_by(changed, b"message")


def test_a_case_that_took_in_another_is_told_and_checked_whole(opened: Desk, tmp_path: Path) -> None:
    opened.do("ana", acts.Noted(), OTHER, text="about acc-91")
    opened.do("ana", acts.Merged(OTHER))
    view = look(opened.store)
    assert len(view.accounts(CASE)) == 13 and view.accounts(CASE)[view.case(CASE).members[-1]] is not None
    document = case_document(view, CASE)
    assert "about acc-91" in {told["text"] for told in document["history"]}
    assert any(f"part of {CASE}" in line for line in list_lines(view))
    make(opened, tmp_path / "both.zip")
    assert wrong(reproduce(tmp_path / "both.zip")) == set()
    opened.do("app", acts.Held(True))
    assert opened.open(now=NOW + timedelta(days=20)).expired == 0  # the hold covers what came with the other case
    assert verify(opened.store).faults == ()
