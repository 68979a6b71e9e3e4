"""Real English from the documentation of installed packages, and students that write it: by counting, by gradient.

The one that counts knows which word (with its blanks and line breaks) followed which two; where a pair is new it looks
at one. Their text is read and marked by the product as any text is.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from experiments.derive import bigrams
from stillwatch.derive.hashing import U64

PACKAGES = ("numpy", "scipy.stats", "scipy.optimize", "scipy.signal", "scipy.sparse", "pyarrow", "click", "jinja2")
PIECES = 3000
RARE = "thing.\n\n"
_PIECE = re.compile(r"\S+\s*")


def documents() -> list[str]:
    """Docstrings of public objects and the topics of Python's own help, each once, in a fixed order."""
    found = set(import_module("pydoc_data.topics").topics.values())
    for name in PACKAGES:
        module = import_module(name)
        for text in _docstrings(module):
            found.add(text)
    return sorted(text for text in found if len(text) > 400)


def _docstrings(module: object) -> Iterator[str]:
    for owner in (module, *(getattr(module, name) for name in sorted(dir(module)) if not name.startswith("_"))):
        for text in (getattr(owner, "__doc__", None), *_methods(owner)):
            if isinstance(text, str):
                yield inspect.cleandoc(text)


def _methods(owner: object) -> list[object]:
    return [getattr(member, "__doc__", None) for member in vars(owner).values()] if inspect.isclass(owner) else []


class WordStudent:
    """Counts of what follows two pieces, and one."""

    def __init__(self, texts: Sequence[str]) -> None:
        pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
        singles: dict[str, list[str]] = defaultdict(list)
        for text in texts:
            pieces = _PIECE.findall(text)
            for a, b, c in zip(pieces, pieces[1:], pieces[2:], strict=False):
                pairs[a, b].append(c)
                singles[b].append(c)
        self._pairs, self._singles, self._all = dict(pairs), dict(singles), sorted(singles)

    def write(self, generator: np.random.Generator, words: int) -> str:
        """About so many words. One step in five looks at one word only, so that no document comes out as it was."""
        draws, out, a, b = generator.random((words, 2)), [], "", ""
        for turn, draw in draws:
            choices = self._pairs.get((a, b)) if turn > 0.2 else None
            choices = choices or self._singles.get(b) or self._all
            a, b = b, choices[int(draw * len(choices))]
            out.append(b)
        return "".join(out)


@dataclass(frozen=True)
class NeuralWordStudent:
    """A linear student over the commonest pieces; whatever is rarer is one piece, and ends a paragraph."""

    pieces: list[str]
    writer: bigrams.Writer

    def write(self, generator: np.random.Generator, texts: int, words: int) -> list[str]:
        rows = self.writer.write(generator, texts * words).reshape(texts, words)
        return ["".join(self.pieces[piece] for piece in row) for row in rows.tolist()]


def neural_student(generator: np.random.Generator, texts: Sequence[str], width: int, rate: float) -> NeuralWordStudent:
    """Trained with one pass over the texts."""
    pieces, rows = numbered(texts)
    student = bigrams.neural(generator, len(pieces), width)
    student.learn(generator, rows, rate)
    return NeuralWordStudent(pieces, bigrams.writer(student.chances()))


def numbered(texts: Sequence[str]) -> tuple[list[str], U64]:
    """The commonest pieces, the stand-in for all others first, and the texts by their numbers, cut into rows."""
    found = [piece for text in texts for piece in (*_PIECE.findall(text), RARE)]
    pieces = [RARE, *(piece for piece, _ in Counter(found).most_common(PIECES - 1) if piece != RARE)]
    number = {piece: place for place, piece in enumerate(pieces)}
    ids = np.array([number.get(piece, 0) for piece in found], np.uint64)
    return pieces, ids[: len(ids) // bigrams.LENGTH * bigrams.LENGTH].reshape(-1, bigrams.LENGTH)


def words_in(texts: Sequence[str]) -> int:
    """Blank-separated words."""
    return sum(Counter(len(text.split()) for text in texts).elements())
