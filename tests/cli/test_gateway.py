"""The gateway as a process: started on the command line, killed and told to end, with what it wrote."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow.parquet as pq
import pytest
from aiohttp import web

from tests.cli.conftest import Ended
from tests.gateway.loopback import CHAT, Upstream, run
from tests.gateway.test_proxy import streamed

Cli = Callable[..., Ended]


class Process:
    """``stillwatch gateway`` in front of an upstream."""

    def __init__(self, upstream: str, folder: Path) -> None:
        options = [
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--log",
            str(folder / "log"),
            "--feed",
            str(folder),
        ]
        code = "from stillwatch.cli.main import main; main()"
        self.started = subprocess.Popen(
            [sys.executable, "-c", code, "gateway", "--upstream", upstream, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "STILLWATCH_UPSTREAM_KEY": "sk-upstream-secret"},
        )
        assert self.started.stdout is not None
        self.said = ""
        while "listening" not in self.said:
            line = self.started.stdout.readline()
            assert line, self.started.communicate()
            self.said += line
        found = re.search(r"listening on (\S+);", self.said)
        assert found is not None
        self.url = f"http://{found[1]}/v1/chat/completions"

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.started.send_signal(number)
        out, err = self.started.communicate(timeout=30)
        return self.started.returncode, self.said + out + err


def test_a_killed_gateway_is_followed_by_one_that_drains(tmp_path: Path) -> None:
    upstream = Upstream(answer=streamed)

    async def asked(url: str, count: int) -> None:
        async with aiohttp.ClientSession() as client:
            for n in range(count):
                async with client.post(url, json=CHAT, headers={"authorization": f"Bearer k-{n}"}) as found:
                    assert found.status == 200 and await found.read()

    async def case() -> None:
        runner = web.ServerRunner(web.Server(upstream.handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        killed = await asyncio.to_thread(Process, address, tmp_path)
        await asked(killed.url, 3)
        await asyncio.sleep(1.5)  # what is younger than a second may go with a process that is killed
        await asyncio.to_thread(killed.end, signal.SIGKILL)
        second = await asyncio.to_thread(Process, address, tmp_path)
        await asked(second.url, 4)
        code, said = await asyncio.to_thread(second.end, signal.SIGTERM)
        assert code == 0, said
        assert "log: 7 written, 0 left in the spool, 0 dropped" in said and "sk-upstream-secret" not in said
        assert upstream.headers["authorization"] == "Bearer sk-upstream-secret"
        await runner.cleanup()

    run(case, 120)
    rows = [row for path in (tmp_path / "log").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert len({row["event_id"] for row in rows}) == 7 and all(row["prompt_words"] == 3 for row in rows)
    assert "river" not in json.dumps(rows, default=str)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--upstream", "ftp://x"), "--upstream 'ftp://x'"),
        (("--upstream", "http://u:p@x"), "without user and query"),
        (("--upstream", "http://x", "--listen", "80"), "--listen '80'"),
        (("--upstream", "http://x", "--trust", "everybody"), "--trust: 'everybody'"),
        (("--upstream", "http://x", "--text", "--log", "l"), "with --keep-days, when it is removed"),
        (("--upstream", "http://x", "--keys", "nowhere.jsonl"), "cannot read the keys nowhere.jsonl"),
    ],
)
def test_wrong_usage(cli: Cli, options: tuple[str, ...], said: str) -> None:
    ended = cli("gateway", *options)
    assert ended.code == 2 and said in ended.err


def test_a_dry_run_says_what_would_not_be_done(cli: Cli) -> None:
    ended = cli("gateway", "--upstream", "http://localhost:8000/v1", "--dry-run")
    assert ended.code == 0
    assert "upstream http://localhost:8000, with the keys of clients" in ended.out
    assert "nothing is enforced" in ended.out and "no log is written" in ended.out


def test_a_table_of_keys_lists_all_its_mistakes(cli: Cli, tmp_path: Path) -> None:
    table = tmp_path / "keys.jsonl"
    good: dict[str, Any] = {"api_key_hash": "0" * 64, "account_id": "a"}
    lines = [good, good, {**good, "api_key_hash": "sk-plain"}, {**good, "tear": "x"}, {"account_id": 1}]
    table.write_text("\n".join(map(json.dumps, lines)))
    ended = cli("gateway", "--upstream", "http://x", "--keys", str(table))
    assert ended.code == 2 and ended.err.count("keys.jsonl:") == 4 and "sk-plain" not in ended.err
