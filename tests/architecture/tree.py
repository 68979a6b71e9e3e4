"""What the architecture tests look at: the files of the repository and the modules of the product."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "stillwatch"


@dataclass(frozen=True)
class Module:
    """What is known of one module once it was parsed; the tree itself is large and is let go."""

    name: str
    lines: int
    explained: bool
    functions: tuple[tuple[str, int], ...]
    """Name and lines of each."""


@cache
def texts() -> dict[str, str]:
    """The text of every module of the product, by its name relative to ``src``."""
    return {str(path.relative_to(SOURCE.parent)): path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))}


@cache
def modules() -> tuple[Module, ...]:
    return tuple(_parsed(name, text) for name, text in texts().items())


def _parsed(name: str, text: str) -> Module:
    tree = ast.parse(text)
    explained = not tree.body or ast.get_docstring(tree) is not None
    return Module(name, text.count("\n"), explained, tuple(_functions(tree)))


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


@cache
def repository_files() -> tuple[Path, ...]:
    """Files that belong to the repository: what git tracks, or, in a source archive, what is not hidden or built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    built = {"build", "dist", "out", "__pycache__"}
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(ROOT / p for p in paths if not any(part.startswith(".") or part in built for part in p.parts))
