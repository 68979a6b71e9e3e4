"""One epoch of sketches as numpy columns with small integer codes.

Strings become codes through a ``Codebook`` that lives as long as the scan, so that codes mean the same in every epoch.
Code -1 stands for a missing value. Nothing here knows an engine or a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


@dataclass
class Codebook:
    """Strings to dense codes, in order of first appearance."""

    codes: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def code(self, name: str) -> int:
        found = self.codes.get(name)
        if found is None:
            found = self.codes[name] = len(self.names)
            self.names.append(name)
        return found

    def encode(self, names: Iterable[str | None]) -> Codes:
        return np.fromiter((-1 if n is None else self.code(n) for n in names), dtype=np.int32)

    def copy(self) -> Codebook:
        return Codebook(dict(self.codes), list(self.names))

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Frame:
    """The exchanges of one epoch, ascending by time, then event id.

    All arrays have the same first dimension ``n``, but ``minhash`` has none of them where signatures were not read. An
    epoch may be larger than memory, so nothing wide is made of all rows at once.
    """

    start_us: int
    end_us: int
    event_id: Sequence[str]
    ts: Ints
    account: Codes
    net: Codes
    agent: Codes
    model: Codes
    address: Ints
    session: Ints
    end_user: Ints
    turns: Ints
    prompt_words: Ints
    output_tokens: Ints
    served: NDArray[np.bool_]
    shed: NDArray[np.bool_]
    stream: NDArray[np.bool_]
    temperature: NDArray[np.float64]
    max_tokens: Ints
    tool_count: Ints
    exact: Ints
    opening: Ints
    closing: Ints
    system: Ints
    skeleton: NDArray[np.int64]
    system_skeleton: NDArray[np.int64]
    minhash: NDArray[np.int32]
    bag: NDArray[np.uint8]
    cues: Ints

    def __len__(self) -> int:
        return len(self.ts)
