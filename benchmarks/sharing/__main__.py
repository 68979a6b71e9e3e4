"""``python -m benchmarks.sharing``: one operator at two made-up providers; the first tells, the second looks.

For every exchange an operator of a drawn method is played once and its accounts are dealt to two providers, each with a
background and look-alikes of its own. The first provider collects the machinery of its half as ``case export --log``
does, the second looks for it as ``sight`` does. Counted are the operator's accounts that are found, and everybody else
who is: the false matches. Rows are appended to a file, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.cases.collecting import Collected, History, Looking, exchange_seed
from stillwatch.app.sight.looking import Looked, look
from stillwatch.sketch.batch import warm_up
from stillwatch.worlds import catalogue
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import background, drawn
from stillwatch.worlds.world import World, make_world

START = 1_767_571_200_000_000
DAYS, PEOPLE, LOOKALIKES = 1.5, 400, 10
ACCOUNTS, RATE = (30, 80), 20.0
KINDS = tuple(kind for kind in catalogue.OPERATOR_KINDS if kind != "single_harvester")
KEY = b"a key that both providers hold"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=16)
    parser.add_argument("--work", type=Path, default=Path("sharing.jsonl"))
    asked = parser.parse_args()
    warm_up()
    done = [json.loads(line) for line in asked.work.read_text().splitlines()] if asked.work.exists() else []
    for number in range(len(done), asked.exchanges):
        done.append(_exchange(number))
        with asked.work.open("a") as file:
            file.write(json.dumps(done[-1]) + "\n")
    print("\n".join(_table(done)))


def _exchange(number: int) -> dict[str, Any]:
    rng = np.random.default_rng([number, 5])
    kind = KINDS[number % len(KINDS)]
    drawn_actor = cast(Any, catalogue.BY_KIND[kind].draw(rng))
    accounts = int(np.clip(drawn_actor.accounts, *ACCOUNTS))
    actor = replace(drawn_actor, accounts=accounts, rate=min(drawn_actor.rate, RATE))
    played = make_world(Plan(START, DAYS, (actor,)), 1_000 + number)
    named = zip(played.truth["account_id"].to_pylist(), played.truth["operator"].to_pylist(), strict=True)
    members = [account for account, operator in named if operator]
    with tempfile.TemporaryDirectory() as work:
        first, _ = _provider(Path(work) / "first", 2 * number, played, members[::2])
        second, kinds = _provider(Path(work) / "second", 2 * number + 1, played, members[1::2])
        told = _collected(first, set(members[::2]))
        found, seen = _looked(second, told)
    theirs = set(members[1::2])
    false = Counter(kinds[name] for name in found - theirs)
    return {
        "kind": kind,
        "hashes": 0 if told.machinery is None else len(told.machinery.hashes),
        "there": len(theirs),
        "found": len(found & theirs),
        "others": seen - len(theirs),
        "false": dict(sorted(false.items())),
    }


def _provider(path: Path, seed: int, played: World, members: list[str]) -> tuple[Path, dict[str, str]]:
    """A log with the members in it, and what every other account is."""
    rng = np.random.default_rng([seed, 6])
    actors = (*background(rng, PEOPLE), *drawn(rng, catalogue.LOOKALIKE_KINDS, LOOKALIKES, 250.0))
    world = make_world(Plan(START, DAYS, actors), seed)
    theirs = played.exchanges.filter(pc.is_in(played.exchanges["account_id"], pa.array(members)))
    pq.write_table(pa.concat_tables([world.exchanges, theirs]), path.with_suffix(".parquet"))
    kinds = dict(zip(world.truth["account_id"].to_pylist(), world.truth["actor_kind"].to_pylist(), strict=True))
    return path.with_suffix(".parquet"), kinds


def _collected(log: Path, members: set[str]) -> Collected:
    always = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    return Looking(History((str(log),)), exchange_seed(KEY), *always, members, set()).collected()


def _looked(log: Path, told: Collected) -> tuple[set[str], int]:
    wanted = [] if told.machinery is None else [Looked(machinery=told.machinery)]
    _, accounts, _ = look(History((str(log),)), (), wanted, exchange_seed(KEY))
    return set(wanted[0].sighted if wanted else ()), accounts


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{datetime.now(UTC):%Y-%m-%d}, {os.uname().machine}, `python -m benchmarks.sharing --exchanges {len(rows)}`"
    yield ""
    yield "| operator | hashes told | its accounts there | found | other accounts | false matches |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        false = ", ".join(f"{count} {kind}" for kind, count in row["false"].items()) or "0"
        yield f"| {row['kind']} | {row['hashes']} | {row['there']} | {row['found']} | {row['others']} | {false} |"
    there, found, others = (sum(row[name] for row in rows) for name in ("there", "found", "others"))
    false = sum(sum(row["false"].values()) for row in rows)
    share = f"{false} = {100 * false / max(others, 1):.2f} %"
    yield f"| **all** | | {there} | {found} = {100 * found / max(there, 1):.0f} % | {others} | {share} |"


if __name__ == "__main__":
    main()
