"""Name, build and find labelled worlds.

Contract: a world is asked for as `KIND:SEEDS` (`week:1-3`, `week:1,4,7`). `built` answers the folder of one
world, built by the range's own `make_world.py` if it is not already there; a folder counts as built when it holds
`world.json`, which is why a world is made beside its place and moved there only when it is whole. Nothing of the
range is copied into the project: its folder is an argument, its scripts are run as programs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HELD_BACK = frozenset(range(11, 21))
"""Seeds that are looked at seldom; every look at one of them is recorded with its reason (see looks.py)."""


@dataclass(frozen=True, order=True)
class WorldSpec:
    """One world: what kind, from which seed, how large, with which share of requests refused by the coin."""

    kind: str
    seed: int
    scale: float = 1.0
    shed_rate: float = 0.0

    @property
    def slug(self) -> str:
        return f"{self.kind}-{self.seed}-x{self.scale:g}-shed{self.shed_rate:g}"


def parse(text: str, *, scale: float = 1.0, shed_rate: float = 0.0) -> list[WorldSpec]:
    """The worlds that one `KIND:SEEDS` names, in the order given."""
    kind, colon, seeds = text.partition(":")
    if not kind or not colon:
        raise ValueError(f"{text!r} names no seeds: write KIND:1-3 or KIND:1,4,7")
    return [WorldSpec(kind, seed, scale, shed_rate) for part in seeds.split(",") for seed in _seeds(part, text)]


def _seeds(part: str, text: str) -> range:
    first, dash, last = part.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise ValueError(f"{part!r} in {text!r} is neither a seed nor a range of seeds such as 1-3")
    span = range(int(first), int(last if dash else first) + 1)
    if not span:
        raise ValueError(f"{part!r} in {text!r} counts downwards")
    return span


def built(range_folder: Path, spec: WorldSpec, work: Path) -> Path:
    """The folder of a world under `work`, made on first use."""
    place = work / "worlds" / spec.slug
    if (place / "world.json").exists():
        return place
    unfinished = place.with_name(f".{place.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    subprocess.run(_make_command(range_folder, spec, unfinished), check=True, stdout=subprocess.DEVNULL)
    return unfinished.rename(place)


def described(world: Path) -> dict[str, Any]:
    """What the world says of itself."""
    answer: dict[str, Any] = json.loads((world / "world.json").read_text())
    return answer


def _make_command(range_folder: Path, spec: WorldSpec, out: Path) -> Sequence[str]:
    numbers = {"--seed": spec.seed, "--scale": spec.scale, "--shed-rate": spec.shed_rate}
    options = [word for name, value in numbers.items() for word in (name, f"{value:g}")]
    return [sys.executable, str(range_folder / "make_world.py"), "--world", spec.kind, *options, "--out", str(out)]
