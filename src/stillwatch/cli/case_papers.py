"""``stillwatch case``: what leaves the house, and checking it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stillwatch.cli import case_options, options, outcome
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.cases.collecting import Collected, History
    from stillwatch.app.cases.reproduce import Reproduced


@click.command("bundle", cls=Command)
@click.argument("case_id", metavar="CASE")
@click.option("--out", type=options.Folder(), metavar="FILE", required=True, help="The bundle to write (a zip).")
@click.option("--names", is_flag=True, help="Also say which accounts they are, and what was typed.")
@click.option("--config", type=options.Folder(), metavar="FILE", help="Settings of the run, if not the defaults.")
@case_options.acting
def bundle(case_id: str, out: Path, names: bool, config: Path | None, **given: Any) -> None:
    """Write one file that a stranger can check offline.

    It holds the evidence tables, the calibration set, the journal's lines about the case and a signature. Accounts are
    pseudonyms unless --names is given. The journal says that it went out. The first bundle of a store draws its signing
    key; tell the reader the fingerprint over another channel.
    """
    loaded = options.load(config, ())
    from stillwatch.app.cases.bundle import bundle as write

    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    made = write(
        store,
        case_id,
        out,
        actor,
        case_options.now(),
        given["why"],
        loaded.settings,
        names=names,
        dry_run=given["dry_run"],
    )
    if given["as_json"]:
        print_json(made)
        return
    verb = "would write" if given["dry_run"] else "wrote"
    print_lines((f"{verb} {made['file']}: {made['bytes']:,} bytes, {len(made['members'])} members",))
    if not given["dry_run"]:
        print_lines((f"sha256 {made['sha256']}", f"signed by {made['fingerprint']}"))


@click.command("export", cls=Command)
@click.argument("case_id", metavar="CASE")
@click.option("--format", "form", type=click.Choice(["stix", "ocsf"]), required=True, help="STIX 2.1, or OCSF lines.")
@click.option("--out", type=options.Folder(), metavar="FILE", help="The file to write.")
@click.option("--send", "target", metavar="TARGET", help="Send it there with 'deliver run'; see delivery.toml.")
@click.option(
    "--to", "recipient", metavar="NAME", required=True, help="Who gets it; accounts are named for them alone."
)
@click.option("--from", "maker", metavar="NAME", required=True, help="The organisation that sends it.")
@click.option("--tlp", "level", default="amber", show_default=True, help="clear, green, amber, amber+strict or red.")
@click.option("--key", "key_file", type=options.Folder(), metavar="FILE", help="Key that both sides hold (mode 0600).")
@click.option("--log", "logs", metavar="LOG", multiple=True, help="Add the prompt machinery found there, keyed.")
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@click.option("--ranges", is_flag=True, help="Add the address ranges found in the log, in the clear.")
@click.option("--confirm", metavar="DIGEST", help="The digest of what you looked at; without it nothing is written.")
@case_options.acting
def export(case_id: str, form: str, confirm: str | None, **given: Any) -> None:
    """Tell a partner (STIX) or a SIEM (OCSF) about a case, once a person confirmed what leaves.

    Without --confirm it prints what would leave and its digest; look at it, and repeat the command with the digest.
    After a retraction the same command writes the revocation.
    """
    from stillwatch.app.cases.sharing import Order
    from stillwatch.app.cases.sharing import export as write

    asked = {name: given[name] for name in ("out", "recipient", "maker", "level", "key_file", "target")}
    order = Order(case_id=case_id, format=form, history=_history(given), ranges=given["ranges"], **asked)
    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    confirmed = None if given["dry_run"] else confirm
    found = write(store, order, actor, case_options.now(), given["why"], confirm=confirmed)
    if given["as_json"]:
        print_json({"digest": found.digest, "accounts": found.accounts, "written": found.written})
        return
    if not found.written:
        print_lines(found.content.decode().splitlines())
    gone = f"; {found.left_out} victims or erased ones are left out" if found.left_out else ""
    print_lines((f"{found.accounts} accounts under the names of this exchange{gone}",))
    if found.collected is not None:
        print_lines(_collected(found.collected, with_ranges=order.ranges))
    if found.written:
        print_lines(f"{verb} {where}" for verb, where in (("wrote", order.out), ("waits for", order.target)) if where)
    else:
        print_lines((f"to let this leave: --confirm {found.digest}",))


def _history(given: dict[str, Any]) -> History | None:
    if not given["logs"]:
        return None
    options.keep_kernels()
    from stillwatch.app.cases.collecting import History

    return History(given["logs"], given["mapping"])


def _collected(found: Collected, *, with_ranges: bool) -> Iterator[str]:
    seen = f"{found.members} of its accounts and {found.outsiders} others in the log, {found.rejected} rows rejected"
    if found.machinery is None:
        yield f"no machinery is told: {found.showing} accounts show a wording of their own ({seen})"
    else:
        shown = f"{found.showing} accounts show it"
        yield f"{len(found.machinery.hashes)} keyed hashes of machinery, {shown} ({seen})"
    if with_ranges:
        yield f"{len(found.ranges)} address ranges in the clear"


@click.command("notice", cls=Command)
@click.argument("case_id", metavar="CASE")
@click.option(
    "--for",
    "audience",
    type=click.Choice(["owner", "partner", "holder", "authority"]),
    required=True,
    help="The owner of the model, a partner, the holder of an account, an authority.",
)
@click.option("--to", "recipient", metavar="NAME", required=True, help="Who gets it; kept sealed.")
@click.option("--from", "sender", metavar="NAME", required=True, help="The organisation that sends it.")
@click.option("--account", metavar="ID", help="Whose notice it is, for the holder of an account.")
@click.option("--tenant", metavar="ID", help="The account's tenant, where there are tenants.")
@click.option(
    "--out",
    "outs",
    type=options.Folder(),
    metavar="FILE",
    multiple=True,
    help="Write it here: .html, .pdf, .md or .json; repeatable.",
)
@click.option("--send", "target", metavar="TARGET", help="Send it there with 'deliver run'; see delivery.toml.")
@click.option("--address", metavar="MAIL", help="The reader's mail address, for a target of mail; kept sealed.")
@case_options.acting
def notice(case_id: str, account: str | None, tenant: str | None, **given: Any) -> None:
    """Write a notice in plain words, or send it. The journal says that it was made, and for whom.

    It names no operator before two people did, and no account but the reader's own. After a retraction the same command
    writes that the alarm was taken back.
    """
    from stillwatch.app.cases.desk import Account
    from stillwatch.app.cases.notifying import Order, make_notice

    whose = Account(account, tenant) if account else None
    asked = {name: given[name] for name in ("audience", "sender", "recipient", "outs", "target", "address")}
    order = Order(case_id=case_id, account=whose, **asked)
    store, actor, dry_run = case_options.place(given["store"]), case_options.actor(given["name"]), given["dry_run"]
    made = make_notice(store, order, actor, case_options.now(), given["why"], dry_run=dry_run)
    if given["as_json"]:
        print_json(made)
    else:
        print_lines(f"{'would write' if dry_run else 'wrote'} {out}" for out in order.outs)
        if order.target is not None:
            print_lines(
                (f"{'would wait' if dry_run else 'waits'} for {order.target}; 'stillwatch deliver run' sends it",)
            )


@click.command("reproduce", cls=Command)
@click.argument("bundle_file", metavar="BUNDLE", type=options.Folder())
@click.option("--fingerprint", metavar="HEX", help="The signer's fingerprint as you were told it.")
@options.as_json
@click.pass_context
def reproduce(ctx: click.Context, bundle_file: Path, fingerprint: str | None, as_json: bool) -> None:
    """Check a bundle and compute its statistics once more; needs nothing but the file.

    Says of every figure whether it agrees, or why it cannot be recomputed. Ends with exit code 1 if anything disagrees.
    """
    from stillwatch.app.cases.reproduce import reproduce as check

    found = check(bundle_file, fingerprint)
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(found), "disagreements": found.disagreements})
    else:
        print_lines(_lines(found))
    if found.disagreements:
        ctx.exit(outcome.FAULT)


def _lines(found: Reproduced) -> list[str]:
    words = {True: "agrees", False: "DISAGREES", None: "cannot be recomputed"}
    lines = [f"case {found.case_id}, bundled {found.made_at} by {found.made_by}, signed by {found.fingerprint}"]
    for c in found.checks:
        figures = f": stated {c.stated}, found {c.found}" if c.agrees is not None else ""
        lines.append(f"{words[c.agrees]:<21} {c.about}  {c.name}{figures}{f' ({c.note})' if c.note else ''}")
    agreeing = sum(c.agrees is True for c in found.checks)
    lines.append(f"{agreeing} of {len(found.checks)} agree, {found.disagreements} disagree")
    return lines


VERBS = (bundle, reproduce, export, notice)
