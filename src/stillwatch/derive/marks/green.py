"""The sampler's mark: tokens on a keyed list that depends on the one or two tokens before are made likelier.

After Kirchenbauer et al. 2023 ("A watermark for large language models"), with the list drawn by a keyed hash of context
and token, not by a seeded permutation, so that one token can be tested without the vocabulary. Contexts wider than two
are not offered: a student hardly learns them.

Contract: ``green_list`` says which of the first ``vocabulary`` token ids are on the list after ``context``; ``observe``
reads the same choice back from token ids of the same tokenizer. Ids of another tokenizer give nothing.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, context_state, draw, halves, token_items
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import RANGE, Observations, Passage, observed

GAMMA = 0.25


def green_list(words: U32, context: NDArray[np.uint64], vocabulary: int) -> NDArray[np.bool_]:
    """For each row of ``context`` (token ids, oldest first) the list over the vocabulary, as booleans."""
    tokens = np.arange(vocabulary, dtype=np.uint64)
    items = token_items(context_state(context)[:, None], tokens[None, :])
    found: NDArray[np.bool_] = draw(words, *halves(items)) < np.uint32(round(GAMMA * RANGE))
    return found


def observe(width: int, passage: Passage) -> Observations:
    """Every token that has ``width`` tokens before it in the passage."""
    tokens = passage.tokens if passage.tokens is not None else np.empty(0, np.uint64)
    if len(tokens) <= width:
        return observed(np.empty(0, np.uint64), GAMMA)
    contexts = context_state(np.lib.stride_tricks.sliding_window_view(tokens, width)[:-1])
    return observed(token_items(contexts, tokens[width:]), GAMMA, contexts, tokens[width:])


MARK_1 = Mark("green1", "sampler", "keyed list of tokens after one token", GAMMA, True, partial(observe, 1))
MARK_2 = Mark("green2", "sampler", "keyed list of tokens after two tokens", GAMMA, True, partial(observe, 2))
