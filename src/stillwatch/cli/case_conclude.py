"""``stillwatch case``: hypotheses, proposals, the second person, retraction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stillwatch.cases import acts
from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.retracting import Followed

_case = click.argument("case_id", metavar="CASE")
_hypothesis = click.argument("hypothesis", metavar="HYPOTHESIS")


@click.group("hypothesis")
def hypothesis() -> None:
    """Write down who could be behind a case, and what speaks for and against it."""


@hypothesis.command("add", cls=Command)
@_case
@case_options.text
@case_options.acting
def add(case_id: str, text: str, **given: Any) -> None:
    """Add an explanation. An attribution needs at least two that compete."""
    case_options.do(case_id, acts.Hypothesised(), given, text)


@hypothesis.command("weigh", cls=Command)
@_case
@_hypothesis
@click.option("--for/--against", "speaks_for", required=True, help="Which way the item speaks.")
@click.option("--basis", type=click.Choice(["observed", "inferred"]), required=True, help="Seen, or concluded.")
@case_options.text
@case_options.acting
def weigh(case_id: str, hypothesis: str, speaks_for: bool, basis: Any, text: str, **given: Any) -> None:
    """Add an item for or against a hypothesis."""
    case_options.do(case_id, acts.Weighed(hypothesis, "for" if speaks_for else "against", basis), given, text)


@hypothesis.command("withdraw", cls=Command)
@_case
@_hypothesis
@case_options.acting
def withdraw(case_id: str, hypothesis: str, **given: Any) -> None:
    """Give a hypothesis up."""
    case_options.do(case_id, acts.Withdrawn(hypothesis), given)


@click.command("attribute", cls=Command)
@_case
@_hypothesis
@click.option("--grade", type=click.Choice(["likely", "high confidence", "observed"]), required=True, help="How sure.")
@case_options.acting
def attribute(case_id: str, hypothesis: str, grade: Any, **given: Any) -> None:
    """Propose who is behind a case; somebody else approves it.

    The grades have fixed meanings and are refused where the items do not carry them.
    """
    case_options.do(case_id, acts.Proposed("attribution", hypothesis, grade), given)


@click.command("propose", cls=Command)
@_case
@click.argument("what", type=click.Choice(["confirmed", "benign"]))
@case_options.acting
def propose(case_id: str, what: Any, **given: Any) -> None:
    """Propose to close a case in review; somebody else approves it."""
    case_options.do(case_id, acts.Proposed(what), given)


@click.command("retract", cls=Command)
@_case
@case_options.acting
def retract(case_id: str, **given: Any) -> None:
    """Propose to take the alarm back; somebody else approves it.

    Once approved, the same evidence never opens the case again, and what was sent is listed until it is recalled.
    """
    case_options.do(case_id, acts.Proposed("retraction"), given)


@click.command("approve", cls=Command)
@_case
@click.argument("proposal", type=int)
@click.option(
    "--feed", type=options.Folder(), metavar="DIR", help="Feed from which a retraction lifts decisions; default: feed."
)
@case_options.acting
def approve(case_id: str, proposal: int, feed: Path | None, **given: Any) -> None:
    """Approve what somebody else proposed; the proposal's number is in 'case show'.

    A retraction lifts decisions on the case and takes back what was sent to targets of 'deliver'; what left as a file
    is listed. What fails is told; 'case recall' tries it again.
    """
    from stillwatch.app.retracting import approve as approve_and_follow

    if given["dry_run"]:
        case_options.do(case_id, acts.Approved(proposal), given)
        return
    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    entry, followed = approve_and_follow(store, case_id, proposal, actor, case_options.now(), given["why"], feed=feed)
    case_options.show([entry], given["as_json"], dry_run=False)
    if not given["as_json"]:
        print_lines(_called_back(followed))


@click.command("recall", cls=Command)
@_case
@click.option(
    "--feed", type=options.Folder(), metavar="DIR", help="Feed from which decisions are lifted; default: feed."
)
@case_options.acting
def recall(case_id: str, feed: Path | None, **given: Any) -> None:
    """Call back once more what a retraction could not, after what stood in the way is mended."""
    from stillwatch.app.retracting import follow, pending

    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    if given["dry_run"]:
        print_lines(f"to be called back: {reference}" for reference in pending(store, case_id))
        return
    followed = follow(store, case_id, actor, case_options.now(), given["why"], feed=feed)
    print_json(asdict(followed)) if given["as_json"] else print_lines(_called_back(followed))


def _called_back(followed: Followed) -> Iterator[str]:
    yield from (f"lifted {name}" for name in followed.lifted)
    yield from (f"taken back {text}" for text in followed.taken_back)
    yield from (f"NOT taken back {text}" for text in followed.failed)
    yield from (f"to be recalled by you: {reference}" for reference in followed.left)


@click.command("decline", cls=Command)
@_case
@click.argument("proposal", type=int)
@case_options.acting
def decline(case_id: str, proposal: int, **given: Any) -> None:
    """Decline a proposal."""
    case_options.do(case_id, acts.Declined(proposal), given)


@click.command("close", cls=Command)
@_case
@case_options.acting
def close(case_id: str, **given: Any) -> None:
    """Close a case in review as inconclusive, which accuses nobody and clears nobody."""
    case_options.do(case_id, acts.Closed(), given)


@click.command("reopen", cls=Command)
@_case
@case_options.acting
def reopen(case_id: str, **given: Any) -> None:
    """Take a closed or retracted case up again."""
    case_options.do(case_id, acts.Reopened(), given)


@click.command("indicators", cls=Command)
@_case
@case_options.store
@options.as_json
def indicators(case_id: str, store: Path | None, as_json: bool) -> None:
    """List what the exhibits hold towards an attribution, each item observed or inferred.

    None of it names anybody. Weigh an item under your own name with 'case hypothesis weigh'.
    """
    from stillwatch.app.cases.desk import look
    from stillwatch.app.cases.indicating import indicators as read

    found = read(look(case_options.place(store)), case_id)
    if as_json:
        print_json([asdict(item) for item in found])
    else:
        print_lines(f"{item.basis:<8}  {item.text}" for item in found)


@click.command("teach", cls=Command)
@_case
@click.option("--name", "called", required=True, metavar="TEXT", help="What the group is; it stands in reports.")
@click.option("--organisation", required=True, metavar="TEXT", help="Whose accounts they are.")
@click.option("--days", type=click.IntRange(1, 366), default=180, show_default=True, help="When it is reviewed again.")
@click.option("--run", "runs", type=options.Folder(), metavar="DIR", multiple=True, help="A scan to try it on first.")
@click.option("--to", type=options.Folder(), required=True, metavar="FILE", help="The file for 'scan --reviewed'.")
@click.option("--confirm", metavar="DIGEST", help="The digest of what you looked at; without it nothing is written.")
@case_options.acting
def teach(case_id: str, called: str, organisation: str, confirm: str | None, **given: Any) -> None:
    """Let a case that was found harmless speak for its like in the next scans.

    Without --confirm it says which alarms of the runs it would have held back; look at them, and repeat the command
    with the digest. Refused: what is like a confirmed case, and more than so much of one reviewer or organisation.
    """
    from datetime import timedelta

    from stillwatch.app.cases.teaching import Lesson
    from stillwatch.app.cases.teaching import teach as write

    now = case_options.now()
    until = now + timedelta(days=given["days"])
    lesson = Lesson(case_id, called, organisation, until, given["runs"], given["to"])
    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    shown = write(store, lesson, actor, now, given["why"], confirm=None if given["dry_run"] else confirm)
    if given["as_json"]:
        print_json({"digest": shown.digest, "written": shown.written, "held_back": [e.told for e in shown.effects]})
        return
    print_lines(e.told for e in shown.effects)
    print_lines((f"{len(shown.effects)} other alarms of {len(given['runs'])} runs would have been held back",))
    print_lines((f"wrote {given['to']}" if shown.written else f"to teach it: --confirm {shown.digest}",))


@click.command("unteach", cls=Command)
@_case
@click.option("--to", type=options.Folder(), required=True, metavar="FILE", help="The file for 'scan --reviewed'.")
@case_options.acting
def unteach(case_id: str, to: Path, **given: Any) -> None:
    """Let a case speak for nothing any more, and take it out of the file."""
    from stillwatch.app.cases.teaching import unteach as write

    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    write(store, case_id, to, actor, case_options.now(), given["why"], dry_run=given["dry_run"])
    print_lines((f"{'would bring' if given['dry_run'] else 'brought'} {to} to the journal",))


@click.command("cohorts", cls=Command)
@click.option("--to", type=options.Folder(), required=True, metavar="FILE", help="The file for 'scan --reviewed'.")
@case_options.store
def cohorts(to: Path, store: Path | None) -> None:
    """Bring the file of reviewed groups to the journal: what was reopened, or is over, falls out."""
    from stillwatch.app.cases.teaching import bring

    print_lines((f"{bring(case_options.place(store), to, case_options.now())} cohorts in {to}",))


VERBS = (
    hypothesis,
    indicators,
    attribute,
    propose,
    retract,
    approve,
    recall,
    decline,
    close,
    reopen,
    teach,
    unteach,
    cohorts,
)
