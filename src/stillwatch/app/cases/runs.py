"""A run folder as the opening rules need it: its campaigns, strictly read, with members under pseudonyms.

campaigns.json may come from elsewhere, so everything that becomes part of the journal is typed here; a document that
does not fit is an ``InputError`` that names the place. An account that was named and is no longer supported is passed
over. Features of a group come from EVIDENCE where the run has it (all of them), else from the rows that campaigns.json
shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stillwatch import inert
from stillwatch.app.cases.desk import Account
from stillwatch.app.runfolder import read_document, read_table
from stillwatch.campaigns.membership import is_doubted
from stillwatch.cases.acts import Sighting
from stillwatch.cases.opening import Listed, is_campaign_id
from stillwatch.errors import InputError
from stillwatch.model.tables import EVIDENCE

if TYPE_CHECKING:
    import pyarrow as pa


VICTIM = "compromised"
"""The role of an account whose key somebody else used."""


class RunFacts(msgspec.Struct, frozen=True):
    """What the document says about its run, as far as it is needed."""

    run_id: str
    config_hash: str = ""
    recipe_ids: tuple[str, ...] = ()
    examples_expire_at: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A row of ``evidence``."""

    test: str
    null: str
    statistic: float | None = None
    log10_e: float | None = None


class Member(msgspec.Struct, frozen=True):
    account_id: str
    tenant_id: str | None = None
    role: str = "member"
    membership_prob: float | None = None
    named_at: str | None = None

    @property
    def doubted(self) -> bool:
        """Whether it was named and by what came since should not be: it enters no case."""
        return self.named_at is not None and is_doubted(self.membership_prob)


class Campaign(msgspec.Struct, frozen=True):
    """An entry of ``campaigns``."""

    campaign_id: str
    state: str
    kind: str
    accounts: tuple[Member, ...]
    authorised: bool = False
    first_seen_at: str | None = None
    last_seen_at: str | None = None
    alarmed_at: str | None = None
    exchanges: int = 0
    output_tokens: int = 0
    p_cohort: float | None = None
    calibration_id: str = ""
    predecessor: str | None = None
    shared_infrastructure_with: tuple[str, ...] = ()
    evidence: tuple[Row, ...] = ()


class Document(msgspec.Struct, frozen=True):
    run: RunFacts
    campaigns: tuple[Campaign, ...]


@dataclass(frozen=True)
class Read:
    """A run: the document as it stands, its typed reading, and EVIDENCE where the run has it."""

    folder: Path
    raw: dict[str, Any]
    run: RunFacts
    campaigns: tuple[Campaign, ...]
    evidence: pa.Table | None

    def raw_campaign(self, campaign_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(c for c in self.raw["campaigns"] if c["campaign_id"] == campaign_id)
        return found


def read_run(folder: Path) -> Read:
    """The run in ``folder``."""
    raw = read_document(folder)
    try:
        document = msgspec.convert(raw, Document)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{folder / 'campaigns.json'} is not as a scan writes it: {inert.text(str(error))}. Scan again, or name "
            "another run."
        ) from None
    if wrong := [c.campaign_id for c in document.campaigns if not is_campaign_id(c.campaign_id)]:
        raise InputError(
            f"{folder / 'campaigns.json'} holds a campaign of the name {inert.text(wrong[0])}: no scan did"
        )
    table = read_table(folder, EVIDENCE) if (folder / f"{EVIDENCE.name}.parquet").exists() else None
    return Read(folder, raw, document.run, document.campaigns, table)


def listed(read: Read, name: Callable[[Account], str]) -> Iterator[Listed]:
    """Every campaign of the run; ``name`` gives an account's pseudonym."""
    for campaign in read.campaigns:
        supported = [a for a in campaign.accounts if not a.doubted]
        accounts = {name(account): (account, a.role) for a in supported for account in (_account(a),)}
        victims = tuple(sorted(subject for subject, (_, role) in accounts.items() if role == VICTIM))
        yield Listed(
            _sighting(read, campaign, victims),
            campaign.authorised,
            {subject: msgspec.json.encode(account) for subject, (account, _) in accounts.items()},
            campaign.predecessor,
            campaign.shared_infrastructure_with,
        )


def _account(member: Member) -> Account:
    return Account(member.account_id, member.tenant_id)


def _sighting(read: Read, campaign: Campaign, victims: tuple[str, ...]) -> Sighting:
    return Sighting(
        campaign.campaign_id,
        read.run.run_id,
        campaign.kind,
        campaign.state,
        campaign.first_seen_at,
        campaign.last_seen_at,
        campaign.alarmed_at,
        campaign.exchanges,
        campaign.output_tokens,
        campaign.p_cohort,
        campaign.calibration_id,
        dict(sorted({**dict(_shown(campaign)), **dict(_kept(read, campaign.campaign_id))}.items())),
        victims=victims,
    )


def _shown(campaign: Campaign) -> Iterator[tuple[str, float]]:
    for row in campaign.evidence:
        value = row.log10_e if row.null == "independence" else row.statistic
        if value is not None and math.isfinite(value):
            yield f"{row.null}/{row.test}", value


def _kept(read: Read, campaign_id: str) -> Iterator[tuple[str, float]]:
    """All features of the group, rounded as campaigns.json rounds them."""
    if read.evidence is None:
        return
    for row in read.evidence.to_pylist():
        if row["campaign_id"] == campaign_id and row["part"] == "profile":
            yield f"cohort/{row['name']}", round(row["value"], 4)
