"""``stillwatch privacy``: papers from the register. What concerns the data themselves is in ``privacy_data``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from stillwatch.cli import options, privacy_data, privacy_fairness
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Received(click.ParamType[object]):
    """A day, or a moment with an offset: without one the day could be another one in the authority's zone."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2026-03-02 nor a time with an offset", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no offset, so its day is not certain: write the date, or an offset", param, ctx)
        return moment


def _paper(function: _Command) -> _Command:
    """What every paper is made from and written to."""
    for option in (
        options.as_json,
        options.settings,
        click.option("--out", "outs", type=options.Folder(), metavar="FILE", multiple=True, help=_OUT),
        click.option("--store", "stores", type=options.Folder(), metavar="DIR", multiple=True, help=_STORE),
        privacy_data.register,
    ):
        function = option(function)
    return function


_OUT = "Write the paper here: .html, .pdf, .md or .json; repeatable. Default: the terminal."
_STORE = "Folder of runs to count and to hold against the register; repeatable."


@click.group("privacy")
def command() -> None:
    """Keep the record of processing, answer a regulator, erase.

    Discloses what is stored of a person, too.
    """


@command.command("record", cls=Command)
@click.option(
    "--as",
    "form",
    type=click.Choice(["controller", "processor"]),
    default="controller",
    show_default=True,
    help="Which form of Art. 30.",
)
@_paper
def record(form: str, **asked: Any) -> None:
    """The record of processing activities of Art. 30 GDPR, from the register and the installation."""
    from stillwatch.app.privacy.papers import make_record

    _show(make_record(_request(asked), form), asked)


@command.command("answer", cls=Command)
@click.argument("questions", metavar="NAME|FILE")
@click.option("--received", type=Received(), help="When the letter came; the end of the period is counted from it.")
@_paper
def answer(questions: str, received: date | datetime | None, **asked: Any) -> None:
    """Answer a regulator's questions from the register; what is not in it is listed as open.

    NAME is garante, which is what the Italian authority asked a chatbot's provider in January 2025; FILE is a
    questionnaire in TOML.
    """
    from stillwatch.app.privacy.papers import make_answer

    _show(make_answer(_request(asked), questions, received), asked)


@command.command("assess", cls=Command)
@click.argument("which", type=click.Choice(["impact", "automated", "balancing"]))
@_paper
def assess(which: str, **asked: Any) -> None:
    """A draft that weighs: impact assessment (Art. 35), automated decisions (Art. 22), balancing (Art. 6(1)(f)).

    Filled from the register and the installation; what nobody wrote is listed as open. A person judges and signs.
    """
    from stillwatch.app.privacy.papers import make_assessment

    _show(make_assessment(_request(asked), which), asked)


@command.command("export", cls=Command)
@click.option("--out", "outs", type=options.Folder(), metavar="FILE", multiple=True, help=_OUT)
@click.option("--store", "stores", type=options.Folder(), metavar="DIR", multiple=True, help=_STORE)
@privacy_data.register
@options.settings
def export(outs: tuple[Path, ...], **asked: Any) -> None:
    """The register as JSON under the keys of fideslang, with x_ keys where it has none."""
    from stillwatch.app.privacy.papers import make_export

    found = make_export(_request(asked))
    if not outs:
        print_json(found)
        return
    from stillwatch.app.privacy.writing import write_papers
    from stillwatch.privacy.fides import as_paper

    write_papers(as_paper(found, datetime.now(UTC)), outs, as_json=found)


for verb in (*privacy_data.VERBS, privacy_fairness.fairness):
    command.add_command(verb)


def _request(asked: dict[str, Any]) -> Any:
    options.keep_kernels()
    from stillwatch.app.privacy.papers import PaperRequest

    loaded = options.load(asked["config"], asked["overrides"])
    home = options.home()
    register = privacy_data.register_path(asked["register"], asked["config"], home)
    return PaperRequest(register, loaded, home, asked["stores"], datetime.now(UTC))


def _show(document: dict[str, Any], asked: dict[str, Any]) -> None:
    from stillwatch.app.privacy.writing import write_papers
    from stillwatch.report.paper import paper_lines

    if asked["as_json"]:
        print_json(document)
    elif not asked["outs"]:
        print_lines(paper_lines(document))
    write_papers(document, asked["outs"])
