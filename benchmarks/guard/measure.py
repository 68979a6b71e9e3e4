"""Precision, recall and F1 per kind; bytes a second on one core."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.guard.texts import Label, Text, clean_prompt
from benchmarks.guard.tools import Check

LEAST_OVERLAP = 0.5
"""Share of the union of two places that both cover, from which on they count as the same."""


@dataclass(frozen=True)
class Score:
    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.hits / max(self.hits + self.false, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.hits + self.missed, 1)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(2 * self.hits + self.false + self.missed, 1)


def scores(
    check: Check, texts: Iterable[Text], kinds: Sequence[str]
) -> tuple[dict[str, Score], list[tuple[str, str, str]]]:
    """Scores by kind with ``all`` last, and the mistakes as (what, kind, text)."""
    counts: Counter[tuple[str, str]] = Counter()
    mistakes: list[tuple[str, str, str]] = []
    for text in texts:
        found = [label for label in check(text.text) if label.kind in kinds]
        wanted = [label for label in text.labels if label.kind in kinds]
        for label in wanted:
            hit = next((f for f in found if f.kind == label.kind and _same(f, label)), None)
            counts["hits" if hit else "missed", label.kind] += 1
            if hit is None:
                mistakes.append(("missed", label.kind, text.text[max(0, label.start - 40) : label.end + 15]))
        for label in found:
            if not any(w.kind == label.kind and _same(w, label) for w in wanted):
                counts["false", label.kind] += 1
                mistakes.append(("false", label.kind, text.text[max(0, label.start - 40) : label.end + 15]))
    by_kind = {kind: Score(*(counts[what, kind] for what in ("hits", "false", "missed"))) for kind in kinds}
    total = (sum(getattr(s, what) for s in by_kind.values()) for what in ("hits", "false", "missed"))
    return by_kind | {"all": Score(*total)}, mistakes


def _same(one: Label, other: Label) -> bool:
    both = min(one.end, other.end) - max(one.start, other.start)
    return both >= LEAST_OVERLAP * (max(one.end, other.end) - min(one.start, other.start))


def megabytes_a_second(check: Check, texts: Sequence[str], seconds: float = 1.5) -> float:
    """Processor time, so that other programs on the machine count less."""
    check(texts[0])
    done, begun = 0, time.process_time()
    for text in (texts[k % len(texts)] for k in range(1 << 30)):
        check(text)
        done += len(text.encode())
        if time.process_time() - begun > seconds:
            break
    return done / 1e6 / (time.process_time() - begun)


def latencies_ms(check: Check, size: int, count: int) -> list[float]:
    """Processor times of ``count`` clean prompts of ``size`` bytes, ascending."""
    rnd, found = random.Random(7), []
    for _ in range(count):
        text = clean_prompt(rnd, size)[:size]
        begun = time.thread_time()
        check(text)
        found.append((time.thread_time() - begun) * 1e3)
    return sorted(found)
