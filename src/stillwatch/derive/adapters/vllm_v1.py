"""The sampler's mark for vLLM's first model runner.

    vllm serve MODEL --logits-processors stillwatch.derive.adapters.vllm_v1:GreenRequests

Only vLLM imports this. A request names its group in ``vllm_xargs``; without a name it gets the mark of everyone, and
one whose group has no committed key is left unmarked. Whoever can reach the server can name a group, so let nobody but
the gateway reach it.
"""

from __future__ import annotations

from typing import Any

from vllm.v1.sample.logits_processor import AdapterLogitsProcessor

from stillwatch.derive.adapters.live import LiveLists, group_of


class GreenRequests(AdapterLogitsProcessor):  # type: ignore[misc] # vLLM is not there to be checked
    """Keyed lists, request by request."""

    def __init__(self, vllm_config: Any, device: Any, is_pin_memory: bool) -> None:
        super().__init__(vllm_config, device, is_pin_memory)
        self._lists = LiveLists()

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """``ValueError`` for a group that is no name."""
        group_of(sampling_params.extra_args)

    def is_argmax_invariant(self) -> bool:
        return False

    def new_req_logits_processor(self, params: Any) -> Any:
        """The mark of the request's group, None where it has none."""
        mark = self._lists.of(group_of(params.extra_args))
        return None if mark is None else mark.per_request
