"""``python -m experiments.derive.cost``: what the text marks change in real English, and what it costs to ask for one.

For each mark that rewrites text: words that differ from the unmarked text, in a thousand, over documentation prose
under twenty keys, and places where the mark could show. For habits also the words that the system prompt grows by.
"""

from __future__ import annotations

import sys
from difflib import SequenceMatcher

import numpy as np

from experiments.derive import wording
from experiments.derive.scoring import Row, keep
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


def main() -> None:
    found = rows()
    keep("cost", found)
    sys.stdout.write("".join(f"{row}\n" for row in found))


if __name__ == "__main__":
    main()
