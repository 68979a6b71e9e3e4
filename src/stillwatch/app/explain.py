"""``explain``: why an account or a campaign was or was not named, from the run folder alone.

Reads campaigns.json, CAMPAIGNS, LINKS and FACTS; redacted examples whose time is over are removed first. Recomputes
nothing: what it says is what the scan decided, with the figures it decided on. Every line is inert.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from stillwatch.app.expiry import drop_expired_examples
from stillwatch.app.facts import Facts
from stillwatch.app.naming import absent, find, the_only
from stillwatch.app.requests import Explanation
from stillwatch.app.runfolder import group, groups_of, read_document, read_table
from stillwatch.app.telling_account import tell_account
from stillwatch.app.telling_campaign import tell_campaign
from stillwatch.app.telling_links import links_of, links_with
from stillwatch.app.traffic import read_traffic
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.model.tables import CAMPAIGNS, LINKS
from stillwatch.report.document import Record, open_document


def explain(target: str, run: Path) -> Explanation:
    """Say why ``target``, a campaign id or an account id of ``run``, was or was not named."""
    expired = list(_expire(run))
    return Explanation([*_told(target, run), *expired])


def _told(target: str, run: Path) -> Iterator[str]:
    document = open_document(read_document(run))
    campaigns = read_table(run, CAMPAIGNS)
    groups = set(campaigns["campaign_id"].unique().to_pylist())
    if target in groups:
        links = links_of(read_table(run, LINKS), target)
        return tell_campaign(group(campaigns, target), _listed(document, target), links)
    facts = Facts.in_folder(run)
    accounts = set(facts.by_account["account"].to_pylist())
    found = find(target, accounts)
    if not found:
        where = f"{run} (looked among {len(groups):,} groups and {len(accounts):,} accounts)"
        raise ConfigurationError(absent(target, "campaign or account", where, accounts | groups))
    account = the_only(target, found)
    links = links_with(read_table(run, LINKS), account)
    traffic = read_traffic(facts.of([account]), facts.by_account)
    return tell_account(account, traffic, groups_of(campaigns, account), links)


def _expire(run: Path) -> Iterator[str]:
    try:
        removed = drop_expired_examples(run, datetime.now(UTC))
    except StoreError as error:
        yield f"The redacted examples of this run have expired and could not be removed: {error}"
        return
    if removed:
        yield f"{removed} redacted examples of this run had expired and were removed from it."


def _listed(document: Record, campaign_id: str) -> Record | None:
    """The entry of campaigns.json, which lists only groups that are alarmed, provisional or watched."""
    return next((c for c in document.records("campaigns") if c.raw("campaign_id") == campaign_id), None)
