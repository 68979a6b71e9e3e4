"""What must not stand in the repository, and what must stay in step with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

import pytest

from tests.architecture.tree import ROOT, repository_files, texts

# Written in pieces, or this file would find itself.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w./~-])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me")) + r")/\w",
    "a package index": r"py" + r"pi\.org|python" + r"hosted\.|proxy\.golang\.|registry\.npm",
    "unfinished work": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}

_PRINTS = re.compile(r"^\s*(print|click\.echo|sys\.std(out|err)\.write)\(", re.MULTILINE)


@cache
def _text_files() -> list[tuple[str, str]]:
    found = []
    for path in repository_files():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue  # pictures and other binaries
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_repository_does_not_contain(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [f"{name}: {hit.group()}" for name, text in _text_files() if (hit := pattern.search(text))]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    samples = {
        "a path of one machine": ['open("/wo' + 'rk/x")', "cd /ro" + "ot/y", "(/ho" + "me/somebody)"],
        "a package index": ["https://py" + "pi.org/simple"],
        "unfinished work": ["# TO" + "DO: later"],
    }
    for what, planted in samples.items():
        assert all(re.search(FORBIDDEN[what], text) for text in planted)
    for innocent in ("src/network/x", "https://example.org/work/", "./root/x", "$STILLWATCH_HOME/home"):
        assert not re.search(FORBIDDEN["a path of one machine"], innocent)


def test_files_were_looked_at() -> None:
    assert {"pyproject.toml", "src/stillwatch/errors.py"} <= {name for name, _ in _text_files()}


def test_the_reference_is_in_step_with_the_code() -> None:
    ended = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_module_prints() -> None:
    """Results go through ``cli.output``, which makes them inert; messages through ``cli.outcome``."""
    may = {"stillwatch/cli/output.py", "stillwatch/cli/outcome.py"}
    assert {name for name, text in texts().items() if _PRINTS.search(text)} == may
