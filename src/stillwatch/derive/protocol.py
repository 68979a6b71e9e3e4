"""What will be tested and how, written down and hashed before the suspect's text is read.

Contract: a ``Protocol`` holds everything that the outcome depends on besides the text; ``as_document`` spells it in
words and numbers, ``name`` is the hash of that. The seed of the decoys is taken from the hash: nobody draws decoys
until they please. Declaring it is an entry in the journal, so a protocol that was declared and not followed is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stillwatch.derive.journal import digest
from stillwatch.derive.keys import MarkKey
from stillwatch.derive.marks.mark import LEAST_OBSERVATIONS
from stillwatch.derive.weights import MOST_SPREAD
from stillwatch.errors import ConfigurationError

DECLARED = "protocol-declared"
ENDED = "test-ended"
SCHEMA = "stillwatch.derive-protocol/1"

LOOKS = 8
_SPREAD = "s the spread of n around e beyond chance"
_ALONE = f"n/(n+1) log((n+1)/(e/sqrt(1+s)+1)), with e suggested by context and outcome alone and {_SPREAD},"
_WEIGHTS = {
    False: _ALONE,
    True: f"(n-e)/(1+se), with e suggested by the references and {_SPREAD}, or, if s is above {MOST_SPREAD:g}, "
    f"of {_ALONE}",
}
CONTROL_ALPHA = 0.001
"""Level at which a control, or the prompts, make a test invalid; divided by the number of such checks."""
CONTROL_DECOYS_EACH = 10_000
"""Decoys per check, so that some ten of them may score higher before a check counts as failed."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A key as the protocol names it."""

    key_id: str
    group: str
    commitment: str
    committed_at: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """The declaration; make one with ``declare``."""

    suspect: str
    mark: str
    gamma: float
    keys: tuple[Tested, ...]
    alpha: float
    decoys: int
    looks: int
    controls: tuple[str, ...]
    served: tuple[str, ...]
    references: tuple[str, ...] = ()
    least: int = LEAST_OBSERVATIONS
    tokenizer: str = ""

    @property
    def name(self) -> str:
        """SHA-256 of the document."""
        return digest(self.as_document())

    @property
    def seed(self) -> int:
        """Seed of the decoys."""
        return int(self.name, 16)

    def as_document(self) -> Mapping[str, Any]:
        """In words and numbers, for people and for the hash."""
        return {
            "schema": SCHEMA,
            "suspect": self.suspect,
            "hypothesis": f"the suspect was trained on text carrying mark {self.mark} under one of the keys",
            "null": "the suspect's text is independent of the key",
            "mark": {"name": self.mark, "gamma": self.gamma},
            **({"tokenizer_sha256": self.tokenizer} if self.tokenizer else {}),
            "keys": [asdict(key) for key in self.keys],
            "statistic": (
                "the look at which distinct places that match carry a mixture of test martingales to keys/alpha, then "
                f"their number; among keys that never get there the sum of {_WEIGHTS[bool(self.references)]} over "
                "places that match, each n times there"
            ),
            "p_value": "(1 + decoys ranked at least as high) / (decoys + 1)",
            "decoys": {"number": self.decoys, "drawn": "uniformly, 128 bits, seeded by the hash of this protocol"},
            "stopping_rule": f"at most {self.looks} looks, after equal parts of the answers",
            "alpha": self.alpha,
            "correction": "Holm over the keys",
            "excluded": [
                "answers to prompts that are said to carry marks",
                "answers to prompts that share eight words in a row with served text that was given",
                "places of an answer that occur in its own prompt",
                "repeated places",
            ],
            "invalid_if": {
                "fewer_observations_than": self.least,
                "a_control_or_the_prompts_have_p_at_most": CONTROL_ALPHA,
                "divided_by": "the number of such checks",
            },
            "controls": list(self.controls),
            "references": list(self.references),
            "served": list(self.served),
        }


def declare(
    suspect: str,
    keys: tuple[MarkKey, ...],
    gamma: float,
    *,
    alpha: float,
    decoys: int,
    controls: tuple[str, ...] = (),
    served: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    looks: int = LOOKS,
    least: int = LEAST_OBSERVATIONS,
    tokenizer: str = "",
) -> Protocol:
    """A protocol that can decide something; ``ConfigurationError`` with every reason why it could not."""
    mistakes = []
    if not keys:
        mistakes.append("no key to test: name one with --key")
    if len({key.mark for key in keys}) > 1:
        mistakes.append(f"the keys are of several marks ({', '.join(sorted({k.mark for k in keys}))}): test each alone")
    if len({key.key_id for key in keys}) < len(keys):
        mistakes.append("a key is named twice")
    if not 0 < alpha < 1:
        mistakes.append(f"alpha {alpha} is not between 0 and 1")
    elif keys and alpha < len(keys) / (decoys + 1):
        least = round(len(keys) / alpha + 0.5) - 1
        mistakes.append(
            f"{decoys:,} decoys cannot reach alpha {alpha:g} for {len(keys)} key(s): p is at least 1 in "
            f"{decoys + 1:,}. Take at least {least:,} decoys."
        )
    if mistakes:
        raise ConfigurationError(*mistakes)
    tested = tuple(Tested(k.key_id, k.group, k.commitment, k.committed_at) for k in keys)
    return Protocol(
        suspect, keys[0].mark, gamma, tested, alpha, decoys, looks, controls, served, references, least, tokenizer
    )
