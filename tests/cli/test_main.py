"""The command line as a whole: light to start, verbs as catalogued."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module, metadata

import pytest

from stillwatch.cli.catalogue import VERBS, Verb
from tests.cli.conftest import Ended

HEAVY = ("numba", "pyarrow", "duckdb", "scipy", "numpy", "jinja2", "rich", "platformdirs", "msgspec")


@pytest.mark.parametrize("code", ["import stillwatch.cli.main", "from stillwatch.cli.main import run; run(['--help'])"])
def test_starting_loads_nothing_heavy(code: str) -> None:
    report = f"import sys; {code}; print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"


def test_help_names_every_verb(cli: Callable[..., Ended]) -> None:
    ended = cli("--help")
    assert ended.code == 0
    for verb in VERBS:
        assert f"  {verb.name} " in ended.out
        assert verb.summary in ended.out


def test_no_arguments_shows_help(cli: Callable[..., Ended]) -> None:
    ended = cli()
    assert ended.code == 2
    assert "Verbs:" in ended.out + ended.err


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.name)
def test_a_verb_describes_itself_as_the_catalogue_does(verb: Verb, cli: Callable[..., Ended]) -> None:
    command = import_module(verb.module).command
    assert command.name == verb.name
    assert command.help.splitlines()[0] == verb.summary
    assert cli(verb.name, "--help").code == 0


def test_version_is_the_installed_one(cli: Callable[..., Ended]) -> None:
    assert metadata.version("stillwatch") in cli("--version").out


def test_the_installed_script_runs() -> None:
    code = "from stillwatch.cli.main import main; import sys; sys.argv = ['stillwatch', 'nonsense']; main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
