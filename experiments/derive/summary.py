"""``python -m experiments.derive.summary``: what results/ hold, as a table with Clopper-Pearson intervals at 95 %."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

RESULTS = Path(__file__).parent / "results"
ALPHAS = {"mixes": {0.05: 1e-6}, "neural": {0.05: 1e-6}, "forms": {}}
"""Levels by mix; 1e-4 where nothing is said, as far as the decoys of the part reach."""


def _rows(part: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((RESULTS / f"{part}.json").read_text("utf-8"))
    return rows


def _share(found: int, trials: int) -> str:
    low = 0.0 if found == 0 else stats.beta.ppf(0.025, found, trials - found + 1)
    high = 1.0 if found == trials else stats.beta.ppf(0.975, found + 1, trials - found)
    return f"{found} of {trials} ({low:.2f} to {high:.2f})"


def lines() -> Iterator[str]:
    """The table in Markdown."""
    yield "| part | mix | tokens | alpha | found (95 % interval) | median z |"
    yield "|---|---|---|---|---|---|"
    for part, levels in ALPHAS.items():
        rows = _rows(part)
        for mix, size in sorted({(row["mix"], row.get("tokens", 1_000_000)) for row in rows}):
            chosen = [row for row in rows if row["mix"] == mix and row.get("tokens", 1_000_000) == size]
            alpha = levels.get(mix, 1e-4)
            found = _share(sum(row["p"] <= alpha for row in chosen), len(chosen))
            middle = np.median([row["z"] for row in chosen])
            yield f"| {part} | {mix:.0%} | {size:,} | {alpha:g} | {found} | {middle:.1f} |"
    named = _rows("groups")
    for mix in (0.05, 0.2):
        chosen = [row for row in named if row["mix"] == mix]
        right = _share(sum(row["named"] == [row["right"]] for row in chosen), len(chosen))
        yield f"| groups | {mix:.0%} | 100,000 | 0.001 | {right} | {np.median([row['z'] for row in chosen]):.1f} |"
    sizes = _rows("size")
    for level in ("0.05", "0.01"):
        share = np.mean([row[f"share_at_most_{level}"] for row in sizes])
        yield f"| size | 0% | 6,000 | {level} | {share:.4f} of {1000 * len(sizes):,} keys | |"
    least = min(row["ks_p"] for row in sizes)
    yield f"| size, KS over 1,000 keys | 0% | 6,000 | | least of {len(sizes)} p-values {least:.3f} | |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
