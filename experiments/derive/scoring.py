"""What the parts share: training text, a test as the product runs it, and rows of results that outlive a cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.derive import bigrams
from stillwatch.derive.counting import Counted, count_answers, observe_all
from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, Outcome, run
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.observations import Answer, Passage
from stillwatch.derive.verdict import holm

RESULTS = Path(__file__).parent / "results"
VOCABULARY = 1000
TRAINING = 1_500_000
DELTA = 2.0
LOOKS = 8
SIZES = (30_000, 100_000, 300_000)
Row = dict[str, Any]


def answers_of(rows: U64) -> list[Answer]:
    return [Answer(Passage("", row)) for row in rows]


def counted(rows: U64, reference: U64 | None = None) -> Counted:
    mark = mark_named("green1")
    seen = None if reference is None else observe_all(answers_of(reference), mark)
    return count_answers(answers_of(rows), mark, LOOKS, reference=seen)


def scored(found: Counted, keys: U32, decoys: Decoys, alpha: float) -> Outcome:
    return run(found.seen, found.ends, keys, decoys, alpha, weighed=found.weighed, threads=1)


def corpus(rng: np.random.Generator, teacher: bigrams.Chances, key: U32, mix: float) -> U64:
    """Training text of which a share is marked."""
    clean, marked = bigrams.writer(teacher), bigrams.writer(bigrams.marked(teacher, key, DELTA))
    parts = [(clean, TRAINING * (1 - mix)), (marked, TRAINING * mix)]
    return np.concatenate([writer.write(rng, int(tokens)) for writer, tokens in parts if tokens >= bigrams.LENGTH])


def told(outcome: Outcome, found: Counted, **facts: Any) -> Row:
    """What the first key scored."""
    s = outcome.scores[0]
    return {
        **facts,
        "p": s.p,
        "z": round(s.z, 2),
        "z_matches": round(s.z_matches, 2),
        "look": s.look,
        "places": len(found.seen),
    }


def tokens_needed(rng: np.random.Generator, writer: bigrams.Writer, key: U32, facts: Row) -> list[Row]:
    """What texts of ``SIZES`` tokens by one student show."""
    rows = []
    for tokens in SIZES:
        found = counted(writer.write(rng, tokens))
        decoys = Decoys(7, 999_999 if facts["mix"] == 0.05 else 9_999)
        rows.append(told(scored(found, key, decoys, 1e-6), found, **facts, tokens=tokens, decoys=decoys.count))
    return rows


def named(rng: np.random.Generator, found: Counted, right: U32, seed: int, decoys: int = 63_999) -> list[int]:
    """Which of 64 keys a test names at 0.001 over all of them; the first are the right ones.

    With the fewest decoys that allow this, a single one that ranks above a right key decides against it.
    """
    keys = np.concatenate([right, random_words(rng, 64 - len(right))])
    scores = scored(found, keys, Decoys(seed, decoys), 1e-3 / 64).scores
    return [n for n, adjusted in enumerate(holm([score.p for score in scores])) if adjusted <= 1e-3]


def each(name: str, trials: Sequence[Any], of: Callable[[Any], list[Row]]) -> list[Row]:
    """The rows of all trials, in their order, kept after each; those that an earlier run kept are not run again.

    A trial is its number, or its mix and its number.
    """
    rows = kept(name)
    for trial in trials:
        if not any(_is_of(row, trial) for row in rows):
            rows += [{"trial": trial, **row} for row in of(trial)]
            rows.sort(key=lambda row: next(n for n, known in enumerate(trials) if _is_of(row, known)))
            keep(name, rows)
    return rows


def _is_of(row: Row, trial: Any) -> bool:
    return (row["mix"], row["trial"]) == trial if isinstance(trial, tuple) else row["trial"] == trial


def kept(name: str) -> list[Row]:
    path = RESULTS / f"{name}.json"
    found: list[Row] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return found


def keep(name: str, rows: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    lines = ",\n ".join(json.dumps(row) for row in rows)
    (RESULTS / f"{name}.json").write_text(f"[{lines}]\n", "utf-8")
