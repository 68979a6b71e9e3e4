"""What must not fit a true key: the prompts, text that is known to be unmarked, and text marked under another key.

Contract: ``check`` scores one text under every true key against decoys of its own, over the whole text at once.
``remarked`` is the spoof control: the control text made to carry a decoy. It must fit that decoy, or the control shows
nothing, and no true key. What cannot be marked once it is written is chosen: of every ``CHOSEN_FROM`` answers the one
that fits the decoy best, as whoever imitates the mark might do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stillwatch.derive.counting import Counted
from stillwatch.derive.hashing import U32
from stillwatch.derive.keytest import Decoys, run, standardised
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import Answer, Observations, Passage
from stillwatch.derive.protocol import CONTROL_ALPHA, Protocol
from stillwatch.derive.verdict import Check

CHOSEN_FROM = 8


def check(what: str, counted: Counted, protocol: Protocol, keys: U32, decoys: Decoys) -> tuple[Check, ...]:
    """One check per key; none where there is nothing to see."""
    seen = counted.seen
    if not len(seen):
        return ()
    outcome = run(seen, (len(seen),), keys, decoys, CONTROL_ALPHA, weighed=counted.weighed)
    return tuple(
        Check(what, key.key_id, score.observations, score.z, score.p)
        for key, score in zip(protocol.keys, outcome.scores, strict=True)
    )


def remarked(mark: Mark, answers: Sequence[Answer], words: U32) -> tuple[Answer, ...]:
    """The answers with the mark of ``words`` in them, or those of them that carry it by chance."""
    write = mark.write
    if write is None:
        groups = (answers[first : first + CHOSEN_FROM] for first in range(0, len(answers), CHOSEN_FROM))
        return tuple(max(group, key=lambda a: fit(mark.observe(a.reply).distinct(), words)) for group in groups)
    return tuple(
        replace(answer, reply=Passage(write(words, answer.reply), asked=answer.reply.asked)) for answer in answers
    )


def fit(seen: Observations, words: U32) -> float:
    """How well one key fits, in standard deviations."""
    return float(standardised(int(np.count_nonzero(seen.matches(words))), seen.gamma))
