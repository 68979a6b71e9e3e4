"""``privacy access``: what is stored of a person, as Art. 15 GDPR asks for it.

Contract: reads only. Every row of the person is in ``data``; other people are not: of a link only that there is one, of
an example only that there are some, because it does not say whose words it is. With a register the rest of Art. 15(1)
is answered from it. What must not be disclosed in a case under way is for a person to decide, and the paper says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.app.privacy import case_stores, stores, whom
from stillwatch.app.privacy.erase import ERASURES
from stillwatch.app.privacy.erasing_run import campaigns_of, rows_of
from stillwatch.app.privacy.feeds import feeds_among, files_of, names_told
from stillwatch.app.privacy.gateway_log import names_in, rows_in
from stillwatch.app.privacy.gather import gather
from stillwatch.app.privacy.handing_over import Row, handing_over, told_items
from stillwatch.app.privacy.loose import search
from stillwatch.app.privacy.packed import UnsearchableError
from stillwatch.app.privacy.run_data import RunData, read_run
from stillwatch.app.privacy.watch_state import is_watched, rows_of_state
from stillwatch.cases.state import Case
from stillwatch.config.load import Loaded
from stillwatch.derive.journal import Journal
from stillwatch.keyring import FILE_NAME, read_keyring
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS
from stillwatch.privacy.catalogue import TOPICS
from stillwatch.privacy.categories import KEPT
from stillwatch.privacy.paper import Item, Paper, Part, document, item
from stillwatch.privacy.person import Person
from stillwatch.privacy.register import load_register

_ARTICLE_15 = (
    ("Art. 15(1)(a)", "Purposes", ("purposes", "legal_bases")),
    ("Art. 15(1)(b)", "Categories of data", ("categories",)),
    ("Art. 15(1)(c)", "Recipients", ("recipients", "transfers")),
    ("Art. 15(1)(d)", "For how long", ("retention",)),
    ("Art. 15(1)(g)", "Sources", ("sources",)),
)
STATE_ROWS = "state of watch"
_RIGHTS = "rectification Art. 16, erasure Art. 17, restriction Art. 18, objection Art. 21, complaint Art. 77"
_DECIDES = "the product names accounts and decides nothing about them: a person does"
NOTES = (
    "Rows of other people are left out (Art. 15(4)). Whether anything else must be withheld, for instance from "
    "somebody who is under investigation, is for a person to decide before this leaves the house.",
    "What was not named was not searched: other folders, copies, backups, the logs that were scanned.",
)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Whom and where; ``register`` is None where there is none."""

    account: str
    end_user: str
    stores: tuple[Path, ...]
    register: Path | None
    loaded: Loaded
    home: Path
    now: datetime


def access(request: AccessRequest) -> dict[str, Any]:
    """What is stored of the person, as a paper with ``data``."""
    found = stores.find(request.stores)
    runs = [read_run(folder) for folder in found.runs]
    journals = case_stores.views(request.home, found.loose)
    feeds = feeds_among(journals, found.loose)
    known = {name for view in journals for name in case_stores.names_in(view)} | names_told(feeds)
    known |= {name for path in found.loose for name in names_in(path)}
    person = whom.resolve(request.account, request.end_user, runs, known)
    data = {str(run.folder): _data(run, person) | _in_state(run.folder, person, request) for run in runs}
    logs = {str(path): [_plain(row) for row in rows] for path in found.loose if (rows := rows_in(path, person))}
    told = {*map(str, files_of(feeds)), *logs}
    mentions = {str(p): said for p in found.loose if str(p) not in told and (said := _mentions(p, person))}
    handed = handing_over(journals, feeds, found.loose, person)
    cases = [c for view in journals if person.account for c in case_stores.cases_of(view, person)]
    parts = [
        *_parts(data, logs, handed, mentions, cases),
        *_context(request),
        Part("rights", "Rights and decisions", "Art. 15(1)(e), (f), (h)", tuple(_rights())),
    ]
    name = person.end_user or person.account_id
    paper = Paper("access", "What is stored of a person", name, tuple(parts), dict(_facts(request, person)), NOTES)
    return document(paper, request.now) | {"data": data, "logs": logs, "handed": handed, "mentions": mentions}


def _parts(
    data: Mapping[str, dict[str, Any]],
    logs: Mapping[str, list[Any]],
    handed: Sequence[Row],
    mentions: Mapping[str, str],
    cases: Sequence[Case],
) -> Iterator[Part]:
    """What was found, place by place."""
    for n, (folder, held) in enumerate(data.items(), 1):
        yield Part(f"run-{n}", folder, "Art. 15(1), 15(3)", tuple(_items(held)))
    if logs:
        items = [Item(path, (f"{len(rows):,} rows",)) for path, rows in logs.items()]
        yield Part("logs", "Logs that the product wrote", "Art. 15(1), 15(3)", tuple(items))
    if handed:
        yield Part("handed", "Decided, sent and written for others", "Art. 15(1)(c)", tuple(told_items(handed)))
    if mentions:
        yield Part("loose", "Other files", "Art. 15(1)", tuple(Item(path, (said,)) for path, said in mentions.items()))
    if cases:
        items = [Item(f"Case {c.case_id}", (f"{c.state}, {c.disposition or 'not decided'}",)) for c in cases]
        yield Part("cases", "Cases", "Art. 15(1)", tuple(items))


def _mentions(path: Path, person: Person) -> str:
    try:
        found = search(path, person)
    except UnsearchableError as error:
        return f"not searched: {error}"
    return f"{found:,} mentions" if found else ""


def _data(run: RunData, person: Person) -> dict[str, Any]:
    """The person's rows by table, and the campaigns with the number of their examples."""
    rows = {table.name: rows_of(run, table.name, person) for table in KEPT}
    for link in rows[LINKS.name]:
        del link["account_a"], link["account_b"]
    mine = campaigns_of(run, person) if person.account else set()
    examples = {str(e.get("campaign_id")): len(e.get("examples") or ()) for e in run.campaigns}
    shown = {name: [_plain(row) for row in found] for name, found in rows.items() if found}
    return shown | {"examples": {name: examples.get(name, 0) for name in sorted(mine)}}


def _in_state(folder: Path, person: Person, request: AccessRequest) -> dict[str, Any]:
    """Rows in the state of ``watch``: keyed sketches, of which only the number can be read by anybody."""
    keys = read_keyring(request.home / FILE_NAME)
    if keys is None or not is_watched(folder):
        return {}
    found = rows_of_state(folder, person, keys)
    return {STATE_ROWS: found} if found else {}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _spelled(value) for name, value in row.items()}


def _spelled(value: Any) -> Any:
    """A value as JSON can hold it; keyed hashes in hexadecimal."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.hex() if isinstance(value, bytes) else value


def _items(held: dict[str, Any]) -> Iterator[Item]:
    if hours := held.get(FACTS.name):
        sums = (sum(row["exchanges"] for row in hours), sum(row["output_tokens"] for row in hours))
        span = f"{hours[0]['hour']} to {hours[-1]['hour']}"
        yield Item("Traffic by the hour", (f"{len(hours):,} hours, {sums[0]:,} requests, {sums[1]:,} tokens", span))
    for row in held.get(CAMPAIGNS.name, ()):
        named = f"named at {row['named_at']}" if row["named_at"] else "not named"
        state = f"{row['state']}, member since {row['since']}, membership {row['membership_prob']:.2f}, {named}"
        yield Item(f"Campaign {row['campaign_id']}", (state, f"{held['examples'].get(row['campaign_id'], 0)} examples"))
    if links := held.get(LINKS.name):
        kinds = ", ".join(sorted({row["kind"] for row in links}))
        yield Item("Links to other accounts", (f"{len(links):,}: {kinds}",))
    if found := held.get(STATE_ROWS):
        yield Item("Rows in the state of watch", (f"{found:,}: keyed sketches and sums",))
    for name in sorted(held.keys() - {FACTS.name, CAMPAIGNS.name, LINKS.name, STATE_ROWS, "examples"}):
        yield Item(f"Rows of {name}", (f"{len(held[name]):,}",))
    if not held.keys() - {"examples"}:
        yield Item("Found", ("nothing",))


def _context(request: AccessRequest) -> Iterator[Part]:
    if request.register is None:
        return
    register = load_register(request.register)
    running, topics = gather(request.loaded, request.home, request.stores), dict(TOPICS)
    for number, (rule, title, names) in enumerate(_ARTICLE_15, 1):
        items = tuple(i for name in names for i in topics[name](register, running))
        yield Part(f"context-{number}", title, rule, items)


def _rights() -> Iterator[Item]:
    yield item("Rights", _RIGHTS, "GDPR")
    yield item("Automated decisions", _DECIDES, "part of the product")


def _facts(request: AccessRequest, person: Person) -> Iterator[tuple[str, str]]:
    """Earlier erasures, recognised by their pseudonym under every key that is still held."""
    yield "Run folders", ", ".join(map(str, request.stores))
    keyring = read_keyring(request.home / FILE_NAME)
    names = set() if keyring is None else set(whom.pseudonyms(person, keyring))
    before = [e.at for e in Journal(request.home / ERASURES).entries() if e.body.get("person") in names]
    if before:
        yield "Erased before", ", ".join(before)
