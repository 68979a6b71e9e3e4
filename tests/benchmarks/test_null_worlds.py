"""Harmless weeks are played, added up, and played once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.adversaries.record import Results
from benchmarks.null_worlds.run import CELL, document, main, poisson_interval
from scipy.stats import poisson

from stillwatch.evidence.calibration import load


def record(seed: int, people: int, false: int = 0, paid: float = 0.05) -> dict[str, Any]:
    alarms = [{"accounts": 9, "kinds": ["tutors", "scripts"]}] * false
    return {
        "cell": CELL,
        "seed": seed,
        "people": people,
        "requests": 1_000,
        "accounts": people,
        "compared": 3,
        "paid": paid,
        "false": alarms,
        "cpu_s": 6.0,
    }


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_the_interval_of_a_count_is_exact(count: int) -> None:
    low, high = poisson_interval(count)
    assert poisson.cdf(count, high) == pytest.approx(0.025)
    assert poisson.sf(count - 1, low) == pytest.approx(0.025 if count else 1.0)


def test_the_table_sets_alarms_against_what_was_paid_for() -> None:
    records = [record(0, 150), record(1, 300, false=2), record(2, 600, paid=0.1)]
    text = document([r | {"commit": "abc"} for r in records], "cal-x")
    assert "| 300 people | 1 | 3 | 2 (0.2 to 7.2) | 0.1 | 0.1 | 1 (2% to 100%) |" in text
    assert "| all | 3 | 9 | 2 (0.2 to 7.2) | 0.2 | 0.3 | 1 (1% to 91%) |" in text
    assert "- tutors: 2" in text


def test_weeks_that_were_played_are_not_played_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(tmp_path, load().calibration_id, "abc")
    for seed, people in enumerate((150, 300)):
        results.keep(record(seed, people))
    assert main(["--worlds", "2", "--work", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert load().calibration_id in told.out
