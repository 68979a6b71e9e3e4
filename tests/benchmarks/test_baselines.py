"""Each baseline finds a blatant planted group, and says nothing of accounts that have nothing to do with each other.

Needs the benchmarks' own extras (benchmarks/requirements.txt), which are not test dependencies: without them these
tests are skipped and say so.
"""

# ruff: noqa: E402  (the extras are asked for before the modules that need them are imported)

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

for extra in ("polars", "sklearn", "sknetwork"):
    pytest.importorskip(extra, reason=f"{extra} is an extra of the benchmarks (benchmarks/requirements.txt)")

from benchmarks.baselines.catalogue import BASELINES
from benchmarks.baselines.group import Baseline, Group, Setting, document, report
from benchmarks.baselines.judge import Case, Judged, best, total
from benchmarks.baselines.run import main
from benchmarks.baselines.traffic import Traffic, read

START = datetime(2026, 1, 5, tzinfo=UTC)
INDEPENDENT, PLANTED = 80, 8
ORDINARY_TURNS = (
    "could you please help me",
    "thanks a lot for that",
    "what do you think about",
    "i would like to know",
)
SINGLE_ACCOUNT = {"thresholds", "isolation forest", "windowed MMD", "PRADA"}


@dataclass
class Log:
    """Rows of a made-up log."""

    rng: np.random.Generator
    requests: list[dict[str, object]]
    accounts: list[dict[str, object]]

    def account(self, name: str, payment: str) -> None:
        born = START - timedelta(days=float(self.rng.uniform(20, 200)))
        self.accounts.append({"account_id": name, "payment_id": payment, "created_at": born})

    def request(self, name: str, second: float, text: str, address: str, tokens: int = 100) -> None:
        message = [{"role": "user", "parts": [{"type": "text", "content": text}]}]
        row = {
            "account_id": name,
            "ts": START + timedelta(seconds=second),
            "client_ip": address,
            "user_agent": "client",
        }
        row |= {"ja4": "t", "model_request": "m", "system_instructions": None, "input_messages": json.dumps(message)}
        self.requests.append(row | {"input_tokens": len(text) // 4, "output_tokens": tokens, "http_status": 200})

    def words(self, count: int) -> str:
        return " ".join(
            f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{n // 676}x" for n in self.rng.integers(3_000, size=count)
        )

    def write(self, folder: Path, planted: set[str]) -> Path:
        folder.mkdir()
        rows = sorted(self.requests, key=lambda row: str(row["ts"]))
        pq.write_table(pa.Table.from_pylist(rows), folder / "exchanges.parquet")
        pq.write_table(pa.Table.from_pylist(self.accounts), folder / "accounts.parquet")
        names = [str(account["account_id"]) for account in self.accounts]
        operator = pa.array(["one" if name in planted else None for name in names], pa.string())
        pq.write_table(pa.table({"account_id": names, "operator": operator}), folder / "truth.parquet")
        return folder


def independents(seed: int) -> Log:
    log = Log(np.random.default_rng(seed), [], [])
    for number in range(INDEPENDENT):
        name = f"plain-{number:02}"
        log.account(name, f"pay-{number}")
        for second in log.rng.uniform(0, 3 * 86_400, size=int(log.rng.integers(35, 60))):
            turn = ORDINARY_TURNS[int(log.rng.integers(len(ORDINARY_TURNS)))]
            log.request(name, float(second), f"{turn} {log.words(14)}", f"10.{number}.0.{log.rng.integers(9)}")
    return log


def plant(log: Log) -> set[str]:
    """Eight accounts, one card, one address range, one wrapper around one list, every three minutes for a day."""
    names = [f"held-{number}" for number in range(PLANTED)]
    for name in names:
        log.account(name, "pay-shared")
    lists = ("grade the answer by the rubric and justify each point of the reasoning: ", "show your reasoning first: ")
    for turn in range(480):
        for k, name in enumerate(names):
            item = log.words(3) if turn % 2 else "the same item every time"
            log.request(name, turn * 180 + k * 4, lists[turn % 2] + item, f"203.0.113.{k + 1}", 1_500)
    return set(names)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = independents(1)
    return log.write(tmp_path_factory.mktemp("worlds") / "planted", plant(log))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return independents(2).write(tmp_path_factory.mktemp("worlds") / "quiet", set())


def traffic_of(folder: Path) -> Traffic:
    return read(folder / "exchanges.parquet", folder / "accounts.parquet")


def case(baseline: Baseline, folder: Path) -> Case:
    traffic = traffic_of(folder)
    names = traffic.accounts["account_id"]
    operators = {number: "one" for number, name in enumerate(names) if name.startswith("held-")}
    return Case(baseline.detect(traffic), operators)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_finds_the_planted_and_is_silent_on_independents(baseline: Baseline, planted: Path, quiet: Path) -> None:
    loud, still = case(baseline, planted), case(baseline, quiet)
    # Thresholds score by rank within one log, which is no threshold for another: there the default has to be silent.
    ranks = baseline.name == "thresholds"
    setting = best([loud], [] if ranks else [still])
    at_best = total([loud], setting)
    assert at_best.false == 0
    assert at_best.reached == 1
    assert at_best.precision is not None and at_best.precision >= 0.8
    if baseline.name not in SINGLE_ACCOUNT:
        assert at_best.found == 1
    silent = still.judged(baseline.default if ranks else setting)
    assert silent.named + silent.accused == 0


def test_the_document_has_the_shape_of_a_scan(planted: Path) -> None:
    chosen = next(baseline for baseline in BASELINES if baseline.name == "shared infrastructure")
    answer = document(chosen, planted / "exchanges.parquet", planted / "accounts.parquet")
    (campaign,) = answer["campaigns"]
    assert answer["schema"] == "stillwatch.campaigns/1"
    assert campaign["state"] == "alarmed" and campaign["score"] == PLANTED
    assert [member["account_id"] for member in campaign["accounts"]] == [f"held-{k}" for k in range(PLANTED)]
    assert campaign["alarmed_at"].startswith("2026-01-0") and campaign["alarmed_at"].endswith("Z")


def test_groups_below_the_cut_are_watched_and_follow(planted: Path) -> None:
    chosen = BASELINES[0]
    groups = {"a": [Group((0,), 1.0), Group((1, 2), 3.0), Group((3,), 2.0)]}
    answer = report(chosen, traffic_of(planted), groups, Setting("a", 2.0))
    assert [(c["state"], c["score"]) for c in answer["campaigns"]] == [
        ("alarmed", 3.0),
        ("alarmed", 2.0),
        ("watched", 1.0),
    ]


def test_best_stays_above_the_loudest_false_group() -> None:
    one = dict.fromkeys(range(10), "one") | dict.fromkeys(range(10, 12), "two")
    true, mixed, false = Group(tuple(range(5)), 7.0), Group((10, 11, 50, 51), 9.0), Group((60, 61), 5.0)
    levels = {"merged": [true, mixed], "apart": [true, false, Group((10,), 5.0), Group((11,), 6.0)]}
    loud = Case(levels, one)
    setting = best([loud])
    assert setting.level == "apart" and 5.0 < setting.cut <= 6.0
    assert total([loud], setting) == Judged(2, 2, 2, 0, 6, 0, 12)
    quiet = Case({"apart": [Group((3, 4), 6.5)]}, {})
    assert total([loud], best([loud], [quiet])).found == 1


def test_a_mixed_group_is_false_though_an_operator_is_found_in_it() -> None:
    loud = Case({"a": [Group((0, 1, 2, 9), 1.0)]}, {0: "one", 1: "one", 2: "one"})
    assert loud.judged(Setting("a", 1.0)) == Judged(1, 1, 1, 1, 3, 1, 3)


def test_the_table_names_every_world(planted: Path, quiet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(planted), str(quiet), "--only", "shared infrastructure"]) == 0
    text = capsys.readouterr().out
    assert "worlds: planted, quiet" in text
    line = next(line for line in text.splitlines() if line.startswith("| shared infrastructure"))
    assert "; every group | 1/1 | 1 | 0 | 1.000 | 0 | 1/1 | 1/1 | 0 | 0 |" in line


def test_worlds_without_an_operator_cannot_be_compared(quiet: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(quiet)])
