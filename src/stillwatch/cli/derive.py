"""``stillwatch derive``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.derive.collect import Source

_MARKS = "forms, habits, best, green1, green2, gumbel1 or gumbel1x2."
_unlock = click.option(
    "--unlock", type=options.Folder(), metavar="FILE", help="File that unlocks the keys; default: beside them."
)


@click.group("derive")
def command() -> None:
    """Test whether a suspect model was trained on text we marked."""


@command.group("keys")
def keys() -> None:
    """Draw, commit and list the keys of marks."""


@keys.command("new", cls=Command)
@click.option("--group", metavar="NAME", default="everyone", show_default=True, help="Accounts that will get the mark.")
@click.option("--mark", metavar="NAME", default="forms", show_default=True, help=_MARKS)
@click.option("--commit", is_flag=True, help="Commit it at once.")
@_unlock
@options.as_json
def new(group: str, mark: str, commit: bool, unlock: Path | None, as_json: bool) -> None:
    """Draw a key. It is stored sealed and is never shown."""
    from stillwatch.app.derive_keys import KeyPlace, new_key

    _show(new_key(KeyPlace(options.home(), unlock), group, mark, datetime.now(UTC), commit=commit), as_json)


@keys.command("commit", cls=Command)
@click.argument("key_id")
@_unlock
@options.as_json
def commit(key_id: str, unlock: Path | None, as_json: bool) -> None:
    """Write a key's commitment to the journal, which makes it usable and retires the group's older one."""
    from stillwatch.app.derive_keys import KeyPlace, commit_key

    _show(commit_key(KeyPlace(options.home(), unlock), key_id, datetime.now(UTC)), as_json)


@keys.command("vllm", cls=Command)
@click.argument("key_id")
@click.option("--out", type=options.Folder(), metavar="FILE", required=True, help="A .yaml file for this user alone.")
@_unlock
def vllm(key_id: str, out: Path, unlock: Path | None) -> None:
    """Write a file for 'vllm serve --config' that turns on vLLM's own mark under a committed key of mark gumbel1.

    Or of mark gumbel1x2, vLLM's mark of two keys, which speculative decoding needs.

    The file holds the key, readable by this user alone; on vLLM's command line everybody on the machine would see it.
    """
    from stillwatch.app.derive_keys import KeyPlace, vllm_file

    vllm_file(KeyPlace(options.home(), unlock), key_id, out)


@keys.command("list", cls=Command)
@options.as_json
def list_(as_json: bool) -> None:
    """Every key with its group, mark, state and commitment; no secret."""
    from stillwatch.app.derive_keys import KeyPlace, list_keys

    found = list_keys(KeyPlace(options.home()))
    if as_json:
        print_json(found)
        return
    print_lines(_line(key) for key in found["keys"])
    print_lines((f"journal head {found['journal_head']}",))


@command.command("test", cls=Command)
@click.option("--suspect", metavar="TEXTS|URL", multiple=True, required=True, help="Files, folders, or an endpoint.")
@click.option("--key", "key_names", metavar="KEY", multiple=True, required=True, help="Key id or group; repeatable.")
@click.option("--out", type=options.Folder(), metavar="DIR", required=True, help="Folder for the result.")
@click.option("--alpha", type=float, default=1e-4, show_default=True, help="Error rate over all keys.")
@click.option("--decoys", type=click.IntRange(1), default=999_999, show_default=True, help="Keys to compare with.")
@click.option("--control", "controls", metavar="TEXTS", multiple=True, help="Text that is surely unmarked; repeatable.")
@click.option(
    "--reference", "references", metavar="TEXTS", multiple=True, help="Unmarked text of a model that writes alike."
)
@click.option("--prompts", metavar="FILE", default="", help="With a URL: what to ask, JSON lines with 'prompt'.")
@click.option("--model", metavar="NAME", default="", help="With a URL: the suspect's name for its model.")
@click.option("--token-budget", type=click.IntRange(1), default=1_000_000, show_default=True, help="With a URL.")
@click.option("--max-tokens", type=click.IntRange(1), default=1024, show_default=True, help="With a URL: per answer.")
@click.option(
    "--per-minute", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="Requests."
)
@click.option("--credential", metavar="NAME", default="", help="With a URL: variable that holds the credential.")
@click.option("--served", metavar="TEXTS", multiple=True, help="Served text: prompts that quote it are excluded.")
@click.option(
    "--tokenizer", metavar="FILE", default="", help="tokenizer.json of the marked model: for its sampler's marks."
)
@click.option("--agreement", metavar="FILE", default="", help="What 'derive agree' wrote, to stand in the report.")
@_unlock
@case_options.store
@options.as_json
@options.dry_run
def test(
    suspect: tuple[str, ...],
    key_names: tuple[str, ...],
    out: Path,
    alpha: float,
    decoys: int,
    controls: tuple[str, ...],
    references: tuple[str, ...],
    served: tuple[str, ...],
    tokenizer: str,
    agreement: str,
    unlock: Path | None,
    store: Path | None,
    as_json: bool,
    dry_run: bool,
    **asking: Any,
) -> None:
    """Test a suspect's text for keys.

    The protocol is written to the journal before the text is read or the suspect is asked. Writes verdict.json and
    report.html to --out. A key that went out under a decision of --store names the campaign. With a URL the same
    command goes on where it was cut off. --dry-run shows the protocol, reads no text and asks nobody.
    """
    options.keep_kernels()
    from stillwatch.app.derive_test import TestRequest, declare_only, derive_test
    from stillwatch.cli.progress import progress

    request = TestRequest(
        suspect=suspect,
        keys=key_names,
        alpha=alpha,
        decoys=decoys,
        out=out,
        home=options.home(),
        now=datetime.now(UTC),
        unlock=unlock,
        controls=controls,
        served=served,
        references=references,
        agreement=agreement,
        tokenizer=tokenizer,
        source=_source(suspect, asking),
        prompts=asking["prompts"],
        store=case_options.place(store),
    )
    if dry_run:
        print_json(declare_only(request))
        return
    document = derive_test(request, progress())
    if as_json:
        print_json(document)
    else:
        print_lines(_verdict_lines(document, out))


@command.command("agree", cls=Command)
@click.option("--ours", metavar="TEXTS", multiple=True, required=True, help="What our model answers.")
@click.option("--suspect", metavar="TEXTS", multiple=True, required=True, help="What the suspect answers.")
@click.option(
    "--peer", "peers", metavar="TEXTS", multiple=True, required=True, help="A model that cannot know ours; repeatable."
)
@click.option("--out", type=options.Folder(), metavar="FILE", help="Write the document there.")
@options.as_json
def agree(
    ours: tuple[str, ...], suspect: tuple[str, ...], peers: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Compare a suspect's answers with ours, beside those of other models. Supporting evidence only.

    Rows as for 'derive test', with the same prompts for all. Needs no mark, has no error rate and gives no verdict.
    """
    from stillwatch.app.derive_agree import agreement_lines, derive_agree
    from stillwatch.durable import write_whole

    document = derive_agree(ours, suspect, peers)
    if out is not None:
        write_whole(out, json.dumps(document, indent=1).encode() + b"\n", 0o666)
    if as_json:
        print_json(document)
    else:
        print_lines(agreement_lines(document))


@command.command("plan", cls=Command)
@click.option("--mix", type=click.FloatRange(0, 1), required=True, help="Share of marked text in the training data.")
@click.option(
    "--mark",
    metavar="NAME",
    default="green1",
    show_default=True,
    help=_MARKS,
)
@click.option("--excess", type=click.FloatRange(0, 1), help="Excess of matches in the marked text; default: all.")
@click.option(
    "--transfer", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Part that training keeps."
)
@click.option(
    "--yield-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Distinct places per token.",
)
@click.option("--alpha", type=float, default=1e-6, show_default=True, help="Error rate over all keys.")
@click.option("--power", type=float, default=0.9, show_default=True, help="Probability of seeing what is there.")
@click.option("--groups", type=click.IntRange(1), default=1, show_default=True, help="Number of keys to be tested.")
@click.option("--tokens", type=click.IntRange(1), help="Tokens that can be had.")
@options.as_json
def plan(
    mix: float,
    mark: str,
    excess: float | None,
    transfer: float,
    yield_share: float,
    alpha: float,
    power: float,
    groups: int,
    tokens: int | None,
    as_json: bool,
) -> None:
    """Say how much suspect text a test needs, and when it is hopeless."""
    from stillwatch.app.derive_plan import derive_plan, plan_lines
    from stillwatch.derive.marks.catalogue import mark_named
    from stillwatch.derive.power import Design

    _refuse_impossible(alpha=alpha, power=power)
    gamma = mark_named(mark).gamma
    design = Design(
        mix=mix,
        excess=1 - gamma if excess is None else excess,
        gamma=gamma,
        alpha=alpha,
        power=power,
        transfer=transfer,
        yield_share=yield_share,
        hypotheses=groups,
        tokens_at_hand=tokens,
    )
    document = derive_plan(design)
    if as_json:
        print_json(document)
    else:
        print_lines(plan_lines(document))


def _source(suspect: tuple[str, ...], asking: dict[str, Any]) -> Source | None:
    """The endpoint that --suspect names, None for files."""
    from stillwatch.derive.collect import Source

    if not any(name.startswith(("http://", "https://")) for name in suspect):
        return None
    if len(suspect) > 1:
        raise click.UsageError("--suspect names an endpoint and something else: test one suspect at a time")
    chosen = {name: asking[name] for name in ("model", "token_budget", "max_tokens", "per_minute", "credential")}
    return Source(base=suspect[0], **chosen)


def _refuse_impossible(**shares: float) -> None:
    wrong = [
        f"--{name.replace('_', '-')} {value} is not between 0 and 1"
        for name, value in shares.items()
        if not 0 < value < 1
    ]
    if wrong:
        raise click.UsageError("\n".join(wrong))


def _show(key: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(key)
    else:
        print_lines((_line(key), f"commitment {key['commitment']}"))


def _line(key: dict[str, Any]) -> str:
    committed = f"committed {key['committed_at']}" if key["committed_at"] else "not committed"
    return f"{key['key_id']}  {key['state']:8}  {key['mark']:9}  {key['group']}  {committed}"


def _verdict_lines(document: dict[str, Any], out: Path) -> list[str]:
    verdict = document["verdict"]
    lines = [f"Verdict: {verdict['word']}.", *(f"  {sentence}" for sentence in verdict["sentences"])]
    lines += [
        f"  {r['key_id']}  {r['group']}  p {r['p']:.2g}  Holm {r['p_holm']:.2g}  z {r['z']:.2f}  "
        f"{r['matches']:,} of {r['observations']:,}"
        for r in document["results"]
    ]
    return [*lines, *(f"Limit: {limit}" for limit in document["limits"]), f"Report: {out / 'report.html'}"]
