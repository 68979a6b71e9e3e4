"""Write a world to a folder: Parquet for the tables, a short JSON that says what it is.

Files: exchanges.parquet, accounts.parquet, truth.parquet, truth_exchanges.parquet, world.json. The folder is made;
files of these names are replaced, others are left alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq

from stillwatch.errors import StoreError
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.world import World

ORIGIN = "made up by Stillwatch's generator"
TABLES = ("exchanges", "accounts", "truth", "truth_exchanges")


def write_world(world: World, folder: Path, plan: Plan, seed: int) -> dict[str, Path]:
    """Write everything; returns the path of each table and of ``world``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = {name: folder / f"{name}.parquet" for name in TABLES}
        for name, path in paths.items():
            pq.write_table(getattr(world, name), path, compression="zstd")
        paths["world"] = folder / "world.json"
        paths["world"].write_text(json.dumps(_card(world, plan, seed), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"cannot write a made-up world to {folder}: {error.strerror or error}. Choose another folder."
        raise StoreError(message) from error
    return paths


def _card(world: World, plan: Plan, seed: int) -> dict[str, Any]:
    return {
        "schema": "stillwatch.world/1",
        "origin": ORIGIN,
        "note": "All accounts, firms, addresses, texts and operators in this folder are fictitious.",
        "seed": seed,
        "start": plan.start,
        "days": plan.days,
        "limited": plan.limited,
        "shed": plan.shed,
        "counts": {name: getattr(world, name).num_rows for name in TABLES},
        "actors": [{"number": n, "kind": a.kind, **asdict(cast(Any, a))} for n, a in enumerate(plan.actors)],
    }
