"""Judge one scan: the range's own score, and where a missed operator stood in the queue.

Contract: reads a world's `truth.parquet` and a `campaigns.json`; the score is what the range's `score.py --json`
prints. Writes nothing. The queue is judged as a reader meets it: groups in state `watched`, in the order of the
file; an operator's rank is that of the first group that belongs to it at least by half and holds at least a fifth
of its accounts, the same measure by which the range calls an operator found.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def score(range_folder: Path, world: Path, report: Path) -> dict[str, Any]:
    """What the range says of a report on one of its worlds."""
    command = [sys.executable, str(range_folder / "score.py"), str(world), str(report), "--json"]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def operators_of(world: Path) -> dict[str, str]:
    """The operator behind each account that has one."""
    import pyarrow.parquet as pq

    truth = pq.read_table(world / "truth.parquet", columns=["account_id", "operator"]).to_pydict()
    pairs = zip(truth["account_id"], truth["operator"], strict=True)
    return {account: operator for account, operator in pairs if operator}


def queue_ranks(report: Mapping[str, Any], operators: Mapping[str, str]) -> dict[str, int]:
    """Rank (from 1) of each operator among the watched groups; an operator that is in none is absent."""
    sizes = Counter(operators.values())
    ranks: dict[str, int] = {}
    watched = (group for group in report["campaigns"] if group["state"] == "watched")
    for rank, group in enumerate(watched, start=1):
        for operator, held in _held_by(group, operators).items():
            if held * 2 >= len(group["accounts"]) and held * 5 >= sizes[operator]:
                ranks.setdefault(operator, rank)
    return ranks


def _held_by(group: Mapping[str, Any], operators: Mapping[str, str]) -> Counter[str]:
    named = (member["account_id"] for member in group["accounts"])
    return Counter(operators[account] for account in named if account in operators)
