"""Accounts and campaigns as people name them, and what to say when there is none of that name.

An account id is unique within a tenant only. The scan joins both with a unit separator, which cannot be typed, so
people write ``tenant/account``, or the account alone where only one tenant has it.
"""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Collection, Iterable, Sequence

from stillwatch import inert
from stillwatch.errors import ConfigurationError
from stillwatch.model.scope import SEPARATOR, account_of

_MOST_COMPARED = 2000
_SUGGESTED = 5
_ID_LIMIT = 72


def shown(name: str) -> str:
    """A scoped name as it may be shown."""
    return inert.text(name.replace(SEPARATOR, "/"), _ID_LIMIT)


def find(asked: str, names: Collection[str]) -> list[str]:
    """The scoped names that ``asked`` can mean: as it stands, as ``tenant/account``, or as the account alone."""
    if asked in names:
        return [asked]
    spelled = asked.replace("/", SEPARATOR, 1)
    if spelled in names:
        return [spelled]
    return sorted(name for name in names if account_of(name) == asked)


def the_only(asked: str, found: Sequence[str]) -> str:
    """The one name found; a mistake that lists them where there are several."""
    if len(found) == 1:
        return found[0]
    several = ", ".join(shown(name) for name in found[:_SUGGESTED])
    raise ConfigurationError(f"{inert.text(asked)} is an account of {len(found)} tenants: name one of {several}")


def absent(asked: str, what: str, where: str, names: Iterable[str]) -> str:
    """One sentence for an unknown name: what it was taken for, where it was looked for, what comes close."""
    near = closest(asked, names)
    hint = f"close to it: {', '.join(shown(name) for name in near)}" if near else "nothing there comes close to it"
    return f"no {what} {inert.text(asked)!r} in {where}; {hint}"


def closest(asked: str, names: Iterable[str]) -> list[str]:
    """Up to five names that look like ``asked``.

    Comparing letter by letter is slow, so of a large register only the names with the longest common ends are compared.
    """
    likely = heapq.nlargest(_MOST_COMPARED, sorted(names), key=lambda name: _common_ends(asked, name))
    return difflib.get_close_matches(asked, likely, n=_SUGGESTED, cutoff=0.6)


def _common_ends(a: str, b: str) -> int:
    return _common_start(a, b) + _common_start(a[::-1], b[::-1])


def _common_start(a: str, b: str) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
