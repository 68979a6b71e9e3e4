"""Run by a Python that has torch and transformers: a small model with random weights writes with the sampler's mark.

Prints JSON: what was read back of text that was generated at once and of text that was streamed.
"""

from __future__ import annotations

import json
import sys
from threading import Thread
from typing import Any

import numpy as np
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

from stillwatch.derive.marks.green import MARK_1, MARK_2
from stillwatch.derive.marks.sampler import GreenList
from stillwatch.derive.observations import Passage

VOCABULARY = 300
KEYS = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint32)


class Ids(transformers.generation.streamers.BaseStreamer):  # type: ignore[misc]
    """Keeps token ids as they come, and how many came at a time."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.parts: list[int] = []

    def put(self, value: Any) -> None:
        self.parts.append(value.numel())
        self.ids += value.flatten().tolist()

    def end(self) -> None:
        pass


def share(ids: Any, mark: Any, key: Any) -> float:
    """How many places of one text match."""
    return float(mark.observe(Passage("", np.asarray(ids, np.uint64))).matches(key).mean())


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    ids = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": None, "pad_token_id": 0}
    model = GPT2LMHeadModel(GPT2Config(**ids, n_positions=320, n_embd=16, n_layer=1, n_head=1)).eval()
    found: dict[str, Any] = {"torch": torch.__version__, "transformers": transformers.__version__}
    asked = {"do_sample": True, "max_new_tokens": 300, "top_k": 0}
    for mark, width in ((MARK_1, 1), (MARK_2, 2)):
        sampler = GreenList(KEYS[0], width)
        rows = model.generate(torch.tensor([[5, 6], [7, 8]]), logits_processor=[sampler], **asked).numpy()
        found[mark.name] = [[share(row, mark, key) for key in KEYS] for row in rows]
    streamer = Ids()
    arguments = {"logits_processor": [GreenList(KEYS[0], 1)], "streamer": streamer, **asked}
    thread = Thread(target=model.generate, args=(torch.tensor([[5, 6]]),), kwargs=arguments)
    thread.start()
    thread.join()
    found["streamed"] = share(streamer.ids, MARK_1, KEYS[0])
    found["parts"] = len(streamer.parts)
    scores = torch.zeros(2, VOCABULARY, dtype=torch.bfloat16)
    moved = GreenList(KEYS[0], 1)(torch.tensor([[5], [6]]), scores)
    found["kept"] = [str(moved.dtype), bool((scores == 0).all()), sorted(set(moved.float().flatten().tolist()))]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
