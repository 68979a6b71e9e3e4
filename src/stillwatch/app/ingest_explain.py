"""``ingest --explain``: which adapter fits a file, what it fills, what is missing, and what that costs a scan.

Reads the first rows of one file with every adapter whose marks it has, never the whole; writes nothing. An adapter
fits if rows come out that have an account and a time. The answer is about those rows: a column counts as filled if any
of them has it, and the share says how many do.

Deliberately decides nothing for a later scan: a preset also decides who counts as an account, so it has to be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa

from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest import edge
from stillwatch.ingest.adapters import ADAPTERS, adapter_of, is_marked
from stillwatch.ingest.aliases import names_for
from stillwatch.ingest.inputs import STDIN, list_inputs
from stillwatch.ingest.mapfile import load_map, preset, preset_names
from stillwatch.ingest.power import COSTS, Cost
from stillwatch.ingest.read import REQUIRED, read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sketched import recipe_of

SCHEMA = "stillwatch.ingest-explain/1"
BATCH_ROWS = 1000
BATCHES = 2
_KEY = b"explain"
"""Nothing of an explanation is kept, so its row ids need no secret."""
EDGE = (
    "It is the access log of a proxy: no log of its own, but give it to a scan of the exchanges behind that proxy, "
    "with --join FILE."
)
SKETCHED = (
    "Texts are held as sketches: scan takes them as they are, under the same key, and shows no examples; watch finds "
    "groups in text only."
)
_TEXTS = ("system_instructions", "input_messages", "output_messages")
NO_MARKS = "the file has not the columns by which it is recognised"
_SHOWN_REASONS = 5
_SHOWN_NAMES = 20


@dataclass(slots=True)
class Trial:
    """One adapter on one file."""

    adapter: str
    mapping: str | None
    rows: int = 0
    filled: dict[str, int] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    wrong_values: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    why_not: str | None = None
    sketched: bool = False
    """Whether sketches stand in place of texts."""

    @property
    def fits(self) -> bool:
        return self.rows > 0

    @property
    def merit(self) -> tuple[float, int, int]:
        """How well it fits: rows kept, text found, columns filled."""
        lost = sum(self.rejects.values())
        return (self.rows / (self.rows + lost) if self.rows else 0.0, self.has("input_messages"), len(self.filled))

    def has(self, column: str) -> bool:
        return self.filled.get(column, 0) > 0

    def missing(self) -> list[Cost]:
        """Columns that no row has, and what each costs."""
        return [c for c in COSTS if not self.has(c.column) and not (self.sketched and c.column in _TEXTS)]


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer: as a document, and as lines that still have to pass ``inert``."""

    document: dict[str, Any]
    lines: list[str]


def explain_input(file: str, mapping: str | None = None) -> Explained:
    """Try every adapter on ``file``, or only the column map that was named."""
    _check(file)
    if mapping is not None:
        load_map(mapping)
    asked = [None, *(name for name in preset_names() if not preset(name).automatic)]
    named = asked if mapping is None else [mapping]
    trials = [_try(file, name, unasked=mapping is None) for name in named]
    fitting = sorted((t for t in trials if t.fits), key=lambda t: t.merit, reverse=True)
    # What is recognised by itself needs no option: a preset must be better to be advised.
    best = next((t for t in fitting if t.mapping is None and t.merit[:2] >= fitting[0].merit[:2]), None)
    best = best or (fitting[0] if fitting else None)
    document = _document(file, trials, best)
    lines = list(_lines(file, trials, best))
    if best is None and edge.recognises(list_inputs([file])[0]):
        document["access_log"], lines = True, [*lines[:1], EDGE]
    return Explained(document, lines)


def _check(file: str) -> None:
    if file == STDIN:
        raise ConfigurationError("--explain reads a file several times and cannot read standard input; name a file")
    found = list_inputs([file])
    if len(found) != 1 or not found[0].explicit:
        raise ConfigurationError(f"--explain {file}: holds {len(found)} files; name one of them: {found[0].name}")


def _try(file: str, mapping: str | None, *, unasked: bool) -> Trial:
    trial = Trial(mapping or "canonical", mapping)
    rejects = Rejects(_KEY)
    try:
        if mapping is None:
            trial.adapter = adapter_of(file)
        elif unasked and not is_marked(file, load_map(mapping)):
            trial.why_not = NO_MARKS
            return trial
        batches = read_exchanges([file], rejects=rejects, key=_KEY, batch_rows=BATCH_ROWS, mapping=mapping)
        for batch in islice(batches, BATCHES):
            _count(batch, trial)
    except InputError as error:
        trial.why_not = str(error)
    trial.rejects = dict(rejects.by_reason)
    trial.wrong_values = dict(rejects.wrong_values)
    trial.sketched = mapping is None and recipe_of(file) is not None
    trial.ignored = [] if trial.sketched else sorted(rejects.ignored_columns)
    trial.remarks = list(rejects.remarks)
    return trial


def _count(batch: pa.RecordBatch, trial: Trial) -> None:
    trial.rows += batch.num_rows
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if held := batch.num_rows - column.null_count:
            trial.filled[name] = trial.filled.get(name, 0) + held
    made_up = sum(str(event).startswith("ev-") for event in batch.column("event_id").to_pylist())
    trial.filled["event_id"] -= made_up


def _document(file: str, trials: list[Trial], best: Trial | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "file": file,
        "adapter": None if best is None else best.adapter,
        "map": None if best is None else best.mapping,
        "fitting": [t.adapter for t in trials if t.fits],
        "rows_looked_at": 0 if best is None else best.rows + sum(best.rejects.values()),
        "rejects": {} if best is None else best.rejects,
        "wrong_values": {} if best is None else best.wrong_values,
        "ignored_columns": [] if best is None else best.ignored,
        "remarks": [] if best is None else best.remarks,
        "filled": {}
        if best is None
        else {c.column: best.filled[c.column] / best.rows for c in COSTS if best.has(c.column)},
        "missing": []
        if best is None
        else [{"column": c.column, "weight": c.weight, "cost": c.sentence} for c in best.missing()],
        "sketched": best is not None and best.sketched,
        "access_log": False,
        "tried": [{"adapter": t.adapter, "fits": t.fits, "why_not": _why_not(t)} for t in trials],
    }


def _lines(file: str, trials: list[Trial], best: Trial | None) -> Iterator[str]:
    if best is None:
        yield from _nothing_fits(file, trials)
        return
    looked = best.rows + sum(best.rejects.values())
    yield f"{file}: {best.adapter}{_option(best)}, {best.rows:,} of the first {looked:,} rows are exchanges."
    others = [t.adapter for t in trials if t.fits and t is not best]
    if others:
        yield f"Would also fit: {', '.join(others)}."
    yield from _told_of_rows(best)
    filled = [f"{c.column} {best.filled[c.column] / best.rows:.0%}" for c in COSTS if best.has(c.column)]
    yield f"Filled: {', '.join(filled)}."
    if best.sketched:
        yield SKETCHED
    for weight, title in (("required", "Missing, no scan"), ("blind", "Missing, blind"), ("weaker", "Missing, weaker")):
        for cost in (c for c in best.missing() if c.weight == weight):
            yield f"{title}: {cost.column}. {cost.sentence}"
    rest = [c.column for c in best.missing() if c.weight == "none"]
    if rest:
        yield f"Missing, nothing lost in detection: {', '.join(rest)}."


def _nothing_fits(file: str, trials: list[Trial]) -> Iterator[str]:
    yield f"No adapter fits {file}."
    for trial in (t for t in trials if t.why_not != NO_MARKS):
        yield f"  {trial.adapter}: {_why_not(trial)}"
    for column in (column for column in REQUIRED if f"no {column}" in trials[0].rejects):
        yield f"{column} is looked for as {', '.join(names_for(column))}."
    yield from _not_read(trials[0])
    yield f"Adapters: {', '.join(name for name, _ in ADAPTERS)}."
    yield "A column map of your own (--map FILE.toml) begins so:"
    yield "  [columns]"
    for column in (*REQUIRED, "input_messages"):
        yield f'  {column} = "ITS NAME IN YOUR FILE"'


def _option(trial: Trial) -> str:
    return "" if trial.mapping is None else f" (--map {trial.mapping})"


def _told_of_rows(trial: Trial) -> Iterator[str]:
    for reason, count in sorted(trial.rejects.items(), key=lambda r: -r[1])[:_SHOWN_REASONS]:
        yield f"Rejected: {count:,} rows: {reason}."
    for column, count in sorted(trial.wrong_values.items()):
        yield f"Emptied: {count:,} values of {column} do not fit its type."
    yield from _not_read(trial)
    yield from trial.remarks


def _not_read(trial: Trial) -> Iterator[str]:
    if trial.ignored:
        more = len(trial.ignored) - _SHOWN_NAMES
        yield f"Not read: {', '.join(trial.ignored[:_SHOWN_NAMES])}{f' and {more} more' if more > 0 else ''}."


def _why_not(trial: Trial) -> str | None:
    if trial.fits:
        return None
    if trial.why_not is not None:
        return trial.why_not
    lost = ", ".join(f"{count} rows: {reason}" for reason, count in trial.rejects.items())
    return lost or (trial.remarks[0] if trial.remarks else "no row came out")
