"""From the agreement of two to the evidence: a gateway sheds, its log is audited, T5 tells who is one dispatcher."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.inmemory import frames
from stillwatch.app.measures import deciding
from stillwatch.app.measures.coin import decided
from stillwatch.app.measures.coin_audit import audit
from stillwatch.app.measures.request import ExperimentRequest
from stillwatch.evidence.coin import Coins, Decided
from stillwatch.evidence.migration import Migration
from stillwatch.facts.frame import Codebooks
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.rows import hashed_batch
from stillwatch.gateway.spool import Spool
from stillwatch.model.tables import SKETCHES
from stillwatch.sketch.recipe import Recipe
from tests.app.cases.conftest import new_desk
from tests.app.measures.test_coin import tell_customers
from tests.app.measures.test_deciding import Table
from tests.gateway.loopback import Running, run, running

ACCOUNTS, HANDED_UP = 5, 12
"""How many accounts each side has, and after how many refusals that an account of higher number got the work stops."""
EPOCH_US = 6 * 3_600_000_000
SERVICE_LEVEL = "key-sla"


def _keys(path: Path) -> Path:
    names = [*(f"key-{n}" for n in range(ACCOUNTS)), *(f"own-{n}" for n in range(ACCOUNTS)), SERVICE_LEVEL]
    path.write_text("".join(_key(name) + "\n" for name in names))
    return path


def _key(name: str) -> str:
    held = {"api_key_hash": hashlib.sha256(name.encode()).hexdigest(), "account_id": f"acc-of-{name}"}
    return json.dumps({**held, "service_level": name == SERVICE_LEVEL})


def _prompt(who: str, n: int) -> bytes:
    words = " ".join(hashlib.sha256(f"{who} {n} {part}".encode()).hexdigest()[:7] for part in range(12))
    return json.dumps({"model": "large", "messages": [{"role": "user", "content": words}]}).encode()


async def _sent(gateway: Running, key: str, body: bytes) -> int:
    status, answer, headers = await gateway.post(body=body, headers={"authorization": f"Bearer {key}"})
    if status == 503:
        assert answer["error"]["code"] == "request_not_taken" and headers["retry-after"] == "1"
        assert "shed" not in json.dumps(answer)
    return status


async def _work(gateway: Running) -> int:
    """One dispatcher hands what was refused to the next account; five customers try again themselves.

    The key of the coin is drawn anew, so how many it refuses is the rule for stopping: what is shown hangs on that
    number, and a fixed number of requests would now and then show too little. Gives the number of requests of a side.
    """
    sent = handed_up = 0
    while handed_up < HANDED_UP:
        account, sent = sent % ACCOUNTS, sent + 1
        for who, step in (("key", 1), ("own", 0)):
            body = _prompt(who, sent)
            if await _sent(gateway, f"{who}-{account}", body) == 503:
                await _sent(gateway, f"{who}-{(account + step) % ACCOUNTS}", body)
                handed_up += step * (account + step < ACCOUNTS)
    for n in range(60):
        assert await _sent(gateway, SERVICE_LEVEL, _prompt("sla", n)) == 200
    return sent


def _experiment(table: Table, folder: Path) -> str:
    now = datetime.now(UTC) - timedelta(seconds=2)
    tell_customers(table, folder)
    asked = ExperimentRequest(0.05, now, now + timedelta(days=1), "terms, section 9")
    name = deciding.shed(table.at("ana", now), asked).entries[0].about
    deciding.agree(table.at("app", now), name)
    return name


def test_a_dispatcher_is_told_from_customers_who_try_again(tmp_path: Path) -> None:
    table = Table(new_desk(tmp_path), tmp_path / "feed")
    name = _experiment(table, tmp_path)
    log = Capture(
        lambda records: hashed_batch(records, Recipe(), bytes(32)), Spool(tmp_path / "spool", tmp_path / "log")
    )
    log.start()

    async def case() -> None:
        async with running(table.feed, capture=log, keys=_keys(tmp_path / "keys.jsonl")) as gateway:
            sent = await _work(gateway)
            thrown = await gateway.metric('stillwatch_measures_total{measure="shed_experiment",what="thrown"}')
            assert thrown >= 2 * sent

    run(case)
    log.close(30)
    (told,) = audit(table.desk.store, (str(tmp_path / "log"),), None, name)
    assert told.shed > 10 and not told.not_chosen and told.refused_otherwise == 0
    assert set(told.let_through) <= {f"acc-of-{SERVICE_LEVEL}"} and told.chosen == told.shed + told.let_through.total()
    known = decided(table.desk.store)
    assert [e.rate for e in known.experiments] == [0.05]
    for coin in (known, Decided()):
        assert _log10_e(tmp_path / "log", "acc-of-key-", coin) > 5
        assert _log10_e(tmp_path / "log", "acc-of-own-", coin) <= 0


def _log10_e(log: Path, group: str, coin: Decided) -> float:
    rows = pa.concat_tables(pq.read_table(path) for path in log.glob("*.parquet"))
    books, found = Codebooks(), list[Migration]()
    for frame in frames(rows.select(SKETCHES.column_names).sort_by([("ts", "ascending")]), books, EPOCH_US):
        found = found or [Migration(Coins.of(frame))]
        codes = [code for code, account in enumerate(books.account.names) if account.startswith(group)]
        found[0].add(frame, np.flatnonzero(np.isin(frame.account, codes)), coin.rate_of(frame))
    return found[0].log_e() / float(np.log(10))
