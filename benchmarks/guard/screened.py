"""``python -m benchmarks.guard.screened``: what the guard adds to a request of 20 kB, from its bytes to what goes out.

The body is read, looked at whole, decided about, redacted and spelled anew, and an answer is restored: all that the
server does besides passing bytes on, in processor time of one thread.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path

from benchmarks.guard.texts import clean_prompt
from stillwatch.app.guard.screening import Guarding, Screening
from stillwatch.guard.traffic.screener import Request

SIZE, COUNT, WARM = 20_000, 1500, 20
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "It goes to [EMAIL_1_abcde]."}}]}


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        screening = Screening.open(Guarding(Path(home), "example-assistant"))
        for what, more in (("nothing found", ""), ("one address redacted", " Write to jo@firm.example.")):
            times = sorted(_times(screening, more))
            print(f"{what}: p50 {times[len(times) // 2]:.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms")


def _times(screening: Screening, more: str) -> list[float]:
    rnd, found = random.Random(7), []
    for _ in range(COUNT + WARM):
        text = clean_prompt(rnd, SIZE)[:SIZE] + more
        raw = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
        begun = time.thread_time()
        screened = screening.screener.screen(Request("caller", "application/json", raw), time.time())
        screening.restored("caller", screened.redaction).whole(ANSWER)
        found.append((time.thread_time() - begun) * 1e3)
    return found[WARM:]


if __name__ == "__main__":
    main()
