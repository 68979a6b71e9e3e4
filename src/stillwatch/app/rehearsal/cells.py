"""The axes of the map, and the made-up campaign that stands for one cell of it.

A cell is accounts × wordings × share of own traffic that is harvest × care; a campaign is a cell played by one method.
Accounts of a group send ``RATE`` requests a day each, cover included: the lowest rate disclosed so far; those of the
low and slow method fewer, and one account alone as many as a group. Campaigns are the project's own operators with
fixed knobs; their words, names and times are drawn when they are played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from stillwatch.worlds.operators.cleaning import Cleaning
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.operators.relay import LiveRelay
from stillwatch.worlds.operators.replay import Replay
from stillwatch.worlds.operators.shot_list import ShotList
from stillwatch.worlds.operators.single import SingleHarvester
from stillwatch.worlds.operators.slow import LowAndSlow
from stillwatch.worlds.stream import Actor

RATE = 26.0
"""Requests per account and day."""
RATE_SLOW = 5.0
RATE_ALONE = 600.0
ACCOUNTS = (1, 8, 30, 120)
WORDINGS = (1, 30, 1000, 0)
"""Distinct wordings around the work; 0: no wording at all."""
SHARES = (1.0, 0.4)
CARES = ("careless", "careful")
WORDED = ("fixed_template", "elicitation", "prompt_mill", "cleaning", "live_relay")
ALONE = ("single_harvester",)
BARE = ("shot_list", "replay", "low_and_slow")
BARE_ALONE = BARE[:1]
METHODS = (*WORDED, *ALONE, *BARE)
_WITH_WORDINGS: dict[str, Callable[..., Actor]] = {
    "fixed_template": FixedTemplate,
    "elicitation": Elicitation,
    "prompt_mill": PromptMill,
    "cleaning": Cleaning,
    "single_harvester": SingleHarvester,
}
_WITHOUT: dict[str, Callable[..., Actor]] = {"shot_list": ShotList, "replay": Replay}

_FORCES = {
    "careless": Force(
        schedule="least_recent",
        rhythm="steady",
        jitter=1.0,
        hours="flat",
        infrastructure="mixed_clouds",
        payment="batches",
        age_days=7.0,
        siblings=True,
    ),
    "careful": Force(
        schedule="random",
        rhythm="poisson",
        hours="waking",
        infrastructure="steady_homes",
        payment="virtual",
        age_days=200.0,
        siblings=False,
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One place of the map."""

    accounts: int
    wordings: int
    share: float
    care: str

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that can play it."""
        if self.accounts == 1:
            return ALONE if self.wordings else BARE_ALONE
        return WORDED if self.wordings else BARE


def all_cells(most_accounts: int) -> list[Cell]:
    """Every cell whose campaign has at most ``most_accounts`` accounts."""
    return [
        Cell(accounts, wordings, share, care)
        for accounts in ACCOUNTS
        if accounts <= most_accounts
        for wordings in WORDINGS
        for share in SHARES
        for care in CARES
    ]


def actor(cell: Cell, method: str) -> Actor:
    """The operator that plays ``cell``."""
    force = replace(_FORCES[cell.care], cover=1 - cell.share)
    n, w, rate = cell.accounts, cell.wordings, RATE_ALONE if cell.accounts == 1 else RATE
    if method == "live_relay":
        # A relay's rate is that of its customers; cover comes on top.
        covered = replace(force, cover=(1 - cell.share) / cell.share)
        return LiveRelay(accounts=n, rate=rate * cell.share, personas=w, force=covered)
    if method == "low_and_slow":
        return LowAndSlow(accounts=n, rate=RATE_SLOW, force=force)
    if method in _WITH_WORDINGS:
        return _WITH_WORDINGS[method](accounts=n, rate=rate, wordings=w, force=force)
    if method in _WITHOUT:
        return _WITHOUT[method](accounts=n, rate=rate, force=force)
    raise ValueError(f"no method {method!r}; there are {', '.join(METHODS)}")
