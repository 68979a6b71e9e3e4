"""The green-list mark inside a sampler, with the call signatures of transformers and of vLLM's per-request processors.

Contract: ``GreenList`` adds ``delta`` to the logits of listed tokens and changes nothing else; a row whose context is
still too short is left as it is. The core is numpy. Arrays of a framework are taken and given back as that framework's,
on their device; no framework is imported for it. State is the key alone, so batches, streams and several workers agree.

A list depends on nothing but the context, so lists are remembered up to ``remembered`` contexts, a bit for each token;
the rest are drawn anew, some milliseconds per row for a vocabulary of 10^5.

Deliberately not here: the choice of delta, which is a matter of quality and has to be measured on the model; marks that
samplers bring themselves, which this package does not read back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32
from stillwatch.derive.marks.green import green_list

DELTA = 2.0


@dataclass(slots=True)
class GreenList:
    """The mark for one key. ``width`` is 1 for the mark ``green1`` and 2 for ``green2``."""

    words: U32 = field(repr=False)
    width: int
    delta: float = DELTA
    remembered: int = 4096
    _lists: OrderedDict[tuple[int, ...], NDArray[np.uint8]] = field(default_factory=OrderedDict, repr=False)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """transformers: ``input_ids`` is (rows, length) with the prompt, ``scores`` (rows, vocabulary)."""
        contexts = _as_numpy(input_ids[:, -self.width :])
        return scores + like(scores, np.stack([self.bias(row, scores.shape[-1]) for row in contexts]))

    def per_request(self, prompt_ids: Sequence[int], output_ids: Sequence[int], logits: Any) -> Any:
        """vLLM: one request at one step, ``logits`` over the vocabulary."""
        context = [*prompt_ids, *output_ids] if len(output_ids) < self.width else output_ids
        return logits + like(logits, self.bias(context[-self.width :], logits.shape[-1]))

    def bias(self, context: Sequence[int] | NDArray[Any], vocabulary: int) -> NDArray[np.float32]:
        """What is added to the logits after ``context``, its last ``width`` token ids."""
        if len(context) < self.width:
            return np.zeros(vocabulary, np.float32)
        packed = self._list(tuple(int(token) for token in context), vocabulary)
        return np.unpackbits(packed, count=vocabulary) * np.float32(self.delta)

    def _list(self, context: tuple[int, ...], vocabulary: int) -> NDArray[np.uint8]:
        asked = (*context, vocabulary)
        kept = self._lists.get(asked)
        if kept is None:
            kept = np.packbits(green_list(self.words, np.array([context], np.uint64), vocabulary)[0])
            self._lists[asked] = kept
            if len(self._lists) > self.remembered:
                self._lists.popitem(last=False)
        else:
            self._lists.move_to_end(asked)
        return kept


def _as_numpy(ids: Any) -> NDArray[Any]:
    return np.asarray(ids.detach().cpu().numpy() if hasattr(ids, "detach") else ids)


def like(model: Any, bias: NDArray[np.float32]) -> Any:
    """``bias`` as the kind of array that ``model`` is, on its device and of its type."""
    if isinstance(model, np.ndarray):
        return bias.astype(model.dtype, copy=False)
    torch: Any = import_module("torch")
    return torch.from_numpy(bias).to(device=model.device, dtype=model.dtype)
