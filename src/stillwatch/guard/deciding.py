"""What is done with a text on its way to a destination: findings and rules in, a decision out.

Contract: pure. A blocked text goes nowhere; a coached one waits for the person, and goes if the person insists, with
what is to be redacted redacted. The message names kinds and quotes the destination's own terms, with source and date;
it never shows what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stillwatch.guard.destinations import ACTIONS, Destination, Destinations
from stillwatch.guard.finding import KINDS, Finding

_STRICTNESS = {action: rank for rank, (action, _) in enumerate(ACTIONS)}
UNLESS_SPOKEN_OF = {"unread": "block"}
"""What is done with a kind that no rule speaks of; all others are allowed."""
_SAYS = {
    "collects": "says that it collects",
    "trains_on": "says about training that it",
    "shares": "says that it",
    "stores": "says that data are stored",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """``action`` is the strictest of all; ``redact`` what is to be replaced if the text goes out."""

    destination: str
    action: str
    redact: tuple[Finding, ...]
    kinds: tuple[str, ...]
    """Kinds that led to the action."""
    message: str
    term: str = ""
    """The destination's own statement that speaks against it, where the rule names one."""

    def goes_out(self, *, insisted: bool = False) -> bool:
        return self.action in ("allow", "redact") or (self.action == "coach" and insisted)


def actions(destination: Destination, register: Destinations) -> dict[str, str]:
    """What is done with each kind on the way to ``destination``."""
    rules = {kind: register.rule(destination.name, kind) for kind, _ in KINDS}
    return {k: rule.action if rule else UNLESS_SPOKEN_OF.get(k, "allow") for k, rule in rules.items()}


def decide(
    findings: Sequence[Finding], destination: Destination, register: Destinations, fixed: Collection[str] = ()
) -> Decision:
    """What the register says about ``findings``; kinds in ``fixed`` stand where nothing can be redacted."""
    of_kind = actions(destination, register)
    done = {f.kind: of_kind[f.kind] for f in findings}
    done |= {kind: "block" for kind in fixed if done.get(kind) == "redact"}
    action = max(done.values(), key=_STRICTNESS.__getitem__, default="allow")
    kinds = tuple(kind for kind, _ in KINDS if done.get(kind) == action and action != "allow")
    redact = tuple(finding for finding in findings if done[finding.kind] == "redact")
    rules = (register.rule(destination.name, kind) for kind in kinds)
    because = next((rule.because for rule in rules if rule and rule.because), "")
    term = destination.statements.get(because, "")
    return Decision(destination.name, action, redact, kinds, _message(action, kinds, destination, because), term)


def _message(action: str, kinds: Sequence[str], destination: Destination, because: str) -> str:
    if action not in ("coach", "block"):
        return ""
    words = dict(KINDS)
    held = " and ".join(words[kind] for kind in kinds)
    first = f"This text seems to hold {held}."
    term = destination.statements.get(because, "")
    if term:
        first += (
            f' {destination.name} {_SAYS[because]}: "{term}" ({destination.source}, read on {destination.read_on}).'
        )
    if destination.example:
        first += " This entry of the register is an example."
    last = (
        "It was not sent." if action == "block" else "Take it out, or send it all the same: that is counted, by team."
    )
    return f"{first} {last}"
