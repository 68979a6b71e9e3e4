"""``python -m benchmarks.guard``: quality and speed of the guard and of other tools, in one run."""

from __future__ import annotations

import argparse
import random
import sys

from benchmarks.guard import second
from benchmarks.guard.measure import latencies_ms, megabytes_a_second, scores
from benchmarks.guard.texts import SETS, clean_prompt, make
from benchmarks.guard.tools import TOOLS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=[*SETS, "second"], default="tuning", help="only the first is for tuning")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="name of one tool")
    parser.add_argument("--mistakes", type=int, default=0, help="show so many of each tool's mistakes")
    asked = parser.parse_args()
    is_second = asked.set == "second"
    texts = second.make(asked.texts, asked.seed) if is_second else make(asked.set, asked.texts, asked.seed)
    labels = sum(len(text.labels) for text in texts)
    print(f"{len(texts)} texts of the {asked.set} set, {labels} labels, seed {asked.seed}\n")
    rnd = random.Random(3)
    clean, mixed = (
        [clean_prompt(rnd, 20_000) for _ in range(20)],
        ["".join(t.text for t in texts[k::20]) for k in range(20)],
    )
    rows = ["| tool | kind | precision | recall | F1 | found | false | missed |", "|---|---|---|---|---|---|---|---|"]
    speeds = [
        "| tool | clean prompts, MB/s | these texts, MB/s | 20 kB, p50 ms | 20 kB, p99 ms |",
        "|---|---|---|---|---|",
    ]
    for tool in TOOLS:
        if asked.only and asked.only not in tool.name:
            continue
        try:
            check = tool.open()
        except ImportError as error:
            print(f"{tool.name}: not installed ({error})", file=sys.stderr)
            continue
        found, mistakes = scores(check, texts, tool.kinds)
        for kind, s in found.items():
            rows.append(
                f"| {tool.name} | {kind} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} "
                f"| {s.hits} | {s.false} | {s.missed} |"
            )
        times = latencies_ms(check, 20_000, 400 if tool is TOOLS[0] else 20)
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        speed = megabytes_a_second(check, clean), megabytes_a_second(check, mixed)
        speeds.append(f"| {tool.name} | {speed[0]:.3g} | {speed[1]:.3g} | {p50:.2f} | {p99:.2f} |")
        for what, kind, around in mistakes[: asked.mistakes]:
            print(what, kind, repr(around), file=sys.stderr)
    print("\n".join([*rows, "", *speeds]))


main()
