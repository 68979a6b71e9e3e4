"""Addresses of the console's pages, and what shared templates lead to here (see ``report.places``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from stillwatch.cases.state import Case
from stillwatch.report.view import Campaign, Node


def name_of(campaign: Campaign) -> str:
    """A campaign's name in an address: its anchor, which is safe there."""
    return campaign.anchor.removeprefix("campaign-")


@dataclass(frozen=True, slots=True)
class Pages:
    """``cases``: the case of each campaign, by the id that is shown; ``tables``: those that the run has."""

    cases: dict[str, Case] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    has_cases: bool = True

    def campaign(self, campaign: Campaign) -> str:
        return f"/campaigns/{name_of(campaign)}"

    def rows(self, campaign: Campaign, table: str) -> str:
        return f"{self.campaign(campaign)}/rows/{table}"

    def of_run(self, table: str, **where: str) -> str:
        if table not in self.tables:
            return "/data/run"
        return f"/data/rows/{table}" + (f"?{urlencode(where)}" if where else "")

    def account(self, ref: str) -> str:
        return f"/account?id={ref}" if ref else ""

    def account_rows(self, ref: str) -> str:
        return f"/account/rows?id={ref}" if ref else ""

    def node(self, campaign: Campaign, node: Node) -> str:
        if node.accounts > 1:
            return f"{self.campaign(campaign)}?bundle={node.ref.removeprefix('bundle-')}#accounts"
        return self.account(node.ref)

    def case_of(self, campaign: Campaign) -> Case | None:
        return self.cases.get(campaign.campaign_id)
