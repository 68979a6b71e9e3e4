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
ALPHAS: dict[str, dict[float, float]] = {
    "mixes": {0.05: 1e-6},
    "neural": {0.05: 1e-6},
    "reference": {0.05: 1e-6},
    "forms": {},
    "neural_forms": {},
}
"""Levels by mix; 1e-4 where nothing is said, as far as the decoys of the part reach."""


def rows_of(part: str) -> list[dict[str, Any]]:
    """What a part kept."""
    path = RESULTS / f"{part}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return rows


def interval(found: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's, at 95 %."""
    low = 0.0 if found == 0 else float(stats.beta.ppf(0.025, found, trials - found + 1))
    high = 1.0 if found == trials else float(stats.beta.ppf(0.975, found + 1, trials - found))
    return low, high


def _share(found: int, trials: int) -> str:
    low, high = interval(found, trials)
    return f"{found} of {trials} ({low:.2f} to {high:.2f})"


def lines() -> Iterator[str]:
    """The table in Markdown."""
    yield "| part | mix | tokens | alpha | found (95 % interval) | median z |"
    yield "|---|---|---|---|---|---|"
    for part, levels in ALPHAS.items():
        rows = [row for row in rows_of(part) if row.get("off", 0) == 0]
        for mix, size in sorted({(row["mix"], row.get("tokens", 1_000_000)) for row in rows}):
            chosen = [row for row in rows if row["mix"] == mix and row.get("tokens", 1_000_000) == size]
            alpha = levels.get(mix, 1e-4)
            found = _share(sum(row["p"] <= alpha for row in chosen), len(chosen))
            middle = np.median([row["z"] for row in chosen])
            yield f"| {part} | {mix:.0%} | {size:,} | {alpha:g} | {found} | {middle:.1f} |"
    named = rows_of("groups")
    for mix in (0.05, 0.2):
        chosen = [row for row in named if row["mix"] == mix]
        right = _share(sum(row["named"] == [row["right"]] for row in chosen), len(chosen))
        yield f"| groups | {mix:.0%} | 100,000 | 0.001 | {right} | {np.median([row['z'] for row in chosen]):.1f} |"
    for reference in (False, True):
        trials = [row for row in rows_of("neural_groups") if row["reference"] == reference]
        right = _share(sum(row["named"] == [0] for row in trials), len(trials))
        yield f"| neural_groups{', reference' * reference} | 5% | 300,000 | 0.001 | {right} | |"
    for reference in (False, True):
        trials = [row for row in rows_of("neural_faint") if row["reference"] == reference]
        found = _share(sum(row["p"] <= 1e-6 for row in trials), len(trials))
        middle = np.median([row["z"] for row in trials])
        yield f"| neural_faint{', reference' * reference} | 1% | 5,000,000 | 1e-06 | {found} | {middle:.1f} |"
    yield from _prose()
    yield from _best()
    yield from _arms()
    yield from _sizes()


def _prose() -> Iterator[str]:
    """A teacher trained on real English."""
    rows = rows_of("neural_prose")
    for mix, reference in sorted({(row["mix"], row["reference"]) for row in rows}):
        chosen = [r for r in rows if (r["mix"], r["reference"]) == (mix, reference)]
        alpha = 1e-6 if mix == 0.05 else 1e-4
        found, middle = _share(sum(r["p"] <= alpha for r in chosen), len(chosen)), np.median([r["z"] for r in chosen])
        yield f"| neural_prose{', reference' * reference} | {mix:.0%} | 300,000 | {alpha:g} | {found} | {middle:.1f} |"


def _best() -> Iterator[str]:
    """Keyed choice: from how many answers or pieces, without and with a reference."""
    rows = rows_of("neural_best") + rows_of("neural_choices")
    ways = dict.fromkeys((row["m"], row["piece"], row["reference"], row["tokens"]) for row in rows)
    for m, piece, reference, tokens in sorted(ways):
        chosen = [r for r in rows if (r["m"], r["piece"], r["reference"], r["tokens"]) == (m, piece, reference, tokens)]
        found, middle = sum(r["p"] <= 1e-4 for r in chosen), np.median([r["z"] for r in chosen])
        name = f"neural_best, {m} x {piece} tokens{', reference' * reference}"
        yield f"| {name} | 20% | {tokens:,} | 0.0001 | {_share(found, len(chosen))} | {middle:.1f} |"


def _arms() -> Iterator[str]:
    """Each arm with its scores; there are too few students for an interval worth printing."""
    rows = rows_of("arms")
    for arm in dict.fromkeys(row["arm"] for row in rows):
        chosen = [row for row in rows if row["arm"] == arm]
        right = sum(row["named"] == list(range(row["right"])) for row in chosen)
        scores = ", ".join(f"{row['z']:.1f}" for row in chosen)
        yield f"| arms, {arm} | 20% | 300,000 | 0.001 of 64 | {right} of {len(chosen)} named rightly | {scores} |"


def _sizes() -> Iterator[str]:
    for part, of in (("size", "counting"), ("neural_size", "neural")):
        rows = rows_of(part)
        for level in ("0.05", "0.01") if rows else ():
            share = np.mean([row[f"share_at_most_{level}"] for row in rows])
            yield f"| size, {of} | 0% | 6,000 | {level} | {share:.4f} of {1000 * len(rows):,} keys | |"
        if rows:
            least = min(row["ks_p"] for row in rows)
            yield f"| size, {of}, KS | 0% | 6,000 | | least of {len(rows)} p-values {least:.3f} | |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
