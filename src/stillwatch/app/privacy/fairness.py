"""``privacy fairness``: a run, the account register, and, for languages and countries of addresses, its log.

Contract: reads only; texts of the log are counted by script and commonest words and dropped. Of an account the first
``SAMPLED`` requests count. What the features read is taken from the declarations that the run itself goes by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.app.facts import Facts
from stillwatch.app.runfolder import read_table
from stillwatch.app.stages import STAGES
from stillwatch.errors import ConfigurationError
from stillwatch.evidence import profile, single
from stillwatch.ingest.read import read_accounts, read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.model.identity import Identities
from stillwatch.model.scope import scoped
from stillwatch.model.tables import CAMPAIGNS
from stillwatch.privacy import languages, scripts
from stillwatch.privacy.fairness import Judged, paper
from stillwatch.privacy.paper import Item, document
from stillwatch.sketch.cues import cue_kinds
from stillwatch.sketch.text import read_messages

SAMPLED, LETTERS = 50, 2000
"""Requests of an account, and characters of each, that are looked at."""
SENSITIVE = ("country", "language", "script", "locale", "nationality")
LISTED = ("alarmed", "provisional", "watched")
Traits = dict[str, tuple[Mapping[str, str], str]]


@dataclass(frozen=True, slots=True)
class FairnessRequest:
    run: Path
    register: str | None
    logs: Sequence[str]
    mapping: str | None
    now: datetime


def audit(request: FairnessRequest) -> dict[str, Any]:
    """The paper."""
    if request.register is None and not request.logs:
        raise ConfigurationError("name the account register (--accounts), or the log (--log): a run knows no countries")
    judged = _judged(request.run)
    traits: Traits = {}
    if request.register is not None:
        traits |= _of_register(request.register)
    if request.logs:
        traits |= _of_log(request.logs, request.mapping)
    facts = {"Run": str(request.run), "Accounts": f"{len(judged):,}"}
    return document(paper(judged, traits, declared_reads(), facts), request.now)


def declared_reads() -> Iterator[Item]:
    """What stands between the log and a score, and which of it could tell a country or a language."""
    fold = next(stage for stage in STAGES if stage.name == "fold")
    for table in fold.reads:
        telling = [name for name in table.column_names if any(word in name for word in SENSITIVE)]
        taken = [field.name for field in fields(Identities)]
        if table.name == "accounts" and telling:
            read = [name for name in taken if any(word in name for word in SENSITIVE)]
            text = f"holds {', '.join(telling)}; of it the fold takes {', '.join(taken)}"
            yield Item(table.name, (text,), "declared tables", f"a score reads {read}" if read else "")
        else:
            text = f"holds {len(table.columns)} columns, none of which is a country or a language"
            yield Item(table.name, () if telling else (text,), "declared tables", f"holds {telling}" if telling else "")
    for what, names in (("scores of groups", profile.NAMES), ("scores of single accounts", single.NAMES)):
        telling = [name for name in names if any(word in name for word in SENSITIVE)]
        yield Item(what, (", ".join(names),), "declared features", f"a feature is called {telling}" if telling else "")
    languages = sorted({language for kind in cue_kinds() for language, _ in kind.phrases})
    words = f"phrases in {', '.join(languages)}; in other languages they are not recognised, which spares an account"
    yield Item("cues", (words,), "cue catalogue")


def _judged(run: Path) -> dict[str, Judged]:
    """Every account of the run."""
    alarmed: dict[str, set[str]] = defaultdict(set)
    reviewed: dict[str, set[str]] = defaultdict(set)
    for row in read_table(run, CAMPAIGNS).to_pylist():
        account = scoped(row["tenant_id"], row["account_id"])
        if row["state"] in LISTED:
            reviewed[account].add(row["campaign_id"])
        if row["state"] == "alarmed" and row["named_at"] is not None and row["role"] == "member":
            alarmed[account].add(row["campaign_id"])
    accounts = {*Facts.in_folder(run).by_account["account"].to_pylist(), *reviewed}
    return {a: Judged(frozenset(alarmed[a]), frozenset(reviewed[a])) for a in sorted(accounts)}


def _of_register(path: str) -> Traits:
    """Country and plan as the register last had them."""
    rows = read_accounts(path, rejects=Rejects()).to_pylist()
    rows.sort(key=lambda row: (row["valid_from"] is not None, row["valid_from"]))
    known = {scoped(row["tenant_id"], row["account_id"]): row for row in rows}
    return {
        name: ({account: row[column] for account, row in known.items() if row[column]}, f"account register, {column}")
        for name, column in (("country", "country"), ("plan", "plan"))
    }


def _of_log(logs: Sequence[str], mapping: str | None) -> Traits:
    """Script and language of an account's prompts and the country of most of its addresses."""
    seen: Counter[str] = Counter()
    letters: dict[str, Counter[str]] = defaultdict(Counter)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[str, Counter[str]] = defaultdict(Counter)
    for batch in read_exchanges(logs, rejects=Rejects(), key=bytes(32), mapping=mapping):
        columns = (batch[name].to_pylist() for name in ("tenant_id", "account_id", "client_country", "input_messages"))
        for tenant, name, country, raw in zip(*columns, strict=True):
            account = scoped(tenant, name)
            if country:
                places[account][country] += 1
            if raw is not None and seen[account] < SAMPLED:
                seen[account] += 1
                prompt = read_messages(raw.encode("utf-8", "surrogatepass")).prompt
                letters[account] += scripts.counts(prompt[:LETTERS])
                words[account] += languages.counts(prompt[:LETTERS])
    read = f"log, first {SAMPLED} requests"
    return {
        "script": ({a: scripts.dominant(found) for a, found in letters.items()}, read),
        "language": ({a: languages.dominant(found, words[a]) for a, found in letters.items()}, read),
        "country of addresses": ({a: max(sorted(c), key=c.__getitem__) for a, c in places.items()}, "log"),
    }
