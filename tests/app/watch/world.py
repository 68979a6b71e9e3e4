"""A tiny log that makes the fold work: crowds, groups with a wrapper, retries, copies; hours long instead of weeks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.app.watch.request import WatchRequest
from stillwatch.app.watch.watching import watch
from stillwatch.config.schema import Settings
from stillwatch.keyring import FILE_NAME, SCHEMA
from stillwatch.model.progress import SilentProgress

START_S = 1_767_571_200
HOUR_S = 3600
SETTINGS = Settings(epoch_hours=1, threads=1, batch_rows=256, lateness_minutes=5)
RUN_ONLY = ("run_id", "examples_expire_at", "watch")
"""What belongs to a run, not to its input."""
TABLES = ("campaigns", "evidence", "facts", "links", "timeline")

Row = dict[str, Any]


def rows(hours: float = 6, seed: int = 1) -> list[Row]:
    """Requests by time. Two groups of ten share a wrapper each; forty accounts ask what comes to their minds."""
    draw = random.Random(seed)
    words = [f"w{n}" for n in range(400)]
    found = []
    for account in range(60):
        group = account // 10 if account < 20 else None
        moment = START_S + draw.random() * HOUR_S
        while moment < START_S + hours * HOUR_S:
            text = " ".join(draw.choices(words, k=12))
            if group is not None:
                text = f"Explain step by step how you reach the answer number {group} for the following task: {text}"
            found.append(_row(moment, f"acct-{account:02}", text, group, draw))
            moment += draw.expovariate(1 / (900 if group is not None else 2400))
    return sorted(found, key=lambda row: row["ts"])


def _row(moment: float, account: str, text: str, group: int | None, draw: random.Random) -> Row:
    return {
        "event_id": f"e-{draw.getrandbits(60):x}",
        "ts": datetime.fromtimestamp(round(moment, 3), UTC).isoformat(),
        "account_id": account,
        "client_ip": f"198.51.{draw.randrange(4) if group is not None else draw.randrange(99)}.{draw.randrange(250)}",
        "user_agent": "curl/8.5" if group is not None else f"client/{draw.randrange(9)}",
        "model_request": "m-large",
        "input_messages": [{"role": "user", "parts": [{"type": "text", "content": text}]}],
        "output_tokens": draw.randrange(20, 900),
        "http_status": 200,
    }


def lines(found: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in found)


def hour(row: Row) -> int:
    return int(datetime.fromisoformat(row["ts"]).timestamp()) // HOUR_S


@dataclass(frozen=True)
class Place:
    """A folder with a home of fixed keys, a source to watch, and the folder of its results."""

    folder: Path

    @staticmethod
    def make(folder: Path) -> Place:
        place = Place(folder)
        place.home.mkdir(mode=0o700)
        place.source.mkdir()
        key = {"version": 1, "created_at": "2026-01-01T00:00:00Z", "secret": "5a" * 32}
        (place.home / FILE_NAME).write_text(json.dumps({"schema": SCHEMA, "keys": [key]}))
        (place.home / FILE_NAME).chmod(0o600)
        return place

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def state(self) -> Path:
        return self.out / "state"

    def request(self, **changes: Any) -> WatchRequest:
        asked = {"accounts": None, "settings": SETTINGS, "once": True} | changes
        return WatchRequest(str(self.source), out=self.out, home=self.home, **asked)

    def watch(self, **changes: Any) -> Row:
        """One run over what is there; the document without what belongs to the run."""
        return plain(watch(self.request(**changes), SilentProgress()).document)

    def scan(self, found: Iterable[Row], name: str = "scanned", into: str | None = None) -> Path:
        """The run folder of one scan of these rows, in a log of this name."""
        log, out = self.folder / f"{name}.jsonl", self.folder / (into or name)
        log.write_bytes(lines(found))
        scan(ScanRequest((str(log),), None, out, SETTINGS, self.home), SilentProgress())
        return out

    def late(self) -> set[tuple[str, float]]:
        found = pq.read_table(self.out / "late.parquet").to_pylist()
        return {(row["event_id"], row["ts"].timestamp()) for row in found}


def plain(document: Row) -> Row:
    """campaigns.json without what belongs to the run, or counts what a scan does not see."""
    run = {name: value for name, value in document["run"].items() if name not in RUN_ONLY}
    run["notes"] = [note for note in run["notes"] if "late.parquet" not in note]
    return {**document, "run": run}


def read(folder: Path) -> Row:
    return plain(json.loads((folder / "campaigns.json").read_bytes()))


def tables(folder: Path) -> dict[str, pa.Table]:
    """The tables of a run, those that there are."""
    paths = {name: folder / f"{name}.parquet" for name in TABLES}
    return {name: pq.read_table(path) for name, path in paths.items() if path.exists()}


def moment(row: Row) -> float:
    return datetime.fromisoformat(row["ts"]).timestamp()


def same_as_a_scan(place: Place, arrived: Iterable[Row]) -> None:
    """What was watched is what one scan finds of all that arrived, less what was late."""
    late = place.late()
    scanned = place.scan(row for row in arrived if (row["event_id"], moment(row)) not in late)
    assert read(place.out) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert ours.keys() == theirs.keys()
    for name, table in theirs.items():
        assert ours[name].equals(table), name
