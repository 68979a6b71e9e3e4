"""Opening a page for a person who is there to see it. Never fails: whoever asked has the path as well."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")


def somebody_watches(environment: Mapping[str, str], platform: str, terminal: bool) -> bool:
    """Whether a browser would open in front of a person: a terminal, a display, no CI, not over SSH alone."""
    if not terminal or environment.get("CI"):
        return False
    return platform in ("darwin", "win32") or any(environment.get(name) for name in _DISPLAYS)


def open_page(page: Path) -> bool:
    """Open ``page`` in the person's browser; False if that was not possible."""
    if not somebody_watches(os.environ, sys.platform, sys.stdout.isatty()):
        return False
    import webbrowser

    with contextlib.suppress(Exception):  # a courtesy: whatever a browser's launcher does must not fail the run
        return webbrowser.open(page.resolve().as_uri())
    return False
