"""The sampler's mark for vLLM's Model Runner V2.

    vllm serve MODEL --logits-processors stillwatch.derive.adapters.vllm_v2:GreenRows

Only vLLM imports this. Groups are named as in ``vllm_v1``. A row's context is the token that was fed to the model at
the row's place, draft tokens of speculative decoding included, so rows may come in any order; what stands further back
is not handed in, so only the list that depends on one token can be had here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor

from stillwatch.derive.adapters.live import LiveLists, group_of
from stillwatch.derive.marks.sampler import GreenList, like


class GreenRows(LogitsProcessor):  # type: ignore[misc] # vLLM is not there to be checked
    """Keyed lists, row by row."""

    def __init__(self, vllm_config: Any, req_states: Any) -> None:
        super().__init__(vllm_config, req_states)
        self._lists = LiveLists(widths=(1,))
        self._marks: dict[int, GreenList] = {}

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """``ValueError`` for a group that is no name."""
        group_of(sampling_params.extra_args)

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:
        """Whether the request in this slot is marked; whatever held the slot before is forgotten."""
        mark = self._lists.of(group_of(sampling_params.extra_args))
        self._marks.pop(req_idx, None)
        if mark is not None:
            self._marks[req_idx] = mark
        return mark is not None

    def apply(self, logits: Any, ctx: Any) -> Any:
        """Add the lists of marked rows, in place."""
        slots = ctx.expanded_idx_mapping.tolist()
        rows = [row for row, slot in enumerate(slots) if slot in self._marks]
        if rows:
            before = ctx.input_ids.tolist()
            added = [self._marks[slots[row]].bias((before[row],), logits.shape[-1]) for row in rows]
            logits[rows] += like(logits, np.stack(added))
        return logits
