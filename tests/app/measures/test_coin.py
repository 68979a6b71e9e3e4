"""The shedding experiment from its proposal to the audit of a log."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stillwatch.app.measures import deciding
from stillwatch.app.measures.coin import bound, decided
from stillwatch.app.measures.coin_audit import audit
from stillwatch.app.measures.desk import look
from stillwatch.app.measures.request import ExperimentRequest
from stillwatch.app.measures.telling import list_lines, listing
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.evidence.coin import Decided
from stillwatch.feed.files import Follower
from stillwatch.feed.shedding import SHED, SPARE, Coin
from stillwatch.keyring import FILE_NAME, load_keyring
from stillwatch.measures.acts import Named
from tests.app.cases.conftest import NOW, new_desk
from tests.app.measures.test_deciding import Table

TERMS = "terms of use, section 9"


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(new_desk(tmp_path), tmp_path / "feed")


def tell_customers(table: Table, tmp_path: Path, text: str = "We may refuse 3 requests of 100.") -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text(text)
    deciding.disclose(table.at("app"), terms)


def propose(table: Table, rate: float = 0.03, terms: str = TERMS, days: int = 7, **changes: tuple[str, ...]) -> str:
    request = ExperimentRequest(rate, NOW, NOW + timedelta(days=days), terms, **changes)
    return deciding.shed(table.at("ana"), request).entries[0].about


def coin(table: Table) -> Coin | None:
    return Follower(table.feed).read().coin


def test_it_is_off_until_two_people_want_it(table: Table, tmp_path: Path) -> None:
    tell_customers(table, tmp_path)
    assert coin(table) is None
    name = propose(table)
    assert coin(table) is None and listing(look(table.desk.store), NOW)[0]["state"] == "waiting"
    with pytest.raises(ConfigurationError, match="this needs the role"):
        deciding.agree(table.at("ana"), name)
    deciding.agree(table.at("app"), name)
    held = coin(table)
    assert held is not None and held.decision_id == name and not held.live(NOW.timestamp() + 7 * 86_400)
    (row,) = listing(look(table.desk.store), NOW)
    assert (row["state"], row["rate"], row["by"], row["approved_by"]) == ("standing", 0.03, "ana", ["app"])
    assert any("shed 3.000%" in line for line in list_lines(look(table.desk.store), NOW))
    deciding.stop_shedding(table.at("ana"))
    assert coin(table) is None
    with pytest.raises(ConfigurationError, match="no shedding experiment runs"):
        deciding.stop_shedding(table.at("ana"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": 0.2}, "at most 5%"),
        ({"rate": 0.0}, "above 0"),
        ({"days": 60}, "within 31 days"),
        ({"terms": " "}, "customers have to be told"),
        ({"spared_tiers": ("gold",)}, "no tier gold"),
    ],
)
def test_what_must_not_be_tried_is_refused(table: Table, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    tell_customers(table, tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        propose(table, **changes)  # type: ignore[arg-type]


def test_it_stands_and_falls_with_what_customers_were_told(table: Table, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="customers have to be told"):
        propose(table)
    tell_customers(table, tmp_path)
    name = propose(table)
    tell_customers(table, tmp_path, "other terms")
    with pytest.raises(ConfigurationError, match="customers have to be told"):
        deciding.agree(table.at("app"), name)
    deciding.agree(table.at("app"), propose(table))
    assert coin(table) is not None
    deciding.disclose(table.at("app"), None)
    assert coin(table) is None


def test_the_register_spares_and_the_journal_binds_the_key(table: Table, tmp_path: Path) -> None:
    tell_customers(table, tmp_path)
    monitor = Named("account", "acc-1")
    deciding.exempt(table.at("app"), monitor, "own monitor", "dana", "2027-01-01T00:00:00Z")
    name = propose(table)
    deciding.agree(table.at("app"), name)
    held = Follower(table.feed).read()
    assert [t.measure for t in held.index.find(["account:acc-1"], NOW.timestamp())] == [SPARE]
    entry = next(e for e in look(table.desk.store).entries if e.kind == "measure.shed")
    raw = (table.feed / "tail-0.jsonl").read_text() + (table.feed / "snapshot.jsonl").read_text()
    key = bytes.fromhex(raw.split('"key":"')[1][:64])
    assert entry.body["key_sha256"] == bound(key) and key.hex() not in json.dumps(entry.body)
    (table.desk.store / FILE_NAME).rename(table.desk.store / "kept.json")
    load_keyring(table.desk.store)
    with pytest.raises((ConfigurationError, StoreError)):
        audit(table.desk.store, (), None, None)


def test_an_audit_finds_what_was_refused_and_what_was_not(table: Table, tmp_path: Path) -> None:
    tell_customers(table, tmp_path)
    with pytest.raises(ConfigurationError, match="no shedding experiment"):
        audit(table.desk.store, ("x",), None, None)
    name = propose(table)
    deciding.agree(table.at("app"), name)
    held = coin(table)
    assert held is not None
    chosen = [n for n in range(600) if held.chooses(f"e-{n}", _us(n))]
    kept, spared, throttled = chosen[0], chosen[1], chosen[2]
    rows = [_row(n, SHED if n in chosen and n not in (spared, throttled) else None) for n in range(600)]
    rows[throttled] |= {"http_status": 429}
    wrong = next(n for n in range(600) if n not in chosen)
    rows[wrong] |= {"error_type": SHED, "http_status": 503}
    rows.append(_row(600, SHED) | {"ts": (NOW + timedelta(days=8)).isoformat()})  # long after its end
    rows.append(_row(kept, None) | {"operation": "batch"})  # the coin is not thrown for requests of a batch
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (told,) = audit(table.desk.store, (str(log),), None, name)
    document = told.document()
    assert (document["requests"], document["chosen"], document["shed"]) == (600, len(chosen), len(chosen) - 1)
    assert document["shed_not_chosen"] == [f"e-{wrong}"] and document["chosen_refused_otherwise"] == 1
    assert document["chosen_let_through"] == {f"acc-{spared % 5}": 1} and kept != spared
    assert any(f"e-{wrong}" in line for line in told.lines())


def _us(n: int) -> int:
    moment = _moment(n)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _moment(n: int) -> datetime:
    return NOW + timedelta(seconds=n, microseconds=123_457 + n)


def _row(n: int, error: str | None) -> dict[str, object]:
    seen = {"event_id": f"e-{n}", "ts": _moment(n).isoformat(), "account_id": f"acc-{n % 5}"}
    return {**seen, "error_type": error, "http_status": 503 if error else 200}


def test_a_scan_learns_the_rate_where_the_journal_does_not_hold_together(table: Table, tmp_path: Path) -> None:
    assert decided(tmp_path / "no store") == Decided()
    tell_customers(table, tmp_path)
    deciding.agree(table.at("app"), propose(table))
    (known,) = decided(table.desk.store).experiments
    assert (known.rate, known.end_us - known.start_us) == (0.03, 7 * 86_400_000_000)
    (lines,) = (table.desk.store / "journal").glob("*.jsonl")
    lines.write_bytes(lines.read_bytes().replace(b"0.03", b"0.01"))
    broken = decided(table.desk.store)
    assert not broken.experiments and "journal" in broken.unreadable
