"""The pages are in step with the program: links, commands, settings, tables, excerpts, figures left open."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from stillwatch.cli import outcome
from stillwatch.cli.catalogue import VERBS
from stillwatch.cli.main import stillwatch
from stillwatch.config.schema import SETTINGS
from stillwatch.errors import ConfigurationError, InputError, StillwatchError, StoreError
from stillwatch.model.tables import TABLES
from tests.architecture.tree import ROOT
from tests.docs.pages import CONTRIBUTING, PAGES, README, WRITTEN, anchors, blocks, broken_links, commands, name, prose


def _written() -> str:
    return "\n".join(page.read_text("utf-8") for page in WRITTEN)


def _parse(words: list[str]) -> None:
    """Let click read a command line, as far as it does before anything is done."""
    program, rest = stillwatch, words[1:]
    context = click.Context(program, info_name="stillwatch")
    command: click.Command = program
    while isinstance(command, click.Group):
        rest = getattr(command, "in_full", list)(rest)  # a group may have a short form
        verb = next(iter(rest), "")
        if verb == "--help":
            return
        found = command.get_command(context, verb)
        if found is None:
            raise click.UsageError(f"no verb {verb!r}")
        command, rest = found, rest[1:]
    if rest:
        command.make_context(command.name, list(rest), parent=context)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text("utf-8")) == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    text = "[a](nowhere.md) [b](#no-such) [c](README.md#stillwatch) ![d](docs/images/none.png) [e](https://example.org)"
    assert broken_links(README, text) == ["nowhere.md", "#no-such", "docs/images/none.png"]


def test_anchors_are_made_of_headings_and_not_of_comments_in_code() -> None:
    assert anchors("# One: two\n\n```sh\n# three\n```\n\n## Gate 2, `x`\n") == {"one-two", "gate-2-x"}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_command_can_be_given(page: Path) -> None:
    for words in commands(page.read_text("utf-8")):
        _parse(words)


def test_consoles_are_read_at_all() -> None:
    calls = [words for page in WRITTEN for words in commands(page.read_text("utf-8"))]
    assert ["stillwatch", "demo", "--no-open"] in calls
    assert len(calls) > 15


@pytest.mark.parametrize("wrong", ["stillwatch scan log --outt x", "stillwatch scam log", "stillwatch hunt log"])
def test_a_command_that_cannot_be_given_is_noticed(wrong: str) -> None:
    (words,) = commands(f"```console\n$ {wrong}\n```\n")
    with pytest.raises(click.UsageError):
        _parse(words)


def test_every_verb_is_shown() -> None:
    shown = {words[1] for page in WRITTEN for words in commands(page.read_text("utf-8"))}
    assert {verb.name for verb in VERBS} <= shown


@pytest.mark.parametrize("what", [*(s.name for s in SETTINGS), *(t.name for t in TABLES)])
def test_every_setting_and_table_is_explained(what: str) -> None:
    assert re.search(rf"\b{what}\b", _written())


def test_the_settings_file_that_is_shown_holds_the_defaults() -> None:
    page = (ROOT / "docs" / "how-to" / "scan-your-own-log.md").read_text("utf-8")
    (shown,) = (tomllib.loads(b.text) for b in blocks(page) if b.language == "toml")
    assert shown == {s.name: s.default for s in SETTINGS}


def test_the_readme_begins_with_the_main_job_and_the_tests_that_ci_runs() -> None:
    first, second = blocks(README.read_text("utf-8"))[0].text.splitlines()
    assert first == "pip install . && stillwatch demo --no-open"
    ci = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    run = [line.removeprefix("python -m ").replace("install --quiet", "install") for line in ci if line][-2:]
    assert second.replace("python -m ", "").split(" && ") == run


def test_the_readme_names_every_exit_code() -> None:
    section = README.read_text("utf-8").split("## Exit codes")[1].split("##")[0]
    faults = (ConfigurationError, InputError, StoreError, StillwatchError)
    known = {*(fault.exit_code for fault in faults), outcome.DONE, outcome.ALARMED, outcome.INTERRUPTED}
    assert {int(code) for code in re.findall(r"(?:^|·)\s*(\d+) ", section.strip())} == known


def _baselines() -> list[str]:
    """Names of the other methods in order, read off their sources: importing them needs packages nothing else does."""
    folder = ROOT / "benchmarks" / "baselines"
    modules = re.findall(r"^    (\w+)\.BASELINE,$", (folder / "catalogue.py").read_text("utf-8"), re.MULTILINE)
    sources = [(folder / f"{module}.py").read_text("utf-8") for module in modules]
    return [re.findall(r'^BASELINE = Baseline\(\s*"([^"]+)"', source, re.MULTILINE)[0] for source in sources]


def test_the_table_of_other_methods_has_a_row_for_each() -> None:
    section = README.read_text("utf-8").split("## Against other methods")[1].split("##")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    assert [row for row in rows if row != "---"] == ["method", "Stillwatch", *_baselines()]


def test_every_decision_is_in_the_index_and_names_its_number() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(page.name for page in folder.glob("0*.md"))
    assert re.findall(r"\]\((0[^)]+)\)", (folder / "README.md").read_text("utf-8")) == records
    for record in records:
        text = (folder / record).read_text("utf-8")
        assert all(f"**{part}.**" in text for part in ("Context", "Number", "Decision", "Price"))


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_nothing_was_left_to_fill_in(page: Path) -> None:
    assert "@@" not in page.read_text("utf-8")


def test_excerpts_stand_in_the_source() -> None:
    checked = 0
    for block in blocks(CONTRIBUTING.read_text("utf-8")):
        path, _, excerpt = block.text.partition("\n")
        source = ROOT / path.removeprefix("# ")
        if block.language == "python" and source.is_file():
            assert excerpt in source.read_text("utf-8"), f"{path} has changed"
            checked += 1
    assert checked == 5


def test_paths_in_sentences_exist() -> None:
    pattern = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|json|toml|md))`")
    roots = (ROOT, ROOT / "src" / "stillwatch", ROOT / "docs")
    for page in WRITTEN:
        for path in pattern.findall(prose(page.read_text("utf-8"))):
            assert any((root / path).is_file() for root in roots), f"{name(page)}: {path}"
