"""The example register as a starting point, bent by each test, and an installation that agrees with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stillwatch.config.schema import SETTINGS, Settings
from stillwatch.errors import ConfigurationError
from stillwatch.privacy.checks import contradictions
from stillwatch.privacy.register import Register, load_register
from stillwatch.privacy.running import Running
from tests.architecture.tree import ROOT

EXAMPLE = ROOT / "examples" / "register.toml"
HOSTILE = '"\\u001b[31m<script>alert(1)</script> [x](javascript:y) =1+1 \\u202e"'
ADAPTERS = (("canonical", "Parquet, JSON or CSV"), ("litellm", "LiteLLM payloads"))


def running(**changed: Any) -> Running:
    """What the example describes."""
    settings = changed.pop("settings", Settings())
    origins = changed.pop("origins", {s.name: "default" for s in SETTINGS})
    home = Path("/srv/stillwatch-home")
    return replace(Running(settings, origins, ADAPTERS, home, (Path("/srv/stillwatch/run"),)), **changed)


def written(folder: Path, *changes: tuple[str, str], extra: str = "") -> Path:
    """The example with texts replaced, each of which must be in it, and something at its end."""
    text = EXAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "register.toml"
    path.write_text(text + extra, "utf-8")
    return path


def register(folder: Path, *changes: tuple[str, str], extra: str = "") -> Register:
    return load_register(written(folder, *changes, extra=extra))


def mistakes(folder: Path, *changes: tuple[str, str], extra: str = "") -> tuple[str, ...]:
    """What is wrong with such a register by itself."""
    with pytest.raises(ConfigurationError) as refused:
        register(folder, *changes, extra=extra)
    assert refused.value.exit_code == 2
    return refused.value.mistakes


def against(folder: Path, *changes: tuple[str, str], extra: str = "", **product: Any) -> list[str]:
    """What such a register and such a product contradict each other in."""
    return contradictions(register(folder, *changes, extra=extra), running(**product))


def line_of(path: Path, text: str) -> int:
    """The line on which a text first stands."""
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)
