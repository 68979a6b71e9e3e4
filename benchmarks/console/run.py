"""Time and size of what people wait for in the console, at given sizes.

    python -m benchmarks.console [--accounts 5000] [--links 50000] [--cases 50] [--readers 10] [--table FILE.md]

Everything runs as it does for a user: `stillwatch serve` in a process of its own, readers over HTTP, the campaign in
headless Chromium, the bundle through `stillwatch case`. *Usable* is when the page has loaded and its scripts have run;
the first load is shown apart. A reader's time is from asking to the last byte. Beside what was waited for stand the
processor times of server and page, which a busy machine lengthens less.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from tests.report import browser

from benchmarks.console.made import LARGE, NAME, PASSWORD, make
from benchmarks.range.table import table

PORT = 8477
EACH = 20
"""Pages that a reader asks for."""
LOADS = 6


def main(argv: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="stillwatch-bench-") as work:
        folder = Path(work)
        store, run = make(folder, asked.accounts, asked.links, asked.cases)
        with _serving(store, run) as server:
            cookie = _login()
            rows = [
                *_queue(cookie, asked.readers, asked.cases, server),
                *_campaign(folder, asked.accounts, asked.links, server),
            ]
        rows += _bundle(store, folder, asked.accounts)
    text = _text(rows)
    print(text)
    if asked.table:
        Path(asked.table).write_text(text)
    return 0


def _queue(cookie: str, readers: int, cases: int, server: int) -> Iterator[list[str]]:
    times: list[float] = []
    _page("/", cookie)  # the first one reads the set

    def read() -> None:
        for _ in range(EACH):
            began = time.perf_counter()
            _page("/", cookie)
            times.append(time.perf_counter() - began)

    before = _cpu_s(server)
    threads = [threading.Thread(target=read) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p95 = statistics.quantiles(times, n=20)[-1]
    each = (_cpu_s(server) - before) / len(times)
    yield [f"queue of {cases} cases, {readers} readers at once, p95", f"{p95 * 1000:.0f} ms", "150 ms"]
    yield ["processor time of the server for one queue", f"{each * 1000:.1f} ms", ""]
    yield _load()


def _campaign(folder: Path, accounts: int, links: int, server: int) -> Iterator[list[str]]:
    command = shutil.which("chromium") or shutil.which("google-chrome")
    if command is None:
        yield ["campaign in Chromium", "no Chromium on this machine", "1 s"]
        return
    what = f"campaign of {accounts:,} accounts and {links:,} links"
    with (
        browser.running(command, folder / "profile") as pipe,
        browser.Page(pipe, f"http://127.0.0.1:{PORT}/login") as page,
    ):
        page.evaluate(f"document.querySelector('[name=name]').value = {NAME!r}")
        page.evaluate(f"document.querySelector('[name=password]').value = {PASSWORD!r}")
        page.follow("document.querySelector('.door').requestSubmit()")
        page.call("Performance.enable", {"timeDomain": "threadTicks"})
        loads, busy, before = [], [], _cpu_s(server)
        for _ in range(LOADS):
            page.go(f"http://127.0.0.1:{PORT}/campaigns/{LARGE}")
            loads.append(float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")))
            busy.append(_busy_ms(page))
        later = f"median of {LOADS - 1} later loads"
        yield [f"{what}, usable, first load", f"{loads[0]:.0f} ms", ""]
        yield [f"{what}, usable, {later}", f"{statistics.median(loads[1:]):.0f} ms", "1000 ms"]
        yield ["processor time of the page's main thread for one load, median", f"{statistics.median(busy):.0f} ms", ""]
        yield ["processor time of the server for one load", f"{(_cpu_s(server) - before) / LOADS * 1000:.0f} ms", ""]
        yield _load()
        marks = page.evaluate("document.querySelectorAll('.nodes > use').length")
        yield ["marks in its graph", str(marks), "200"]


def _bundle(store: Path, folder: Path, accounts: int) -> Iterator[list[str]]:
    out, case = folder / "case.zip", f"k-{LARGE.removeprefix('c-')}"
    made = _timed("case", "bundle", case, "--out", str(out), "--store", str(store), "--as", NAME, "--why", "benchmark")
    yield [f"bundle of {accounts:,} accounts, made in", f"{made:.1f} s", ""]
    yield ["its size", f"{out.stat().st_size / 1e6:.2f} MB", "25 MB"]
    yield ["reproduced in", f"{_timed('case', 'reproduce', str(out)):.1f} s", "60 s"]


def _timed(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run(["stillwatch", *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


@contextmanager
def _serving(store: Path, run: Path) -> Iterator[int]:
    command = ["stillwatch", "serve", "--run", str(run), "--store", str(store), "--port", str(PORT)]
    process = subprocess.Popen(command)
    try:
        _wait()
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _load() -> list[str]:
    return ["processes that wanted a core meanwhile (load)", f"{os.getloadavg()[0]:.1f}", ""]


def _busy_ms(page: browser.Page) -> float:
    """Processor time of the main thread since the page was asked for."""
    metrics = {m["name"]: m["value"] for m in page.call("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000


def _cpu_s(process: int) -> float:
    """Processor time of a process so far; needs Linux."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait() -> None:
    for _ in range(200):
        try:
            _page("/login", "")
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("the console did not listen within 20 s")


def _login() -> str:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("POST", "/login", urlencode({"name": NAME, "password": PASSWORD}))
    return str(connection.getresponse().getheader("set-cookie")).partition(";")[0]


def _page(address: str, cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("GET", address, headers={"cookie": cookie})
    reply = connection.getresponse()
    reply.read()
    connection.close()
    assert reply.status == 200, f"{address} answered {reply.status}"


def _text(rows: Sequence[Sequence[str]]) -> str:
    day = datetime.now(UTC).date().isoformat()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    command = " ".join(["python -m benchmarks.console", *sys.argv[1:]])
    return f"{day}, {machine}: `{command}`\n\n{table('what|measured|asked', rows)}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--links", type=int, default=50_000)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--table", metavar="FILE")
    return parser
