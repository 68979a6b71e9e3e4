"""``stillwatch review``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_lines


@click.command("review", cls=Command)
@click.argument("campaign_id", metavar="CAMPAIGN")
@click.option("--run", type=options.Folder(), metavar="DIR", required=True, help="Folder that a scan wrote.")
@click.option("--name", required=True, metavar="TEXT", help="What the group is, for whoever reads a report.")
@click.option("--by", "reviewed_by", required=True, metavar="TEXT", help="Who answers for the review.")
@click.option("--days", type=int, default=180, show_default=True, help="For how long it holds; a year at most.")
@click.option("--to", type=options.Folder(), required=True, metavar="FILE", help="Reviewed cohorts; made or added to.")
@options.dry_run
def command(campaign_id: str, run: Path, name: str, reviewed_by: str, days: int, to: Path, dry_run: bool) -> None:
    """Write down that a group is harmless.

    Groups like it are watched only.

    CAMPAIGN is a campaign id of the run. Scans read the file with --reviewed. It holds no text and no account, only
    the numbers by which groups are compared.
    """
    from stillwatch.app.review import ReviewRequest, review

    request = ReviewRequest(run, campaign_id, name, reviewed_by, days, to, datetime.now(UTC))
    print_lines(review(request, dry_run=dry_run))
