"""How a command line ends: the one place that maps exceptions to exit codes and prints them.

Contract: 0 done, 1 a fault of our own or a failed check, 2 wrong usage or configuration, 3 input unreadable, 4 local
state unusable, 10 alarms found where asked to fail on them, 130 interrupted. Messages go to standard error, made inert,
without a traceback unless STILLWATCH_TRACEBACK is set.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from stillwatch import inert
from stillwatch.errors import ConfigurationError, StillwatchError, StoreError

DONE = 0
FAULT = 1
ALARMED = 10
INTERRUPTED = 130

_WIDEST_LINE = 2000


def settle(work: Callable[[], object]) -> int:
    """Run ``work`` and turn however it ends into an exit code; click hands back the code of ``ctx.exit``."""
    try:
        result = work()
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; nothing half written was kept")
        return INTERRUPTED
    except Exception as error:
        for line in _message(error):
            _say(line)
        if os.environ.get("STILLWATCH_TRACEBACK"):
            for line in "".join(traceback.format_exception(error)).splitlines():
                click.echo(inert.text(line, _WIDEST_LINE), err=True)
        return _code(error)
    return result if isinstance(result, int) else DONE


def raise_on_termination() -> None:
    """Treat SIGTERM like Ctrl-C, so that everything under way is cleaned up."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _code(error: Exception) -> int:
    if isinstance(error, StillwatchError):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return ConfigurationError.exit_code
    if isinstance(error, OSError):
        return StoreError.exit_code
    return FAULT


def _message(error: Exception) -> list[str]:
    """What to say, one line per mistake."""
    if isinstance(error, ConfigurationError):
        return list(error.mistakes)
    if isinstance(error, StillwatchError):
        return str(error).splitlines()
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "stillwatch"
        return [*error.format_message().splitlines(), f"see '{where} --help'"]
    if isinstance(error, click.ClickException):
        return [error.format_message()]
    if isinstance(error, OSError):
        return [f"the system refused: {error}"]
    return [
        f"internal fault: {type(error).__name__}: {error} ({_origin(error)})",
        "please report it; STILLWATCH_TRACEBACK=1 shows more",
    ]


def _origin(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"


def _say(line: str) -> None:
    print("stillwatch: " + inert.text(line, _WIDEST_LINE), file=sys.stderr)
