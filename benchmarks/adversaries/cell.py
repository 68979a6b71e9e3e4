"""One adversary: how its operators behave, and who plays them in the week of a seed.

A cell is declared in a few lines of ``catalogue.py``. Everything that it does not mention is the reference operator:
40 accounts that send 20 requests a day each, 20 wordings, evenly spaced work in turn over rented exits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stillwatch.worlds.operators.cleaning import Cleaning
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.operators.replay import Replay

Method = FixedTemplate | Elicitation | PromptMill | Cleaning | Replay
Build = Callable[["Cell"], Method]

_METHODS: dict[str, Build] = {
    "fixed_template": lambda c: FixedTemplate(accounts=c.accounts, rate=c.rate, wordings=c.wordings, force=c.force),
    "elicitation": lambda c: Elicitation(accounts=c.accounts, rate=c.rate, wordings=c.wordings, force=c.force),
    "prompt_mill": lambda c: PromptMill(accounts=c.accounts, rate=c.rate, wordings=c.wordings, force=c.force),
    "cleaning": lambda c: Cleaning(accounts=c.accounts, rate=c.rate, wordings=c.wordings, force=c.force),
    "replay": lambda c: Replay(accounts=c.accounts, rate=c.rate, origins=c.wordings, force=c.force),
}
METHODS = tuple(_METHODS)
"""Methods whose times, accounts and words a cell can set; a relay keeps the times of its customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """``family`` groups cells in the table; ``says`` tells in words what the operators do."""

    name: str
    family: str
    says: str
    force: Force = field(default_factory=Force)
    accounts: int = 40
    rate: float = 20.0
    wordings: int = 20
    """Wordings around the work; of a replay, the products that its sessions were taken from."""
    shed: float = 0.0
    """Chance that the provider's keyed coin refuses a request."""
    methods: tuple[str, ...] = METHODS
    at_once: int = len(METHODS)
    """Operators in one week: one of each method unless said otherwise."""

    def operators(self, seed: int) -> tuple[Method, ...]:
        """The operators of the week of ``seed``: the methods take turns."""
        first = seed * self.at_once
        return tuple(_METHODS[self.methods[(first + n) % len(self.methods)]](self) for n in range(self.at_once))
