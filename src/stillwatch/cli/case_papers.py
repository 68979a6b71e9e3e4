"""``stillwatch case``: what leaves the house, and checking it."""

from __future__ import annotations

VERBS = ()
