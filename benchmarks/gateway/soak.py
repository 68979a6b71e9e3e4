"""A long run with everything that goes wrong in operation: is every request answered and every record accounted for?

Clients send at full rate over kept connections. Meanwhile the feed changes every second, the folder of the log is taken
away twice until a gateway notices, and the gateway is replaced twice by a new one on the same port while it drains.
A client whose connection ends before the first byte of an answer sends again, as HTTP clients do; these are counted.

Accounted for: requests answered = records offered = rows in the log + rows left in spools + records counted as dropped.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from benchmarks.gateway.compare import free_port, process
from benchmarks.gateway.load import answer, requests

CONNECTIONS = 64
POOL = 4000
DECISIONS = 1000
_LAST_LINE = re.compile(r"log: (\d+) written, (\d+) left in the spool, (\d+) dropped")


@dataclass
class Gateway:
    """One process, and what it said when it ended."""

    process: Popen[str]
    admin: int
    resident: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    written: int = 0
    spooled: int = 0
    dropped: int = 0

    def sample(self) -> None:
        """Note the resident memory, in MiB, and how many records wait in it to be written."""
        self.waiting.append(int(self.metric('stillwatch_log_records{where="pending"}')))
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        self.resident.append(pages * os.sysconf("SC_PAGE_SIZE") >> 20)

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def end(self) -> None:
        self.process.terminate()
        said, _ = self.process.communicate(timeout=180)
        found = _LAST_LINE.search(said)
        if found is None:
            raise RuntimeError(f"the gateway ended without its last line: {said[-500:]}")
        self.written, self.spooled, self.dropped = map(int, found.groups())


class Soak:
    """The run: clients in this process' event loop, trouble in a thread."""

    def __init__(self, folder: Path, upstream: int, count: int) -> None:
        self.folder, self.upstream, self.count = folder, upstream, count
        self.port = free_port()
        self.statuses: Counter[int] = Counter()
        self.again = 0
        self.gateways: list[Gateway] = []
        self.changes = self.outages = 0
        self.fault: BaseException | None = None
        self._over = threading.Event()

    def measure(self) -> dict[str, Any]:
        self._feed(0)
        self._start()
        trouble = threading.Thread(target=self._trouble)
        trouble.start()
        began = time.perf_counter()
        asyncio.run(self._load())
        seconds = time.perf_counter() - began
        self._over.set()
        trouble.join()
        self.gateways[-1].end()
        if self.fault is not None:
            raise self.fault
        return self._figures(seconds)

    async def _load(self) -> None:
        pool, sent = requests(POOL, stream=False), iter(range(self.count))
        await asyncio.gather(*(self._client(pool, sent) for _ in range(CONNECTIONS)))

    async def _client(self, pool: list[bytes], sent: Any) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for n in sent:
            while True:
                try:
                    streams = streams or await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
                    streams[1].write(pool[n % POOL])
                    status, closes = await answer(streams[0])
                except (ConnectionError, asyncio.IncompleteReadError) as error:
                    if getattr(error, "partial", b""):
                        raise
                    self.again, streams = self.again + 1, None
                    await asyncio.sleep(0.01)
                    continue
                self.statuses[status] += 1
                if closes:
                    streams[1].close()
                    streams = None
                break
        if streams is not None:
            streams[1].close()

    def _trouble(self) -> None:
        """Twice the sink goes, twice a new gateway takes over; every second another feed."""
        marks = [(0.15, self._outage), (0.35, self._replace), (0.55, self._outage), (0.75, self._replace)]
        try:
            while not self._over.wait(1.0):
                self._second()
                if marks and self.statuses.total() > marks[0][0] * self.count:
                    marks.pop(0)[1]()
        except BaseException as error:
            self.fault = error

    def _second(self) -> None:
        self.changes += 1
        self._feed(self.changes)
        self.gateways[-1].sample()

    def _outage(self) -> None:
        """The folder of the log is away until the gateway has noticed, and a little longer."""
        sink, away = self.folder / "log", self.folder / "away"
        sink.mkdir(exist_ok=True)
        sink.rename(away)
        sink.write_text("in the way")
        until = time.monotonic() + 120
        while self.gateways[-1].metric("stillwatch_log_fault") == 0 and time.monotonic() < until:
            if self._over.wait(1.0):
                break
            self._second()
        sink.unlink()
        away.rename(sink)
        self.outages += 1

    def _replace(self) -> None:
        before = self.gateways[-1]
        self._start()
        before.end()

    def _start(self) -> None:
        number, admin = len(self.gateways), free_port()
        call = [sys.executable, "-c", "from stillwatch.cli.main import main; main()", "gateway", "--share-port"]
        call += ["--upstream", f"http://127.0.0.1:{self.upstream}", "--listen", f"127.0.0.1:{self.port}"]
        call += [
            "--admin",
            f"127.0.0.1:{admin}",
            "--feed",
            str(self.folder / "feed"),
            "--log",
            str(self.folder / "log"),
        ]
        call += ["--spool", str(self.folder / f"spool-{number}")]
        started = Popen(call, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})
        gateway = Gateway(started, admin)
        for _ in range(1200):
            try:
                if gateway.metric("stillwatch_feed_number") >= 0:
                    break
            except OSError:
                time.sleep(0.1)
        self.gateways.append(gateway)

    def _feed(self, second: int) -> None:
        """Some decisions about others, and one about a key of ours that comes and goes."""
        from benchmarks.gateway.lookup import decisions
        from stillwatch.feed.decision import Decision, Scope, iso
        from stillwatch.feed.writing import bring
        from stillwatch.gateway.identity import key_hash

        now = datetime.now(UTC)
        hit = key_hash({"authorization": f"Bearer sk-{second % 500}"}) or ""
        times = (iso(now - timedelta(seconds=5)), iso(now + timedelta(hours=1)))
        ours = Decision(f"d-x{second}", Scope("key", hit), "suspend", "enforce", "soak", "person:bo", *times, "open")
        bring(self.folder / "feed", [*decisions(DECISIONS), ours], None, now)

    def _figures(self, seconds: float) -> dict[str, Any]:
        from pyarrow import parquet

        rows = sum(parquet.read_metadata(path).num_rows for path in (self.folder / "log").glob("*.parquet"))
        left = sum(gateway.spooled for gateway in self.gateways)
        dropped = sum(gateway.dropped for gateway in self.gateways)
        answered = self.statuses.total()
        return {
            "requests": self.count,
            "answered": answered,
            "per_second": round(answered / seconds),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "sent_again_after_a_closed_connection": self.again,
            "feed_changes": self.changes,
            "outages_of_the_log": self.outages,
            "replaced": len(self.gateways) - 1,
            "rows_in_the_log": rows,
            "left_in_spools": left,
            "dropped": dropped,
            "unaccounted": answered - rows - left - dropped,
            "resident_mib": [_quarters(gateway.resident) for gateway in self.gateways],
            "waiting_records": [_quarters(gateway.waiting) for gateway in self.gateways],
        }


def _quarters(samples: list[int]) -> list[tuple[int, int]]:
    """The least and the most in each quarter of a gateway's life."""
    step = max(1, -(-len(samples) // 4))
    quarters = (samples[begin : begin + step] for begin in range(0, len(samples), step))
    return [(min(quarter), max(quarter)) for quarter in quarters]


def soak(count: int) -> dict[str, Any]:
    """Figures of a run of ``count`` requests."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        upstream = free_port()
        held.enter_context(process(upstream, [sys.executable, "-m", "benchmarks.gateway.upstream", str(upstream)]))
        run = Soak(folder, upstream, count)
        try:
            return run.measure()
        finally:
            for gateway in run.gateways:
                if gateway.process.poll() is None:
                    gateway.process.kill()
