"""Legal holds: open cases whose data are not erased, from the register and from whoever else keeps cases.

Contract: pure. An account in a held campaign is held as a whole in the run folder in which it is, and in everything
outside of run folders; in other runs it is not.
A hold keeps data from being erased or removed by age; it does not lengthen the life of redacted examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stillwatch.model.scope import SEPARATOR
from stillwatch.privacy.register import Register


@dataclass(frozen=True, slots=True)
class Hold:
    """A case with what it holds; ``where`` says who set it."""

    case: str
    reason: str
    where: str
    accounts: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.case}: {self.reason} ({self.where})"


def holds_of(register: Register | None) -> tuple[Hold, ...]:
    """The holds that a person wrote into the register."""
    if register is None:
        return ()
    return tuple(
        Hold(
            row.text("case") or "case not named",
            row.text("reason") or "reason left open",
            row.where(),
            frozenset(name.replace("/", SEPARATOR, 1) for name in row.texts("accounts")) | set(row.texts("accounts")),
            frozenset(row.texts("campaigns")),
        )
        for row in register.many("holds")
    )


def holding(holds: Sequence[Hold], accounts: Iterable[str], campaigns: Iterable[str]) -> tuple[Hold, ...]:
    """The holds that cover any of these accounts (scoped names) or campaigns."""
    asked, among = frozenset(accounts), frozenset(campaigns)
    return tuple(hold for hold in holds if hold.accounts & asked or hold.campaigns & among)
