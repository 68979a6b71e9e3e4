"""The organisation's dictionaries: names of projects, customers, products that must not go out.

Contract: a dictionary is UTF-8 text, a term a line; ``#`` begins a comment. Terms are found as whole words whatever
their capitals, accents, dashes and blanks, in the text as ``folding`` sees it. Cost does not grow with the number of
terms: a term is looked up by its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stillwatch.errors import ConfigurationError
from stillwatch.guard.finding import Finding
from stillwatch.guard.folding import SINGLE, fold_word

MOST_BYTES, MOST_WORDS, LONGEST_TERM = 1 << 24, 12, 200
_ALONE = bytes(range(SINGLE, 256))
_WORD = re.compile(rb"[" + re.escape(_ALONE) + rb"]|[0-9a-z\x80-\xbf]+")
_GAP = re.compile(rb"[^0-9a-z\x80-\xff\n]{0,3}")


@dataclass(frozen=True)
class Dictionary:
    """Terms by the tuple of their folded words."""

    name: str
    terms: frozenset[tuple[bytes, ...]]
    first_words: frozenset[bytes]

    def find(self, raw: bytes, places: Iterable[int]) -> Iterator[Finding]:
        """Terms that begin at ``places``, the longest at each."""
        reached = 0
        for place in places:
            if place >= reached and (end := self._end(raw, place)):
                reached = end
                yield Finding("term", self.name, place, end)

    def _end(self, raw: bytes, place: int) -> int:
        found, window, at, words = 0, raw[place : place + LONGEST_TERM + 1].lower(), 0, []
        for _ in range(MOST_WORDS):
            word = _WORD.match(window, at)
            if word is None:
                break
            words.append(word[0])
            if tuple(words) in self.terms:
                found = place + word.end()
            gap = _GAP.match(window, word.end())
            at = gap.end() if gap else word.end()
        return found


def dictionary(name: str, terms: Iterable[str]) -> Dictionary:
    """A dictionary of terms; one without a letter or digit is left out."""
    split = {tuple(_WORD.findall(fold_word(term))): term for term in terms}
    split.pop((), None)
    if long := [term for words, term in split.items() if len(words) > MOST_WORDS or len(term) > LONGEST_TERM]:
        raise ConfigurationError(
            *(
                f"dictionary {name}: a term has at most {MOST_WORDS} words and {LONGEST_TERM} characters: {t[:60]}"
                for t in long
            )
        )
    return Dictionary(name, frozenset(split), frozenset(words[0] for words in split))


def read_dictionary(path: Path) -> Dictionary:
    """The dictionary in ``path``, named like the file."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ConfigurationError(f"{path}: a dictionary of more than {MOST_BYTES:,} bytes is not read")
        lines = raw.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as a dictionary in UTF-8: {error}") from error
    return dictionary(path.stem, (term for line in lines if (term := line.partition("#")[0].strip())))
