"""How many places under how many keys does one core score in a second?

``python -m benchmarks.derive`` scores made-up places under random keys, in one thread, and prints the median rate over
processor time, for the counts of a test's looks and for its weights; then a whole test of 300,000 places against a
million decoys on all threads, by the clock.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

import numpy as np

from stillwatch.derive.hashing import halves
from stillwatch.derive.kernel import KERNELS
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.observations import OURS, PHILOX, Observations, observed
from stillwatch.derive.weights import Weighed

PLACES = 300_000
KEYS = 4096
LOOKS = 8
GAMMA = 0.25


def rate(
    seen: Observations, weight: np.ndarray[tuple[int], np.dtype[np.int32]], repeats: int, draws: str = OURS
) -> float:
    """Token-keys a second of processor time: the median of ``repeats`` after one that is not counted."""
    keys, found = random_words(np.random.default_rng(2), KEYS), []
    low, high = halves(seen.items)
    for _ in range(repeats + 1):
        sums, begin = np.zeros(KEYS, np.int64), time.thread_time()
        KERNELS[draws](low, high, seen.start, seen.width, weight, 0, len(seen), keys, np.arange(KEYS), sums)
        found.append(len(seen) * KEYS / (time.thread_time() - begin))
    return statistics.median(found[1:])


def whole(seen: Observations, weighed: Weighed, decoys: int) -> float:
    """Seconds of a test that reads everything: no key fits."""
    ends = [len(seen) * look // LOOKS for look in range(1, LOOKS + 1)]
    begin = time.perf_counter()
    run(seen, ends, random_words(np.random.default_rng(3), 1), Decoys(1, decoys), 1e-6, weighed=weighed)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--decoys", type=int, default=0, help="Also time a whole test against so many.")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    seen = observed(rng.integers(0, 1 << 63, PLACES).astype(np.uint64), GAMMA)
    ones, weight = np.ones(PLACES, np.int32), rng.integers(-4096, 40_960, PLACES, dtype=np.int32)
    for name, column in (("counting", ones), ("weighing", weight)):
        sys.stdout.write(f"{name}: {rate(seen, column, given.repeats) / 1e6:,.0f} M token-keys/s on one core\n")
    own = rate(seen, ones, given.repeats, PHILOX)
    sys.stdout.write(f"counting by vLLM's draw, no context twice: {own / 1e6:,.0f} M token-keys/s on one core\n")
    contexts = rng.integers(0, PLACES // 5, PLACES).astype(np.uint64) << np.uint64(32)
    own = rate(observed(contexts | seen.items & np.uint64(0xFFFFFFFF), GAMMA), ones, given.repeats, PHILOX)
    sys.stdout.write(
        f"counting by vLLM's draw, five places to a context: {own / 1e6:,.0f} M token-keys/s on one core\n"
    )
    if given.decoys:
        seconds = whole(seen, Weighed(seen.items, seen.start, seen.width, weight), given.decoys)
        sys.stdout.write(f"{PLACES:,} places x {given.decoys:,} decoys: {seconds:.0f} s on {os.cpu_count()} cores\n")


if __name__ == "__main__":
    main()
