"""All live decisions in memory, found by account and key in the time of a dictionary look-up.

Contract: ``find`` returns the decisions of the named scopes that are live at ``now``, to the second, whatever the
writer does. Expired ones cost nothing but memory until ``sweep``. All scopes of one decision share one ``Terms``, and
equal parameters are one object. Unknown measures and scopes are counted and not held.

Deliberately not thread-safe: one event loop reads and changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern

from stillwatch.feed.catalogue import NAMES
from stillwatch.feed.decision import Decision, Parameters, Scope, Terms, terms_of
from stillwatch.feed.shedding import SPARE

SCOPES = ("account", "key")
_KNOWN = (*NAMES, SPARE)
_NONE: tuple[Terms, ...] = ()


class Index:
    """Decisions by scope."""

    def __init__(self) -> None:
        self._by_scope: dict[str, Terms | tuple[Terms, ...]] = {}
        self._last: Terms | None = None
        self._parameters: dict[Parameters, Parameters] = {}
        self._lifted: set[str] = set()
        self.unknown = 0

    def __len__(self) -> int:
        """Scopes that anything is held for."""
        return len(self._by_scope)

    def find(self, scopes: Iterable[str], now: float) -> tuple[Terms, ...]:
        """What is live for any of the scopes at ``now``."""
        found = _NONE
        for scope in scopes:
            held = self._by_scope.get(scope)
            if held is not None:
                found += held if isinstance(held, tuple) else (held,)
        if not found:
            return found
        return tuple(t for t in found if t.starts <= now < t.expires and t.decision_id not in self._lifted)

    def set(self, decision: Decision) -> None:
        """Hold a decision; it replaces the one of the same id and scope. ``ValueError`` for a time that is none."""
        terms = self._shared(decision)
        if decision.measure not in _KNOWN or decision.scope.kind not in SCOPES:
            self.unknown += 1
            return
        name = decision.scope.name
        held = self._by_scope.get(name)
        others = tuple(t for t in _several(held) if t.decision_id != terms.decision_id)
        self._by_scope[name] = (*others, terms) if others else terms

    def lift(self, decision_id: str) -> None:
        """Forget a decision in all its scopes. An id is never used again."""
        self._lifted.add(decision_id)

    def drop(self, decision_id: str, scope: Scope) -> None:
        """Forget a decision in one scope."""
        self._keep(
            scope.name, tuple(t for t in _several(self._by_scope.get(scope.name)) if t.decision_id != decision_id)
        )

    def sweep(self, now: float) -> None:
        """Let go of what is over."""
        over = [
            (name, kept)
            for name, held in self._by_scope.items()
            if len(kept := tuple(t for t in _several(held) if now < t.expires and t.decision_id not in self._lifted))
            != len(_several(held))
        ]
        for name, kept in over:
            self._keep(name, kept)
        self._lifted.clear()

    def _keep(self, name: str, kept: tuple[Terms, ...]) -> None:
        if kept:
            self._by_scope[name] = kept if len(kept) > 1 else kept[0]
        else:
            self._by_scope.pop(name, None)

    def _shared(self, decision: Decision) -> Terms:
        """Terms as small as they can be held: scopes of one decision come one after the other."""
        terms = terms_of(decision)
        if terms == self._last:
            return self._last
        parameters = self._parameters.setdefault(terms.parameters, terms.parameters)
        self._last = Terms(
            terms.decision_id,
            intern(terms.measure),
            terms.enforce,
            terms.starts,
            terms.expires,
            terms.closed,
            parameters,
            intern(terms.appeal),
            terms.announced,
        )
        return self._last


def _several(held: Terms | tuple[Terms, ...] | None) -> tuple[Terms, ...]:
    if held is None:
        return _NONE
    return held if isinstance(held, tuple) else (held,)
