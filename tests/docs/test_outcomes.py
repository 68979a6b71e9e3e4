"""What the pages say that the demonstration finds is what it finds: which operators, and how many campaigns alarm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stillwatch.app.demo import demo
from stillwatch.app.requests import DemoResult, ScanRequest
from stillwatch.app.scan import scan
from stillwatch.config.schema import Settings
from stillwatch.model.progress import SilentProgress
from stillwatch.report.assemble import build_findings
from stillwatch.report.narrative import headline
from tests.architecture.tree import ROOT
from tests.docs.pages import README, blocks

TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a key that is always the same, so that nothing here depends on chance."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    key = {"version": 1, "created_at": "2026-01-01T00:00:00Z", "secret": "5a" * 32}
    keyring = home / "keyring.json"
    keyring.write_text(json.dumps({"schema": "stillwatch.keyring/1", "keys": [key]}))
    keyring.chmod(0o600)
    return home


@pytest.fixture(scope="module")
def shown(home: Path, tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return demo(tmp_path_factory.mktemp("demo") / "d", 1, Settings(), home, SilentProgress())


def _outcomes(text: str) -> list[str]:
    return re.findall(r"^(?:FOUND|MISSED|A day of|Planted).*$", text, re.MULTILINE)


def test_the_tutorial_finds_and_misses_what_the_demonstration_does(shown: DemoResult) -> None:
    told = _outcomes(TUTORIAL.read_text("utf-8"))
    assert len(told) == 6
    assert told == _outcomes("\n".join(shown.lines))


def test_the_readme_counts_the_campaigns_that_a_scan_of_that_day_alarms(
    shown: DemoResult, home: Path, tmp_path: Path
) -> None:
    log = shown.report.parent.parent / "log"
    request = ScanRequest(
        (str(log / "exchanges.parquet"),), str(log / "accounts.parquet"), tmp_path / "run", Settings(), home, None
    )
    said = headline(build_findings(scan(request, SilentProgress()).document))
    console = next(b.text for b in blocks(README.read_text("utf-8")) if "$ stillwatch scan" in b.text)
    assert f"\n{said}.\n" in console
