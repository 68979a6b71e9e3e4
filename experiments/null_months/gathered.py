"""The groups that came to the cohort gate in made-up worlds without operators, as arrays.

Reads what ``tools.calibrate --samples`` keeps. A pickle can run anything, so the reader admits the class of a sample
and numpy's arrays, and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.calibrate import FITTED, Sample

from stillwatch.evidence.score import Score

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy._core.numeric", "numpy")


@dataclass(frozen=True)
class Groups:
    """Groups in any order: shape (groups,) each. ``world``: the seed of the made-up week that a group comes from;
    ``by_work``: whether it was found by the likeness of its accounts' work, and not by its wording.
    """

    score: Floats
    world: Ints
    kind: NDArray[np.str_]
    by_work: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.score)

    @property
    def worlds(self) -> Ints:
        """The worlds, each once, ascending."""
        return np.unique(self.world)

    def within(self, worlds: Ints) -> Groups:
        """The groups of these worlds."""
        return self.where(np.isin(self.world, worlds))

    def where(self, chosen: NDArray[np.bool_]) -> Groups:
        return Groups(self.score[chosen], self.world[chosen], self.kind[chosen], self.by_work[chosen])

    def found(self, by_work: bool) -> Groups:
        """The groups that were found in one of the two ways; each is compared with its like."""
        return self.where(self.by_work == by_work)

    def of(self, world: int) -> Groups:
        return self.where(self.world == world)


def gathered(samples: Sequence[Sample], score: Callable[[bool], Score]) -> Groups:
    """The groups of ``samples``, scored; ``score``: that of groups found by their work, or not."""
    return Groups(
        np.array([score(s.found_by_work).of(s.profile) for s in samples]),
        np.array([s.world for s in samples], dtype=np.int64),
        np.array([s.kind for s in samples]),
        np.array([s.found_by_work for s in samples], dtype=np.bool_),
    )


def read(path: Path) -> tuple[list[Sample], list[Sample]]:
    """What a calibration was fitted on, and what it compares with, parted as ``tools.calibrate`` does."""
    with path.open("rb") as file:
        train, null = _Reader(file).load()
    return [*train, *(s for s in null if s.world % FITTED == 0)], [s for s in null if s.world % FITTED]


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name == "Sample":
            return Sample
        if module in _NUMPY and name in ("ndarray", "dtype", "_reconstruct", "scalar", "_frombuffer"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a file of samples holds no {module}.{name}")
