"""``stillwatch privacy erase``, ``access``, ``expire`` and ``rotate``: what is done with the data themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines
from stillwatch.errors import StillwatchError, StoreError

_Command = TypeVar("_Command", bound=Callable[..., Any])
REGISTER_NAME = "register.toml"
LONGEST_WINDOW_DAYS = 90
"""As ``app.privacy.rotate.longest_window`` says; a test compares them."""

_REGISTER = "The register; default: register.toml beside the settings."
_OUT = "Write it here too: .html, .pdf, .md or .json; repeatable."


def register(function: _Command) -> _Command:
    return click.option("--register", type=options.Folder(), metavar="FILE", help=_REGISTER)(function)


def register_path(named: Path | None, config: Path | None, home: Path) -> Path:
    """The register that was named, or the one beside the settings."""
    return named or (config.parent if config else home) / REGISTER_NAME


def _stores(function: _Command) -> _Command:
    return click.option(
        "--store",
        "--run",
        "stores",
        type=options.Folder(),
        metavar="DIR",
        multiple=True,
        required=True,
        help="Folder of runs, run folder, or file; everything below it is looked at. Repeatable.",
    )(function)


def _person(function: _Command) -> _Command:
    who = click.option("--end-user", metavar="ID", default="", help="End user by the id that a caller supplied.")
    return click.option("--account", metavar="ID", default="", help="Account; tenant/account where tenants are.")(
        who(function)
    )


def _out(function: _Command) -> _Command:
    return click.option("--out", "outs", type=options.Folder(), metavar="FILE", multiple=True, help=_OUT)(function)


@click.command("erase", cls=Command)
@_person
@_stores
@register
@_out
@click.option("--as", "name", metavar="NAME", help="Who erases, for case journals; as for 'stillwatch case'.")
@click.option("--why", metavar="TEXT", default="erasure on request", show_default=True, help="Kept in case journals.")
@options.as_json
@options.dry_run
@click.pass_context
def erase(ctx: click.Context, /, account: str, end_user: str, outs: tuple[Path, ...], **asked: Any) -> None:
    """Take a person out of everything that was named, and print a receipt.

    The home is always among the places. What a legal hold of a case or of the register covers is kept, and the hold is
    named. The receipt calls the person by a keyed pseudonym. Interrupted, the same command finishes the work. Ends with
    exit code 4 if anything was left that no hold keeps.
    """
    options.keep_kernels()
    from stillwatch.app.privacy.erase import ErasureRequest, erase

    home = options.home()
    request = ErasureRequest(
        account,
        end_user,
        asked["stores"],
        _known_register(asked["register"], home),
        home,
        datetime.now(UTC),
        asked["dry_run"],
        case_options.actor(asked["name"]),
        asked["why"],
    )
    document, complete = erase(request)
    _show(document, outs, asked["as_json"])
    if not complete:
        ctx.exit(StoreError.exit_code)


@click.command("access", cls=Command)
@_person
@_stores
@register
@options.settings
@_out
@options.as_json
def access(account: str, end_user: str, outs: tuple[Path, ...], as_json: bool, **asked: Any) -> None:
    """Disclose what is stored of a person (Art. 15 GDPR); changes nothing.

    .json and --json hold every row. Other people are left out.
    """
    options.keep_kernels()
    from stillwatch.app.privacy.access import AccessRequest, access

    loaded, home = options.load(asked["config"], asked["overrides"]), options.home()
    known = _known_register(asked["register"], asked["config"].parent if asked["config"] else home)
    request = AccessRequest(account, end_user, asked["stores"], known, loaded, home, datetime.now(UTC))
    _show(access(request), outs, as_json)


@click.command("expire", cls=Command)
@_stores
@register
@_out
@click.option("--every", type=click.FloatRange(0, min_open=True), metavar="HOURS", help="Stay, and do it again.")
@options.as_json
@options.dry_run
def expire(stores: tuple[Path, ...], outs: tuple[Path, ...], every: float | None, as_json: bool, **asked: Any) -> None:
    """Remove what is older than its period: examples, tables by the register, retired keys.

    To be run every day: by cron, or once as a service with --every 24. Rows under a legal hold stay.
    """
    from stillwatch.app.privacy.expire import ExpiryRequest, expire, passes

    home = options.home()
    for _ in passes(every):
        known = _known_register(asked["register"], home)
        request = ExpiryRequest(stores, known, home, datetime.now(UTC), asked["dry_run"])
        try:
            _show(expire(request), outs, as_json)
        except StillwatchError as error:
            if every is None:
                raise
            print_lines((f"nothing expired this time: {error}",))


@click.command("rotate", cls=Command)
@click.option(
    "--overlap-days",
    type=click.IntRange(0),
    default=LONGEST_WINDOW_DAYS,
    show_default=True,
    help="For how long the old version is still held.",
)
@options.settings
@options.as_json
@options.dry_run
def rotate(overlap_days: int, config: Path | None, overrides: tuple[str, ...], as_json: bool, dry_run: bool) -> None:
    """Draw a new version of the root key; the old one is forgotten by expire after the overlap.

    Recipe ids and campaign ids of later scans differ from those before.
    """
    from stillwatch.app.privacy.rotate import rotate_keys

    loaded = options.load(config, overrides)
    found = rotate_keys(options.home(), loaded.settings, overlap_days, datetime.now(UTC), dry_run=dry_run)
    if as_json:
        print_json(found)
        return
    if dry_run:
        print_lines((f"would retire version {found['would_retire']} at {found['at']} and draw the next one",))
    print_lines(_key_line(key) for key in found["keys"])


@click.command("texts", cls=Command)
@click.argument("case_id", metavar="CASE")
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@case_options.store
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@click.option("--as", "name", metavar="NAME", help="Who looks; default: STILLWATCH_ACTOR, or the login.")
@options.settings
@options.as_json
def texts(case_id: str, logs: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """Show the requests behind an open case's examples, redacted, read again from the log; keeps nothing.

    Needs the role analyst. The journal records who looked before anything is shown.
    """
    options.keep_kernels()
    from stillwatch.app.privacy.case_texts import TextsRequest, texts

    loaded = options.load(asked["config"], asked["overrides"])
    who, store = case_options.actor(asked["name"]), case_options.place(asked["store"])
    rows = loaded.settings.batch_rows
    request = TextsRequest(store, case_id, logs, asked["mapping"], rows, options.home(), who, case_options.now())
    found = texts(request)
    if as_json:
        print_json(found)
    else:
        print_lines(f"{event}: {text}" for event, text in found.items())


VERBS: tuple[click.Command, ...] = (erase, access, expire, rotate, texts)


def _known_register(named: Path | None, folder: Path) -> Path | None:
    """The register that was named, or the usual one if it exists: without one there are no holds and no periods."""
    usual = folder / REGISTER_NAME
    return named or (usual if usual.exists() else None)


def _show(document: dict[str, Any], outs: tuple[Path, ...], as_json: bool) -> None:
    from stillwatch.app.privacy.writing import write_papers
    from stillwatch.report.paper import paper_lines

    if as_json:
        print_json(document)
    else:
        print_lines(paper_lines(document))
    write_papers(document, outs)


def _key_line(key: dict[str, Any]) -> str:
    state = f"retires {key['retires_at']}" if key["retires_at"] else "current"
    return f"version {key['version']}  made {key['created_at']}  {state}"
