"""``stillwatch decide``: measures on the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stillwatch.cli import case_options, decide_coin, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.measures.deciding import Desk, Done
    from stillwatch.app.measures.request import DecisionRequest

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SCOPES = ("campaign", "organisation", "account", "key")
_MEASURES = ("observe", "require-verification", "throttle", "limit", "release-tier", "mark", "suspend")
_BENIGN = ("evaluator", "university", "aggregator", "licensed generator", "own monitor", "safety researcher")
_decision = click.argument("decision", metavar="DECISION")


@click.group("decide")
def command() -> None:
    """Decide on measures: preview, a second person, an end."""


def _feed(function: _Command) -> _Command:
    return click.option(
        "--feed", type=options.Folder(), metavar="DIR", help="Folder of the decision feed; default: feed in the store."
    )(function)


def _acting(function: _Command) -> _Command:
    return _feed(case_options.acting(function))


def _asking(function: _Command) -> _Command:
    """What is decided for whom, and what the preview looks at."""
    for option in reversed(
        (
            click.argument("measure", type=click.Choice(_MEASURES)),
            click.argument("scope", type=click.Choice(_SCOPES)),
            click.argument("value", metavar="ID"),
            click.option("--with", "given", metavar="NAME=VALUE", multiple=True, help="A parameter of the measure."),
            click.option("--enforce", is_flag=True, help="Act; without it the decision only observes."),
            click.option(
                "--days",
                type=click.FloatRange(0, 366, min_open=True),
                default=30.0,
                help="How long it holds; default 30.",
            ),
            click.option("--until", type=options.UtcTime(), metavar="TIME", help="When it ends, instead of --days."),
            click.option(
                "--from", "starts", type=options.UtcTime(), metavar="TIME", help="When it begins; default now."
            ),
            click.option("--tenant", metavar="NAME", help="Tenant of the account, key or organisation."),
            click.option("--case", "case_id", metavar="CASE", help="The case it rests on; a campaign knows its own."),
            click.option("--appeal", default="", metavar="URL", help="Where to appeal; it stands in every refusal."),
            click.option("--unannounced", is_flag=True, help="Do not name it in answers; takes a disclosure policy."),
            click.option("--on-unreachable", type=click.Choice(["open", "closed"]), help="If the feed cannot be read."),
            options.register,
            click.option("--replay", metavar="LOG", multiple=True, help="Play it over the last week of a log."),
            click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file."),
            click.option(
                "--run", type=options.Folder(), metavar="DIR", help="The run that says who carries the evidence."
            ),
        )
    ):
        function = option(function)
    return function


@command.command("preview", cls=Command)
@_asking
@case_options.store
@options.as_json
def preview(store: Path | None, as_json: bool, **given: Any) -> None:
    """Say whom a decision would hit, what they would lose, what it would have refused. Writes nothing."""
    from stillwatch.app.measures.desk import look
    from stillwatch.app.measures.preview import drafted, told
    from stillwatch.app.measures.telling import preview_lines

    now = case_options.now()
    found = told(drafted(look(case_options.place(store)), _request(given, now), now))
    if as_json:
        print_json(found.document)
    else:
        print_lines(preview_lines(found))


@command.command("propose", cls=Command)
@_asking
@_acting
def propose(**given: Any) -> None:
    """Decide on a measure. Enforcing anything above 'throttle' waits for a second person."""
    from stillwatch.app.measures.deciding import propose as work
    from stillwatch.app.measures.telling import preview_lines

    desk = _desk(given)
    done = work(desk, _request(given, desk.now))
    if not given["as_json"] and done.preview is not None:
        print_lines(preview_lines(done.preview))
    _show(done, given)


@command.command("approve", cls=Command)
@_decision
@_acting
def approve(decision: str, **given: Any) -> None:
    """Approve what somebody else proposed; it takes effect at once."""
    from stillwatch.app.measures.deciding import agree

    _show(agree(_desk(given), decision), given)


@command.command("decline", cls=Command)
@_decision
@_acting
def decline(decision: str, **given: Any) -> None:
    """Decline a proposal."""
    from stillwatch.app.measures.deciding import decline as work

    _show(work(_desk(given), decision), given)


@command.command("lift", cls=Command)
@_decision
@_acting
def lift(decision: str, **given: Any) -> None:
    """End a decision before its time."""
    from stillwatch.app.measures.deciding import lift as work

    _show(work(_desk(given), decision), given)


@command.command("list", cls=Command)
@case_options.store
@options.as_json
def list_(store: Path | None, as_json: bool) -> None:
    """List all decisions."""
    from stillwatch.app.measures.desk import look
    from stillwatch.app.measures.telling import list_lines, listing

    sight = look(case_options.place(store))
    if as_json:
        print_json(listing(sight, case_options.now()))
    else:
        print_lines(list_lines(sight, case_options.now()))


@command.command("show", cls=Command)
@_decision
@case_options.store
@options.as_json
def show(decision: str, store: Path | None, as_json: bool) -> None:
    """Show a decision: whom it hits, what was known when it was made, who made it."""
    from stillwatch.app.measures.desk import look
    from stillwatch.app.measures.telling import decision_document, decision_lines

    document = decision_document(look(case_options.place(store)), decision, case_options.now())
    if as_json:
        print_json(document)
    else:
        print_lines(decision_lines(document))


@command.command("tiers", cls=Command)
@click.argument("file", type=options.Folder(), metavar="[FILE]", required=False)
@_acting
def tiers(file: Path | None, **given: Any) -> None:
    """Propose which models and capabilities each tier of customers gets; without FILE, to limit no tier.

    Somebody else approves it.
    """
    from stillwatch.app.measures.deciding import release

    _show(release(_desk(given), file), given)


@command.command("disclose", cls=Command)
@click.argument("file", type=options.Folder(), metavar="[FILE]", required=False)
@_acting
def disclose(file: Path | None, **given: Any) -> None:
    """Register the written policy that discloses unannounced measures; without FILE, end it."""
    from stillwatch.app.measures.deciding import disclose as work

    _show(work(_desk(given), file), given)


@command.group("benign")
def benign() -> None:
    """Keep the register of known-benign accounts: decisions spare them, evidence does not change."""


@benign.command("add", cls=Command)
@click.argument("kind", type=click.Choice(["account", "key"]))
@click.argument("value", metavar="ID")
@click.option("--what", type=click.Choice(_BENIGN), required=True, help="Why it is harmless.")
@click.option("--owner", required=True, metavar="NAME", help="Who vouches for the entry.")
@click.option("--review", type=options.UtcTime(), required=True, metavar="TIME", help="When it is looked at again.")
@click.option("--tenant", metavar="NAME", help="Tenant of the account or key.")
@_acting
def benign_add(
    kind: str, value: str, what: Any, owner: str, review: datetime, tenant: str | None, **given: Any
) -> None:
    """Enter an account or a key."""
    from stillwatch.app.measures.deciding import exempt
    from stillwatch.feed.decision import iso
    from stillwatch.measures.acts import Named

    _show(exempt(_desk(given), Named(kind, value, tenant), what, owner, iso(review)), given)


@benign.command("remove", cls=Command)
@click.argument("kind", type=click.Choice(["account", "key"]))
@click.argument("value", metavar="ID")
@click.option("--tenant", metavar="NAME", help="Tenant of the account or key.")
@_acting
def benign_remove(kind: str, value: str, tenant: str | None, **given: Any) -> None:
    """Remove an entry: decisions hit it again."""
    from stillwatch.app.measures.deciding import unexempt
    from stillwatch.measures.acts import Named

    _show(unexempt(_desk(given), Named(kind, value, tenant)), given)


@benign.command("list", cls=Command)
@case_options.store
@options.as_json
def benign_list(store: Path | None, as_json: bool) -> None:
    """List the register; entries whose review is overdue are marked."""
    from stillwatch.app.measures.desk import look
    from stillwatch.app.measures.telling import benign_listing

    rows = benign_listing(look(case_options.place(store)), case_options.now())
    if as_json:
        print_json(rows)
        return
    for row in rows:
        review = f"review {row['review_at']}{' OVERDUE' if row['overdue'] else ''}"
        print_lines((f"{row['whom']}  {row['what']}, {row['owner']}, {review}: {row['why']}",))


@command.command("publish", cls=Command)
@click.option("--anew", is_flag=True, help="Begin another feed, as after an old copy was put back.")
@_acting
def publish(anew: bool, **given: Any) -> None:
    """Let the policy stage work and bring the feed to the journal. Run it after 'case open'."""
    from stillwatch.app.measures.deciding import bring

    _show(bring(_desk(given), anew=anew), given)


def _desk(given: dict[str, Any]) -> Desk:
    from stillwatch.app.measures.deciding import Desk
    from stillwatch.app.measures.publishing import FEED

    store = case_options.place(given["store"])
    feed = given["feed"] or store / FEED
    return Desk(store, feed, case_options.actor(given["name"]), case_options.now(), given["why"], given["dry_run"])


def _request(given: dict[str, Any], now: datetime) -> DecisionRequest:
    from stillwatch.app.derive_marking import with_key
    from stillwatch.app.measures.request import DecisionRequest
    from stillwatch.feed.catalogue import parameter_names, parameters_of

    pairs = [text.partition("=")[::2] for text in given["given"]]
    if wrong := [name for name, _ in pairs if name not in parameter_names()]:
        raise click.UsageError(f"--with takes NAME=VALUE with one of {', '.join(parameter_names())}; not {wrong[0]!r}")
    try:
        parameters = parameters_of(dict(pairs))
    except ValueError as error:
        raise click.UsageError(f"--with: {error}") from None
    starts = (given["starts"] or now).astimezone(UTC)
    request = DecisionRequest(
        given["scope"],
        given["value"],
        given["measure"],
        parameters,
        "enforce" if given["enforce"] else "observe",
        starts,
        given["until"] or starts + timedelta(days=given["days"]),
        given["tenant"],
        given["on_unreachable"],
        given["case_id"],
        given["appeal"],
        not given["unannounced"],
        given["register"],
        given["replay"],
        given["mapping"],
        given["run"],
    )
    return with_key(request, options.home())


def _show(done: Done, given: dict[str, Any]) -> None:
    """What was written, and what the feed says now."""
    from stillwatch.app.cases.telling import plainly
    from stillwatch.app.measures.telling import published_lines

    if given["as_json"]:
        print_json([plainly(entry) for entry in done.entries])
        return
    verb = "would write" if given["dry_run"] else "written"
    print_lines(f"{verb} {e.n:>5}  {e.about}  {e.kind}: {e.why}" for e in done.entries)
    if done.published is not None:
        print_lines(published_lines(done.published))


command.add_command(decide_coin.group(_acting, _desk, _show))
