"""T4 and T6 as numbers: what a gated group's component asks for, and how far the group hides who it is.

A ``Profile`` is a fixed vector; ``FEATURES`` names every entry and says what it sees, what innocent traffic it can
mistake for a harvest and what evading it costs. None reads country, language, script or the hour of day: swapping those
leaves the vector as it is. Elicitation is weighed by rarity: a wording that many accounts outside the group are in the
habit of using weighs little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Feature:
    """One entry of the profile and its statement."""

    name: str
    side: str  # harvest | concealment | product
    direction: int  # 1: more of it can only speak for a campaign, -1: only against, 0: either
    sees: str
    mistakes: str
    evasion: str


FEATURES: tuple[Feature, ...] = (
    Feature(
        "elicitation",
        "harvest",
        1,
        "asks for written-out reasoning, weighed by rarity",
        "tutors, evaluation teams",
        "plain questions, less reasoning text",
    ),
    Feature(
        "grading",
        "harvest",
        1,
        "asks for rubric grades or judgements",
        "evaluation teams, teachers",
        "own reward model",
    ),
    Feature(
        "generation",
        "harvest",
        1,
        "asks for tasks and instructions to be written",
        "licensed generators, quiz makers",
        "own seed tasks",
    ),
    Feature(
        "repair",
        "harvest",
        1,
        "asks for reasoning to be cleaned or corrected",
        "editors, proof readers",
        "own clean-up",
    ),
    Feature("persona", "harvest", 1, "hides which model answers", "white-label products", "an open product name"),
    Feature(
        "kinds", "harvest", 1, "many kinds of such wording in one component", "research groups", "fewer kinds of data"
    ),
    Feature("one_shot", "harvest", 0, "prompts never come twice", "document pipelines", "paying for repeats"),
    Feature("history", "harvest", 0, "whole conversations under one wrapper", "chat products", "single turns only"),
    Feature(
        "component",
        "harvest",
        0,
        "the component is most of the members' traffic",
        "every single-purpose product",
        "cover traffic, paid for",
    ),
    Feature("tied_org", "concealment", -1, "members declare one organisation", "-", "declaring an organisation"),
    Feature(
        "tied_payment", "concealment", -1, "members share a means of payment", "firms, families", "cards per account"
    ),
    Feature("tied_domain", "concealment", -1, "members share a mail domain", "firms, schools", "disposable mail"),
    Feature("tied_network", "concealment", -1, "members share an address range", "offices, one cloud", "proxies"),
    Feature(
        "tied_client", "concealment", -1, "members share a client nobody else has", "plugins, own apps", "stock clients"
    ),
    Feature(
        "rooms",
        "concealment",
        -1,
        "requests leave from a few address ranges of the group's own",
        "-",
        "machine rooms that nobody else uses",
    ),
    Feature(
        "churn",
        "concealment",
        0,
        "each account comes from many address ranges",
        "travellers, cloud functions",
        "steady addresses",
    ),
    Feature(
        "clients", "concealment", 0, "one machinery behind many client identities", "public templates", "one client"
    ),
    Feature(
        "hidden_harvest",
        "product",
        1,
        "harvest wording by a group that shows no open mark",
        "individuals",
        "giving up either",
    ),
    Feature(
        "hidden_chats",
        "product",
        1,
        "nothing but others' conversations, one wrapper, no open mark",
        "chat pools",
        "giving up either",
    ),
    Feature(
        "machinery", "harvest", 0, "how much of a request is shared machinery", "long house templates", "short wrappers"
    ),
)
NAMES = tuple(f.name for f in FEATURES)


@dataclass(frozen=True)
class Profile:
    """Values of FEATURES, in order; shape (len(FEATURES),)."""

    values: NDArray[np.float64]

    def __getitem__(self, name: str) -> float:
        return float(self.values[NAMES.index(name)])


RAREST = 1 / 500
"""Rarer habits weigh no more for a group: how rare one can be seen to be must not grow with the log."""


def surprise(
    shares: NDArray[np.float64], habits: NDArray[np.float64], outside: int, rarest: float = 0.0
) -> NDArray[np.float64]:
    """Per cue: share of the component that carries it, times -ln of the share of outside accounts in its habit.

    ``shares``, ``habits``: shape (bits,), 0 to 1; ``outside``: number of outside accounts (one is added as a floor); a
    habit rarer than ``rarest`` counts as that.
    """
    rarity = -np.log(np.maximum((habits * outside + 1.0) / (outside + 1.0), rarest))
    result: NDArray[np.float64] = shares * rarity
    return result
