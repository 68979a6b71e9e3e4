"""What the architecture tests look at: the files of the repository and the parsed modules of the product."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "stillwatch"


@cache
def modules() -> tuple[tuple[str, str, ast.Module], ...]:
    """Name relative to ``src``, text and syntax tree of every module of the product."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        found.append((str(path.relative_to(SOURCE.parent)), text, ast.parse(text)))
    return tuple(found)


@cache
def repository_files() -> tuple[Path, ...]:
    """Files that belong to the repository: what git tracks, or, in a source archive, what is not hidden or built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    built = {"build", "dist", "out", "__pycache__"}
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(ROOT / p for p in paths if not any(part.startswith(".") or part in built for part in p.parts))
