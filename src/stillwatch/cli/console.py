"""The Rich console for what a person reads on standard output.

Colour and width are Rich's reading of the terminal and of NO_COLOR; where there is no terminal the text is plain and
lines are not wrapped at a width that nobody asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 120


def console() -> Console:
    """A console on the standard output of this moment."""
    from rich.console import Console

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
