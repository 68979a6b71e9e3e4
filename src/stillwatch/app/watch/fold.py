"""The fold as it is kept between runs of ``watch``: the state, the code spaces it speaks in, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.app.folding import Folded
from stillwatch.campaigns.state import State
from stillwatch.facts.frame import Codebooks
from stillwatch.facts.register import Register
from stillwatch.store.scratch import Scratch


@dataclass
class FoldState:
    """Everything in the fold over closed epochs that a later epoch or a report may depend on."""

    state: State
    books: Codebooks
    first_us: int | None
    last_us: int | None
    end_us: int
    rows: int
    origins: dict[str, str]
    """Where the requests that may be shown were read, by event id."""

    @staticmethod
    def of(folded: Folded, origins: dict[str, str]) -> FoldState:
        closed, books = folded.closed, folded.books
        return FoldState(closed, books, folded.first_us, folded.last_us, folded.end_us, folded.rows, origins)

    def folded(self, register: Register, scratch: Scratch) -> Folded:
        """The fold to go on with."""
        identities = register.at(self.end_us, self.books.account)
        counted = (self.first_us, self.last_us, self.end_us, self.rows)
        return Folded(self.state, self.state, self.books, identities, *counted, scratch)
