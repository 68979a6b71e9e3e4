"""Side by side in one run: calling the upstream directly, a bare pass-through, the gateway, and LiteLLM's proxy.

Every subject is a process of its own in front of the same upstream. Rounds alternate, so that a busy machine is busy
for all of them. Processor time is the kernel's count for the whole process, its threads and children included: with the
log on, the gateway's includes sketching and writing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gateway.load import Load, load, requests

CELLS = tuple((stream, connections) for stream in (False, True) for connections in (1, 64))
LITELLM_SHARE = 20
"""LiteLLM gets so many times fewer requests, or the run would last for hours."""
_QUIET = {"PYTHONPATH": ".", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
_QUIET["LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"] = "true"
"""No subject looks anything up on a network, and none but the gateway has keys or decisions to look up."""
_CONFIG = """model_list:
  - model_name: large
    litellm_params: {{model: openai/large, api_base: "http://127.0.0.1:{port}/v1", api_key: sk-x}}
litellm_settings: {{telemetry: false}}
"""


@dataclass
class Subject:
    """Something that answers on ``port``; ``process`` None is the upstream itself."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None
    figures: dict[tuple[bool, int], list[tuple[Load, float]]] = field(default_factory=dict)


def compare(count: int, rounds: int, litellm: str | None) -> list[dict[str, Any]]:
    """A row for each subject and cell."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        subjects = list(_started(held, folder, litellm))
        for subject in subjects:
            asyncio.run(load(subject.port, requests(40, stream=False), 4))
        for _ in range(rounds):
            for cell in CELLS:
                for subject in subjects:
                    few = count // (LITELLM_SHARE if subject.name == "LiteLLM proxy" else 1)
                    subject.figures.setdefault(cell, []).append(_measured(subject, few, *cell))
        return [row for subject in subjects for row in _rows(subject, subjects[0])]


def _measured(subject: Subject, count: int, stream: bool, connections: int) -> tuple[Load, float]:
    before = _processor(subject)
    done = asyncio.run(load(subject.port, requests(count, stream=stream), connections))
    # The log is written about once a second: what this round left to do counts for it.
    time.sleep(1.5 if subject.name.startswith("gateway") else 0)
    return done, _processor(subject) - before


def _rows(subject: Subject, direct: Subject) -> Iterator[dict[str, Any]]:
    for cell, figures in subject.figures.items():
        taken = sorted(t for done, _ in figures for t in done.taken)
        base = sorted(t for done, _ in direct.figures[cell] for t in done.taken)
        cpu = sum(seconds for _, seconds in figures) / len(taken)
        yield {
            "subject": subject.name,
            "stream": cell[0],
            "connections": cell[1],
            "requests": len(taken),
            "per_second": round(statistics.median(len(done.taken) / done.seconds for done, _ in figures)),
            "cpu_us": round(cpu * 1e6),
            "added_p50_ms": round((_at(taken, 0.5) - _at(base, 0.5)) * 1000, 2),
            "added_p99_ms": round((_at(taken, 0.99) - _at(base, 0.99)) * 1000, 2),
            "wrong": sum(done.wrong for done, _ in figures),
        }


def _started(held: ExitStack, folder: Path, litellm: str | None) -> Iterator[Subject]:
    upstream = free_port()
    python, address = sys.executable, f"http://127.0.0.1:{upstream}"
    yield Subject(
        "direct",
        upstream,
        held.enter_context(process(upstream, [python, "-m", "benchmarks.gateway.upstream", str(upstream)])),
    )
    port = free_port()
    yield Subject(
        "bare aiohttp",
        port,
        held.enter_context(process(port, [python, "-m", "benchmarks.gateway.bare", str(port), address])),
    )
    for name, options in (
        ("gateway, no log", []),
        ("gateway, log with sketches", ["--log", str(folder / "log")]),
    ):
        port, admin = free_port(), free_port()
        feed = folder / "feed"
        _feed(feed)
        call = [python, "-c", "from stillwatch.cli.main import main; main()", "gateway", "--upstream", address]
        call += ["--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}", "--feed", str(feed), *options]
        yield Subject(name, port, held.enter_context(process(port, call)))
    if litellm is not None:
        port, config = free_port(), folder / "litellm.yaml"
        config.write_text(_CONFIG.format(port=upstream))
        call = [litellm, "--config", str(config), "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"]
        yield Subject("LiteLLM proxy", port, held.enter_context(process(port, call)))


def _feed(folder: Path) -> None:
    """Decisions about others: every request is looked up among them."""
    from datetime import UTC, datetime

    from benchmarks.gateway.lookup import decisions
    from stillwatch.feed.writing import bring

    bring(folder, decisions(10_000), None, datetime.now(UTC))


@contextmanager
def process(port: int, call: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **_QUIET})
    try:
        for _ in range(1800):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{call} ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _processor(subject: Subject) -> float:
    """Processor seconds of a process so far."""
    if subject.process is None:
        return 0.0
    stat = Path(f"/proc/{subject.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
        return found
