"""Exhibits: the evidence of one campaign as one run had it, kept in the store under pseudonyms.

Contract: ``keep`` writes ``<store>/exhibits/<case>/<name>/`` whole and durable before the journal names the files by
hash, so an entry never names what is not there; what nobody names was left by a crash and harms nobody. Accounts appear
under the journal's pseudonyms only: who is behind one stands in the journal's boxes, so an erasure there reaches here.
Only accounts that the campaign names are kept; of the other groups only the levels that the budget gave them. Redacted
examples lie in a file of their own, because they expire (``expire``) unless the case is on hold.

The calibration set is kept beside, by its id, once for all cases.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.cases.desk import Account
from stillwatch.app.cases.runs import Read
from stillwatch.app.facts import Facts
from stillwatch.app.runfolder import read_table
from stillwatch.cases.acts import Exhibit
from stillwatch.cases.state import Desk
from stillwatch.durable import make_folder, write_private
from stillwatch.evidence import calibration, single
from stillwatch.model.scope import scoped, scoped_column
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, TIMELINE, Table
from stillwatch.report.document import as_moment

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "exhibits"
SETS = "calibration"
EXAMPLES = "examples.json"


def keep(store: Path, case_id: str, read: Read, campaign_id: str, names: Mapping[str, Account]) -> tuple[Exhibit, ...]:
    """Keep what the run shows about a campaign; ``names``: the accounts that the case is about, by pseudonym."""
    files = dict(_files(read, campaign_id, names))
    digest = hashlib.sha256(b"".join(hashlib.sha256(n.encode() + files[n]).digest() for n in sorted(files)))
    folder = store / FOLDER / case_id / f"{read.run.run_id}-{digest.hexdigest()[:12]}"
    make_folder(folder)
    for name, raw in files.items():
        write_private(folder / name, raw)
    kept = [_exhibit(folder.relative_to(store) / name, files[name]) for name in sorted(files)]
    calibration_id = str(read.raw_campaign(campaign_id).get("calibration_id") or "")
    if (raw_set := calibration_set(calibration_id)) is not None:
        make_folder(store / SETS)
        write_private(store / SETS / f"{calibration_id}.json", raw_set)
        kept.append(_exhibit(Path(SETS) / f"{calibration_id}.json", raw_set))
    return tuple(kept)


def calibration_set(calibration_id: str) -> bytes | None:
    """The shipped set of this id; ``None`` where this version ships another one."""
    for path, prefix in ((calibration.SHIPPED, "cal-"), (single.SHIPPED, "single-")):
        raw = path.read_bytes()
        if calibration_id == prefix + hashlib.sha256(raw).hexdigest()[:12]:
            return raw
    return None


def expire(store: Path, desk: Desk, now: datetime) -> int:
    """Remove examples whose time is over, unless their case is on hold; returns how many files went."""
    gone = 0
    for path in sorted((store / FOLDER).glob(f"*/*/{EXAMPLES}")):
        case = desk.standing_in(path.parent.parent.name)
        if case is not None and case.hold:
            continue
        ends = as_moment(json.loads(path.read_bytes()).get("expire_at"))
        if ends is None or ends <= now:
            path.unlink()
            gone += 1
    return gone


def _files(read: Read, campaign_id: str, names: Mapping[str, Account]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of an exhibit but the calibration set."""
    pseudonyms = {scoped(a.tenant_id, a.account_id): subject for subject, a in names.items()}
    campaign = read.raw_campaign(campaign_id)
    yield "run.json", _json(read.raw["run"])
    yield "campaign.json", _json(_without_names(campaign, pseudonyms))
    expire_at = read.run.examples_expire_at
    if campaign.get("examples") and expire_at:
        yield EXAMPLES, _json({"expire_at": expire_at, "examples": campaign["examples"]})
    for table in (CAMPAIGNS, TIMELINE, LINKS, FACTS):
        if (read.folder / f"{table.name}.parquet").exists():
            rows = _facts(read.folder, pseudonyms) if table is FACTS else read_table(read.folder, table)
            yield f"{table.name}.parquet", _parquet(_only(rows, table, campaign_id, pseudonyms))
    if read.evidence is not None:
        yield "evidence.parquet", _parquet(_figures(read.evidence, campaign_id))


def _facts(run: Path, names: Iterable[str]) -> pa.Table:
    return Facts.in_folder(run).of(list(names)).drop_columns(["account"])


def _without_names(campaign: Mapping[str, Any], pseudonyms: Mapping[str, str]) -> dict[str, Any]:
    accounts = [
        {
            **{k: v for k, v in a.items() if k != "tenant_id"},
            "account_id": pseudonyms[name],
        }
        for a in campaign["accounts"]
        if (name := scoped(a.get("tenant_id"), a["account_id"])) in pseudonyms
    ]
    return {**campaign, "accounts": accounts, "examples": []}


def _only(table: pa.Table, declared: Table, campaign_id: str, pseudonyms: Mapping[str, str]) -> pa.Table:
    """The rows of the campaign and of its accounts, under pseudonyms."""
    import pyarrow.compute as pc

    if "campaign_id" in declared.column_names:
        table = table.filter(pc.equal(table["campaign_id"], campaign_id))
    if declared is LINKS:
        return _renamed(_renamed(table, "account_a", table["account_a"], pseudonyms), "account_b", None, pseudonyms)
    if "account_id" not in declared.column_names:
        return table
    return _renamed(table, "account_id", scoped_column(table), pseudonyms).drop_columns(["tenant_id"])


def _renamed(table: pa.Table, column: str, names: Any, pseudonyms: Mapping[str, str]) -> pa.Table:
    """The rows whose account in ``column`` has a pseudonym, with it in place of the name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(list(pseudonyms), pa.string())
    table = table.set_column(table.column_names.index(column), column, names if names is not None else table[column])
    table = table.filter(pc.is_in(table[column], known))
    subjects = pa.array(list(pseudonyms.values()), pa.string()).take(pc.index_in(table[column], known))
    return table.set_column(table.column_names.index(column), column, subjects)


def _figures(evidence: pa.Table, campaign_id: str) -> pa.Table:
    """The figures of the campaign, and everybody's levels: a budget can only be added up as a whole."""
    import pyarrow.compute as pc

    mine = pc.equal(evidence["campaign_id"], campaign_id)
    return evidence.filter(pc.or_(mine, pc.equal(evidence["part"], "budget")))


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd")
    return sink.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=True, sort_keys=True).encode() + b"\n"


def _exhibit(path: Path, raw: bytes) -> Exhibit:
    return Exhibit(path.as_posix(), hashlib.sha256(raw).hexdigest(), len(raw))
