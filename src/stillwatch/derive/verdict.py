"""What the outcome of a test may be called, and the limits that are printed with it.

Contract: three verdicts. A test is *invalid* where its own checks failed, whatever the keys scored. It *supports* where
a key's Holm-adjusted p is at most alpha. Otherwise it *does not support*, which says little: the sentence tells what
would have been seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from stillwatch.derive.keys import EVERYONE
from stillwatch.derive.protocol import CONTROL_ALPHA, Protocol, Tested

Word = Literal["supports", "does not support", "test invalid"]

LIMITS = (
    "The test says that the suspect's text is not independent of the key. How marked text got into its training is not "
    "tested: a harvest, a bought data set and a public copy look alike.",
    "Whoever has learned a mark from many marked texts can write text that carries it. Then the test points at text "
    "made to look so.",
    "Targeted paraphrase, neutralising the mark at inference, several teachers and clean training afterwards weaken or "
    "remove a mark. 'Does not support' does not clear a suspect.",
    "The error rate holds if the key was fixed before the suspect was trained, if the prompts were chosen without the "
    "key, and if they carry no marks. The commitment shows the first as far as its clock and the copy of the journal's "
    "head can be trusted.",
    "The analytic tail assumes independent draws and is given for comparison. It decides nothing.",
    "Controls that drift from zero show how far this text departs from that assumption; p does not rest on it.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """A score that should be unremarkable: of a control text, or of the prompts, under one true key."""

    what: str
    key_id: str
    observations: int
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word and what stands behind it; ``named`` are the keys that the text fits, surest first."""

    word: Word
    sentences: tuple[str, ...]
    named: tuple[str, ...]
    p_adjusted: tuple[float, ...]


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjustment, in the order given (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda k: ps[k])
    adjusted, worst = [0.0] * len(ps), 0.0
    for place, k in enumerate(order):
        worst = max(worst, min(1.0, (len(ps) - place) * ps[k]))
        adjusted[k] = worst
    return tuple(adjusted)


def judge(
    protocol: Protocol,
    ps: Sequence[float],
    observations: int,
    checks: Sequence[Check],
    seen: float,
    whom: Mapping[str, str],
) -> Verdict:
    """The verdict on the keys' p-values in the protocol's order; ``seen`` is the excess that would have shown.

    ``whom`` says by key id to whom text was served, where more is known than the key's group.
    """
    adjusted = holm(ps)
    failed = [c for c in checks if c.p <= CONTROL_ALPHA / len(checks)]
    if observations < protocol.least or failed:
        return Verdict("test invalid", tuple(_why_invalid(protocol.least, observations, failed)), (), adjusted)
    order = sorted(range(len(ps)), key=lambda k: ps[k])
    named = [protocol.keys[k] for k in order if adjusted[k] <= protocol.alpha]
    if named:
        sentences = tuple(_trained(key, whom.get(key.key_id, key.group)) for key in named)
        return Verdict("supports", sentences, tuple(key.key_id for key in named), adjusted)
    return Verdict("does not support", (_unseen(protocol, observations, seen),), (), adjusted)


def _trained(key: Tested, whom: str) -> str:
    served = "served to every account" if key.group == EVERYONE else f"served only to {whom}"
    return f"trained on text marked with key {key.key_id}, {served}; how it got there is not tested"


def _unseen(protocol: Protocol, observations: int, seen: float) -> str:
    return (
        f"no key fits at alpha {protocol.alpha:g}. With {observations:,} distinct places the test would have seen, "
        f"nine times in ten, text that matches in {protocol.gamma + seen:.1%} of them instead of {protocol.gamma:.1%}. "
        "Less than that, or a mark that was removed, looks like this."
    )


def _why_invalid(least: int, observations: int, failed: Sequence[Check]) -> list[str]:
    reasons = []
    if observations < least:
        reasons.append(
            f"the text has {observations:,} distinct places that the mark could show in; at least {least} are needed"
        )
    return reasons + [
        f"{check.what} fits key {check.key_id} (p = {check.p:.2g}), and it must not: key or marked text leaked into "
        "what was to be free of it"
        for check in failed
    ]
