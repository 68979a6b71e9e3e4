"""The direction of imports is as declared, and the contract can really fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
    )


def test_the_import_contracts_hold() -> None:
    ended = _lint(ROOT)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors.py", "from stillwatch.model import tables"),
        ("evidence/planted.py", "from stillwatch.groups import planted"),
        ("report/planted.py", "from stillwatch.worlds import planted"),
        ("ingest/planted.py", "from stillwatch.store import duckdb"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, line: str) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for folder in [SOURCE, *(p for p in SOURCE.iterdir() if p.is_dir() and p.name != "__pycache__")]:
        copy = tmp_path / "src" / "stillwatch" / folder.relative_to(SOURCE)
        copy.mkdir(parents=True)
        for name in ("__init__.py", "planted.py", "duckdb.py"):
            (copy / name).write_text("")
    top = tmp_path / "src" / "stillwatch"
    for name in ("durable.py", "errors.py", "inert.py", "keyring.py", "model/tables.py"):
        (top / name).write_text("")
    assert _lint(tmp_path).returncode == 0
    (top / module).write_text(line + "\n")
    ended = _lint(tmp_path)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "BROKEN" in ended.stdout
