"""Which key was drawn decides what is sampled of each text; it must not decide who is accused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.config.schema import Settings
from stillwatch.model.progress import SilentProgress
from tests.app.scans import END, Workplace, fix_the_key

OTHER_KEYS = ("01", "5a", "ee")
ALIKE = 0.9
"""Jaccard similarity of the accounts that two keys name of one operator, at least."""


@pytest.fixture(scope="module")
def named(place: Workplace, full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[set[str]]:
    """The accounts that a scan under each key names."""
    others = (_scanned(place, tmp_path_factory.mktemp(key), key) for key in OTHER_KEYS)
    return [_named(run) for run in (full_run, *others)]


def _scanned(place: Workplace, folder: Path, key: str) -> Path:
    fix_the_key(folder / "home", key)
    request = ScanRequest(
        (str(place.log),), str(place.register), folder / "run", Settings(threads=1), folder / "home", END
    )
    scan(request, SilentProgress())
    return folder / "run"


def _named(run: Path) -> set[str]:
    document = json.loads((run / "campaigns.json").read_bytes())
    alarmed = [c for c in document["campaigns"] if c["state"] == "alarmed"]
    return {a["account_id"] for c in alarmed for a in c["accounts"]}


def test_every_key_finds_the_same_operators_and_nobody_else(place: Workplace, named: list[set[str]]) -> None:
    operators: dict[str, set[str]] = {}
    for row in place.world.truth.to_pylist():
        if row["operator"] is not None:
            operators.setdefault(row["operator"], set()).add(row["account_id"])
    everybody = set().union(*operators.values())
    for found in named:
        assert found <= everybody
        for operator, accounts in operators.items():
            assert len(found & accounts) >= ALIKE * len(accounts), operator


def test_any_two_keys_name_nearly_the_same_accounts(named: list[set[str]]) -> None:
    for first in named:
        for second in named:
            assert len(first & second) >= ALIKE * len(first | second)
