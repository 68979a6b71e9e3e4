"""``python -m experiments.derive.cost``: what marks change in what is served.

For each mark that rewrites text: words that differ from the unmarked text, in a thousand, over documentation prose
under twenty keys, and places where the mark could show. For habits also the words that the system prompt grows by. For
the sampler's list, on the made-up teacher and by formula, not by drawing: the perplexity of marked text under the
unmarked teacher beside that of its own text, and the divergence of the marked teacher from the unmarked one.
"""

from __future__ import annotations

import sys
from difflib import SequenceMatcher

import numpy as np

from experiments.derive import bigrams, wording
from experiments.derive.scoring import VOCABULARY, Row, keep
from stillwatch.derive.hashing import U32
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks import forms, habits
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import Passage

TEXTS = 300
KEYS = 20


def changed(mark: Mark, texts: list[str], key: U32) -> int:
    """Words of the marked texts that stand in no block that the unmarked ones have, too."""
    assert mark.write is not None
    found = 0
    for text in texts:
        marked = mark.write(key, Passage(text)).split()
        blocks = SequenceMatcher(None, text.split(), marked, autojunk=False).get_matching_blocks()
        found += len(marked) - sum(block.size for block in blocks)
    return found


def rows() -> list[Row]:
    rng = np.random.default_rng(11)
    texts = [text for text in wording.documents() if len(text) < 4000]
    texts = [texts[place] for place in rng.choice(len(texts), TEXTS, replace=False)]
    words, keys = wording.words_in(texts), random_words(rng, KEYS)
    found: list[Row] = []
    for mark in (forms.MARK, habits.MARK):
        shares = [changed(mark, texts, key) * 1000 / words for key in keys]
        places = sum(len(mark.observe(Passage(text))) for text in texts) * 1000 / words
        told = [round(float(value), 2) for value in (np.mean(shares), min(shares), max(shares), places)]
        found.append(
            {"mark": mark.name, "words": words, **dict(zip(("changed", "least", "most", "places"), told, strict=True))}
        )
    lengths = [len(habits.instruction(key, "How do I do it?").split()) for key in keys]
    found.append({"mark": habits.MARK.name, "instruction_words": [min(lengths), max(lengths)]})
    return found


def sampler() -> list[Row]:
    """One row for each strength of the list: means over keys, and over contexts as often as the teacher meets them."""
    rng = np.random.default_rng(12)
    teacher, keys = bigrams.teacher(rng, VOCABULARY), random_words(rng, KEYS)
    plain = teacher / teacher.sum(axis=1, keepdims=True)
    often = np.full(VOCABULARY, 1 / VOCABULARY)
    for _ in range(50):
        often = often @ plain
    own, found = float(often @ _nats(plain, plain)), []
    for delta in (0.5, 1.0, 2.0):
        nats = np.array([_under(plain, often, bigrams.marked(teacher, key, delta)) for key in keys]).mean(axis=0)
        perplexity = [round(float(np.exp(value)), 1) for value in (own, nats[0])]
        apart = round(float(nats[0] - nats[1]), 4)
        found.append({"mark": "green1", "delta": delta, "perplexity": perplexity, "nats_a_token": apart})
    return found


def _under(plain: bigrams.Chances, often: bigrams.Chances, marked: bigrams.Chances) -> tuple[float, float]:
    """Nats a token of marked text, by the unmarked teacher and by itself."""
    marked = marked / marked.sum(axis=1, keepdims=True)
    return float(often @ _nats(marked, plain)), float(often @ _nats(marked, marked))


def _nats(written: bigrams.Chances, model: bigrams.Chances) -> bigrams.Chances:
    found: bigrams.Chances = -np.sum(written * np.log(model), axis=1)
    return found


def main() -> None:
    found = rows() + sampler()
    keep("cost", found)
    sys.stdout.write("".join(f"{row}\n" for row in found))


if __name__ == "__main__":
    main()
