"""The kinds of link a graph can show and the standings a campaign can have, each with its words and its look.

A link kind is drawn by the colour of its family *and* a dash pattern of its own, so that no two kinds differ by colour
alone. A standing has a glyph as well as a colour for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkKind:
    """``name`` as in the links table; ``family`` picks the colour, ``dash`` the stroke pattern of SVG."""

    name: str
    label: str
    family: str
    dash: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands for a reader; ``order`` is the order of the queue."""

    name: str
    label: str
    glyph: str
    order: int
    meaning: str


LINK_KINDS: tuple[LinkKind, ...] = (
    LinkKind("template", "prompt template", "content", "", "share rare wording in their prompts"),
    LinkKind("system", "system instructions", "content", "7 4", "share rare system instructions"),
    LinkKind("near_duplicate", "near duplicates", "content", "10 3 2 3", "sent prompts that are nearly the same"),
    LinkKind("likeness", "likeness of work", "content", "1.5 4", "work from one pool of prompts"),
    LinkKind("payment", "means of payment", "identity", "", "were paid by the same means"),
    LinkKind("domain", "mail domain", "identity", "7 4", "registered under the same rare mail domain"),
    LinkKind("network", "address range", "network", "", "come from the same rare address range"),
    LinkKind("client", "client software", "network", "7 4", "use the same rare client"),
    LinkKind("onset", "common start", "time", "", "began together, more of them than chance puts there"),
    LinkKind("succession", "succession", "time", "7 4", "began when the other one stopped"),
)
OTHER_LINK = LinkKind("other", "other", "other", "2 3", "are linked for a reason this report has no name for")

STANDINGS: tuple[Standing, ...] = (
    Standing("alarmed", "Alarmed", "●", 0, "both nulls rejected within the budget"),
    Standing("provisional", "Provisional", "◐", 1, "alarmed in an epoch that is still open; may change"),
    Standing("watched", "Watched", "○", 2, "found as a group; the evidence does not carry an alarm within the budget"),
    Standing("proposed", "Proposed", "◌", 3, "found as a group; not tested yet"),
    Standing("authorised", "Authorised", "✓", 4, "one declared organisation with permission to generate data"),
    Standing("retracted", "Retracted", "×", 5, "was alarmed; withdrawn since"),
)
UNKNOWN_STANDING = Standing("unknown", "Unknown state", "?", 6, "a state that this report does not know")


def link_kind(name: str) -> LinkKind:
    """The kind of that name; an unknown one is drawn as ``other``."""
    return next((k for k in LINK_KINDS if k.name == name), OTHER_LINK)


def standing(state: str, authorised: bool) -> Standing:
    """Permission outranks every state but a retraction: what was permitted is not a matter for the queue."""
    name = "authorised" if authorised and state != "retracted" else state
    return next((s for s in STANDINGS if s.name == name), UNKNOWN_STANDING)
