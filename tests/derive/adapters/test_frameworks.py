"""The sampler's mark under transformers, with its real generation loop, and under vLLM's interfaces.

transformers and torch are too large for this environment: ``TORCH_PYTHON`` names a Python that has them. vLLM is larger
still and wants an accelerator, so its classes are stood in for by ones with the signatures that vLLM 0.33 publishes.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import stillwatch
from stillwatch.derive.adapters.live import GROUP
from stillwatch.derive.keys import open_store
from stillwatch.derive.marks.green import GAMMA, green_list

NOW = datetime(2026, 3, 4, tzinfo=UTC)
VOCABULARY = 200


def test_transformers_writes_marked_text_whole_and_streamed(
    tmp_path: Path, real_part: Callable[[str, object], Any]
) -> None:
    python = real_part("a Python with torch and transformers", os.environ.get("TORCH_PYTHON"))
    (tmp_path / "stillwatch").symlink_to(Path(stillwatch.__file__).parent)  # and nothing else that is installed here
    script = Path(__file__).with_name("with_transformers.py")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run([python, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(ended.stdout)
    for name in ("green1", "green2"):
        for own, other in found[name]:
            assert own > 0.5
            assert abs(other - GAMMA) < 0.15
    assert found["streamed"] > 0.5
    assert found["parts"] == 301  # the prompt, then every token by itself
    assert found["kept"] == ["torch.bfloat16", True, [0.0, 2.0]]


class AdapterLogitsProcessor(ABC):
    """As in vllm.v1.sample.logits_processor: what a request gets is called with its ids and one row."""

    def __init__(self, vllm_config: Any, device: Any, is_pin_memory: bool) -> None:
        self.req_info: dict[int, Any] = {}

    @abstractmethod
    def is_argmax_invariant(self) -> bool: ...

    @abstractmethod
    def new_req_logits_processor(self, params: Any) -> Any: ...

    def add(self, index: int, params: Any, prompt: list[int], output: list[int]) -> None:
        made = self.new_req_logits_processor(params)
        if made:
            wants_prompt = len(inspect.signature(made).parameters) == 3
            self.req_info[index] = partial(made, *([prompt, output] if wants_prompt else [output]))

    def apply(self, logits: Any) -> Any:
        for index, made in self.req_info.items():
            logits[index] = made(logits[index])
        return logits


class LogitsProcessor(ABC):
    """As in vllm.v1.worker.gpu.sample.logits_processor, as far as it has something to do."""

    def __init__(self, vllm_config: Any, req_states: Any) -> None:
        self.given = (vllm_config, req_states)

    @abstractmethod
    def apply(self, logits: Any, ctx: Any) -> Any: ...


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, base in (
        ("vllm.v1.sample.logits_processor", AdapterLogitsProcessor),
        ("vllm.v1.worker.gpu.sample.logits_processor", LogitsProcessor),
    ):
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            path = ".".join(parts[:depth])
            monkeypatch.setitem(sys.modules, path, sys.modules.get(path) or ModuleType(path))
        setattr(sys.modules[name], base.__name__, base)
    yield
    for name in ("vllm_v1", "vllm_v2"):
        sys.modules.pop(f"stillwatch.derive.adapters.{name}", None)


def _params(group: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(extra_args=None if group is None else {GROUP: group})


def _key(home: Path, group: str) -> Any:
    store = open_store(home)
    return store.open_key(store.commit(store.draw(group, "green1", NOW).key_id, NOW).record.key_id).words


def _listed(words: Any, before: int) -> Any:
    return green_list(words, np.array([[before]], np.uint64), VOCABULARY)[0] * 2.0


def test_the_first_runner_marks_each_request_for_its_group(home: Path, vllm: None) -> None:
    everyone, other = _key(home, "everyone"), _key(home, "c-1")
    made = import_module("stillwatch.derive.adapters.vllm_v1").GreenRequests(None, "cpu", False)
    assert not made.is_argmax_invariant()
    output: list[int] = []
    made.add(0, _params(), [3, 4], output)
    made.add(1, _params("c-1"), [5], [6])
    made.add(2, _params("c-2"), [5], [6])
    moved = made.apply(np.zeros((3, VOCABULARY)))
    assert (moved == [_listed(everyone, 4), _listed(other, 6), np.zeros(VOCABULARY)]).all()
    output.append(9)  # the list that vLLM handed in grows
    assert (made.apply(np.zeros((3, VOCABULARY)))[0] == _listed(everyone, 9)).all()


def test_the_second_runner_marks_rows_of_marked_slots_in_any_order(home: Path, vllm: None) -> None:
    everyone, other = _key(home, "everyone"), _key(home, "c-1")
    made = import_module("stillwatch.derive.adapters.vllm_v2").GreenRows(None, None)
    slots = ((7, None), (3, "c-1"), (5, "c-2"))
    assert [made.add_request(slot, _params(group)) for slot, group in slots] == [True, True, False]
    context = SimpleNamespace(expanded_idx_mapping=np.array([3, 7, 5, 7]), input_ids=np.array([11, 12, 13, 14]))
    logits = np.zeros((4, VOCABULARY))
    moved = made.apply(logits, context)
    assert moved is logits
    assert (moved == [_listed(other, 11), _listed(everyone, 12), np.zeros(VOCABULARY), _listed(everyone, 14)]).all()
    assert not made.add_request(7, _params("c-2"))  # a slot is used again
    assert (made.apply(np.zeros((4, VOCABULARY)), context)[1] == 0).all()


@pytest.mark.parametrize("name", ["vllm_v1:GreenRequests", "vllm_v2:GreenRows"])
def test_a_group_that_is_no_name_fails_the_request(name: str, vllm: None) -> None:
    module, cls = name.split(":")
    processor = getattr(import_module(f"stillwatch.derive.adapters.{module}"), cls)
    processor.validate_params(_params("c-1"))
    with pytest.raises(ValueError, match="name of a group"):
        processor.validate_params(SimpleNamespace(extra_args={GROUP: 7}))
