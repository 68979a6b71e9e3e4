"""Running the command line in this process, and recording what a verb asks its use case."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from stillwatch.cli.main import run


class Ended(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(home: object, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """``cli("scan", …)`` runs one command line with a home of its own."""

    def call(*arguments: str) -> Ended:
        code = run(arguments)
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], list[tuple[Any, ...]]]:
    """``answer("scan", result)`` has the use case hand back ``result`` (or raise it) and records what it was asked.

    What a scan does is tested with scans; here the question is only whether arguments arrive and answers are shown.
    """

    def replace(verb: str, result: object) -> list[tuple[Any, ...]]:
        asked: list[tuple[Any, ...]] = []

        def use_case(*arguments: Any) -> object:
            asked.append(arguments)
            if isinstance(result, BaseException):
                raise result
            return result

        stand_in = ModuleType(f"stillwatch.app.{verb}")
        setattr(stand_in, verb, use_case)
        monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
        return asked

    return replace
