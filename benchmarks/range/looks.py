"""Record every look at the held-back seeds, so that nobody can tune on them unseen.

Contract: appends lines to `LOOKS.md`, never rewrites one. A run over a held-back seed without a reason is refused
before anything is built. The line is written when the run starts: a look that fails half-way was still a look.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.range.worlds import HELD_BACK, WorldSpec

LOG = Path(__file__).with_name("LOOKS.md")
_HEAD = """# Looks at the held-back seeds

Seeds 11 to 20 are not for tuning. Each run of `python -m benchmarks.range` over one of them adds a line here by
itself; a run over other seeds adds one with `--append-log`.

| date (UTC) | commit | worlds | why |
|---|---|---|---|
"""


class MissingReasonError(ValueError):
    """A held-back seed was asked for without saying why."""


def record(specs: Sequence[WorldSpec], why: str | None, *, always: bool = False, log: Path = LOG) -> bool:
    """Append a line if a held-back seed is among the worlds (or `always`); answers whether one was written."""
    held_back = sorted({spec.seed for spec in specs if spec.seed in HELD_BACK})
    if held_back and not (why or "").strip():
        raise MissingReasonError(f"seeds {_listed(held_back)} are held back: say with --why what this look is for")
    if not held_back and not always:
        return False
    if not log.exists():
        log.write_text(_HEAD)
    cells = (f"{datetime.now(UTC):%Y-%m-%d %H:%M}", commit(), worlds_in_words(specs), _cell(why or ""))
    with log.open("a") as lines:
        lines.write("| " + " | ".join(cells) + " |\n")
    return True


def commit() -> str:
    """The checkout's commit, marked where the tree differs from it."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else ""

    name = git("rev-parse", "--short", "HEAD")
    return (name + ("+changes" if git("status", "--porcelain") else "")) if name else "unknown"


def worlds_in_words(specs: Iterable[WorldSpec]) -> str:
    """`kind:1,2,3` per kind, with scale and shed rate where they are not the default."""
    seeds: dict[str, list[int]] = {}
    for spec in specs:
        extra = (f" x{spec.scale:g}" if spec.scale != 1 else "") + (
            f" shed {spec.shed_rate:g}" if spec.shed_rate else ""
        )
        seeds.setdefault(spec.kind + extra, []).append(spec.seed)
    return " ".join(f"{kind}:{_listed(numbers)}" for kind, numbers in seeds.items())


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(str(number) for number in numbers)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
