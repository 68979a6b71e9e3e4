"""Where what a page shows leads to: a page that stands alone leads only to itself, the console to its other pages.

Contract: every method returns an address for an ``href``, or nothing where there is no such place. Templates are shared
because they ask here.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.report.view import Campaign, Node


@dataclass(frozen=True, slots=True)
class OnePage:
    """The places of a report: the sections of ``detailed`` campaigns, by their anchors."""

    detailed: frozenset[str]
    has_cases: bool = False

    def campaign(self, campaign: Campaign) -> str:
        return f"#{campaign.anchor}" if campaign.anchor in self.detailed else ""

    def rows(self, campaign: Campaign, table: str) -> str:
        """The rows of ``table`` behind a figure of the campaign."""
        return ""

    def of_run(self, table: str, **where: str) -> str:
        """The rows of ``table`` behind a figure of the whole run: those whose columns have these values."""
        return ""

    def account(self, ref: str) -> str:
        return ""

    def account_rows(self, ref: str) -> str:
        """The rows behind what an account sent."""
        return ""

    def node(self, campaign: Campaign, node: Node) -> str:
        """What a mark of the graph stands for."""
        return ""
