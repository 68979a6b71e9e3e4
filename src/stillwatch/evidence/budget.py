"""The false-campaign budgets: what may be spent, and what was.

A budget accrues with event time, so that what was spent by a moment never depends on what came after it. Whoever wants
to accuse asks for a level alpha, and the sum of the levels handed out never exceeds what has accrued: the expected
number of false passes is at most that sum (linearity of expectation, whatever the dependence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOURS_PER_MONTH = 30 * 24
SPEND_SHARE = 0.5
"""Share of what is at hand that one epoch may hand out; the rest stays for later proposals."""

MOST_ALPHA = 0.004
"""However much of the second gate's budget is left, nobody is accused at a p-value above this.

It keeps a distance from the part of the ranking where harmless groups are common, however few share the budget; and
those that come first in a log do not take what those that come later need, since no level is ever taken back.
"""


@dataclass
class Budget:
    """One gate's budget: ``per_epoch`` accrues up to ``most``; ``at_hand`` is left, ``spent`` was handed out."""

    per_epoch: float
    most: float
    at_hand: float = 0.0
    spent: float = 0.0

    @staticmethod
    def monthly(amount: float, epoch_hours: int) -> Budget:
        return Budget(amount * epoch_hours / HOURS_PER_MONTH, amount)

    def accrue(self) -> None:
        """One more epoch; a month's worth is the most that can be saved up."""
        self.at_hand = min(self.at_hand + self.per_epoch, self.most)

    @property
    def accrued(self) -> float:
        """All that could have been handed out so far."""
        return self.at_hand + self.spent

    def share(self, askers: int) -> float:
        """Level for each of ``askers`` of this epoch."""
        return SPEND_SHARE * self.at_hand / askers if askers else 0.0

    def even_out(self, held: Sequence[float], floors: Sequence[float], weights: Sequence[float]) -> list[float]:
        """Raise the levels ``held`` towards shares by weight of what has accrued, the poorest first, and return them.

        Those whose floor is above their share come last. Among equally poor ones the order given decides. A level
        follows from the calendar, from the weights (Genovese, Roeder and Wasserman 2006) and from that order, none of
        which may look at a p-value; then the expected number of false alarms is at most the sum of the levels. One
        below its floor, the smallest p-value there can be, would be wasted and is not bought.
        """
        whole = self.accrued / max(sum(weights), 1e-9)
        shares = [min(MOST_ALPHA, whole * weight) for weight in weights]
        found = list(held)
        for place in sorted(range(len(found)), key=lambda p: (floors[p] > shares[p], held[p] / max(shares[p], 1e-300))):
            more = min(max(floors[place], shares[place]) - held[place], self.at_hand)
            if more > 0 and held[place] + more >= floors[place] * (1 - 1e-9):
                found[place] += self.spend(more)
        return found

    def spend(self, alpha: float) -> float:
        """Hand out ``alpha``; never more than is at hand."""
        alpha = min(alpha, self.at_hand)
        self.at_hand -= alpha
        self.spent += alpha
        return alpha
