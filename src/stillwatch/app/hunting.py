"""What a hunt hands back: rows for programs, a table with reasons for people, a file of the rows.

Rows hold ids as the log has them; lines are inert. The words rank and explain: they say what two accounts share, how
many others share it and what else it could be, never whose account it is.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stillwatch import inert
from stillwatch.app.naming import shown
from stillwatch.app.requests import HuntResult
from stillwatch.errors import ConfigurationError
from stillwatch.groups.kinship import KINDS, Kinship
from stillwatch.model.frame import Codebook
from stillwatch.model.scope import account_of, scoped, tenant_of
from stillwatch.report.wording import plural
from stillwatch.store.files import write_atomic

SHOWN = 25
LEAST_PART = 0.1
"""A kind that weighs less than this is not worth a person's reading."""
_COUNTED = ("template", "network", "client")
"""Kinds of which an account can hold many values."""
FORMATS = (".csv", ".json", ".jsonl")


def result(kin: Kinship, accounts: Codebook, seeds: Sequence[str], *, has_register: bool, rejected: int) -> HuntResult:
    """Rows of all accounts that agree with the seeds in anything, and lines about the first of them."""
    rows = [_row(kin, accounts, code) for code in kin.ranked().tolist()]
    # Codes follow the order of the log, so ties are broken by name: the same accounts, the same answer.
    rows.sort(key=lambda row: (-row["weight"], row.get("tenant_id", ""), row["account_id"]))
    return HuntResult(rows, list(_lines(rows, seeds, len(kin.weight), has_register, rejected)))


def _row(kin: Kinship, accounts: Codebook, code: int) -> dict[str, Any]:
    used = {name: part for name, part in kin.parts.items() if part.weight[code] > 0}
    name = accounts.names[code]
    tenant = tenant_of(name)
    return {
        "account_id": account_of(name),
        **({} if tenant is None else {"tenant_id": tenant}),
        "weight": round(float(kin.weight[code]), 3),
        "parts": {name: round(float(part.weight[code]), 3) for name, part in used.items()},
        "shared": {name: int(part.shared[code]) for name, part in used.items()},
        "holders_elsewhere": {name: int(part.holders[code]) - 1 for name, part in used.items()},
    }


def _lines(
    rows: Sequence[Mapping[str, Any]], seeds: Sequence[str], population: int, has_register: bool, rejected: int
) -> Iterator[str]:
    others = population - len(seeds)
    yield f"Accounts that behave like {', '.join(map(shown, seeds))}"
    yield ""
    if not rows:
        yield f"None of the {plural(others, 'other account')} shares anything with it that is rarer than usual."
        yield from _caveats(has_register, rejected)
        return
    yield f"  {'':>4}  {'weight':>6}  {'account':<20}  what they share (other accounts that share it) and its weight"
    for place, row in enumerate(rows[:SHOWN], 1):
        name = shown(scoped(row.get("tenant_id"), row["account_id"]))
        reasons = ", ".join(_reasons(row)) or "nothing that stands out"
        yield f"  {place:>3}.  {row['weight']:>6.1f}  {name:<20}  {reasons}"
    if len(rows) > SHOWN:
        yield f"  … and {plural(len(rows) - SHOWN, 'more account')} with lower weights (--json or --out lists all)"
    yield ""
    yield from _reading(others)
    yield from _legend(rows[:SHOWN])
    yield from _caveats(has_register, rejected)


def _reasons(row: Mapping[str, Any]) -> Iterator[str]:
    for name, weight in sorted(row["parts"].items(), key=lambda part: (-part[1], part[0])):
        if weight >= LEAST_PART:
            shared = row["shared"][name]
            count = f" ×{shared:,}" if shared > 1 and name in _COUNTED else ""
            yield f"{name}{count} ({row['holders_elsewhere'][name]:,}) {weight:+.1f}"


def _reading(others: int) -> Iterator[str]:
    even = math.log10(max(others, 1))
    yield (
        "How to read it: a weight of 2 means that the agreement is 10^2 = 100 times as likely between accounts of one "
        "operator as between strangers."
    )
    yield (
        f"If the operator had a single further account among these {others:,}, a weight of {even:.1f} would make the "
        "odds even."
    )


def _legend(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    seen = {name for row in rows for name, weight in row["parts"].items() if weight >= LEAST_PART}
    yield "What is compared, and what else it could be:"
    for kind in KINDS:
        if kind.name in seen:
            yield f"  {kind.name:<10}  {kind.agreement}. Could be: {kind.could_be}"


def _caveats(has_register: bool, rejected: int) -> Iterator[str]:
    if not has_register:
        yield "No account register: means of payment, organisation, mail domain and day of opening were not compared."
    if rejected:
        yield f"{plural(rejected, 'row')} could not be read and are missing here; a scan lists them with reasons."
    yield (
        "A hunt names nobody and has no error rate: the weights are added as if the kinds were independent, which "
        "flatters firms and offices. It says where to look next; a scan says what can be defended."
    )


def check_out(out: Path | None) -> None:
    """Refuse a file that cannot be written in the end, before the log is read."""
    if out is None:
        return
    if out.suffix.lower() not in FORMATS:
        allowed = ", ".join(FORMATS)
        raise ConfigurationError(f"cannot tell the format of --out {out}: its name must end in one of {allowed}")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ConfigurationError(f"cannot write --out {out}: name a file in a folder that exists")


def write_rows(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Write all rows to ``out`` in the format of its name."""
    suffix = out.suffix.lower()
    if suffix == ".csv":
        write_atomic(out, _as_csv(rows))
    elif suffix == ".json":
        write_atomic(out, json.dumps(list(rows), indent=1) + "\n")
    else:
        write_atomic(out, "".join(json.dumps(row) + "\n" for row in rows))


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line per account, one column per kind and figure; text made safe for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text)
    figures = ("parts", "shared", "holders_elsewhere")
    columns = [(kind.name, figure) for kind in KINDS for figure in figures]
    headings = {"parts": "weight", "shared": "shared", "holders_elsewhere": "holders_elsewhere"}
    writer.writerow(["account_id", "tenant_id", "weight", *(f"{name}_{headings[f]}" for name, f in columns)])
    for row in rows:
        ids = [inert.csv_cell(row["account_id"]), inert.csv_cell(row.get("tenant_id", ""))]
        writer.writerow([*ids, row["weight"], *(row[figure].get(name, "") for name, figure in columns)])
    return text.getvalue()
