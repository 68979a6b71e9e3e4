"""The sketch of a text in plain Python, slow and written from the description: the kernel must agree bit by bit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from stillwatch.sketch import keys as k_
from stillwatch.sketch import unicode as u_
from stillwatch.sketch.cues import cue_kinds, reach
from stillwatch.sketch.lexicon import MARK, word_classes
from stillwatch.sketch.recipe import Recipe

ALL = (1 << 64) - 1
CLASSES = u_.class_table().tolist()
MOST_MARKS = 32
NAME = re.compile(rb"([<\[{]|##)(/?)((?![0-9])[0-9A-Za-z_\-\x80-\xff]{2,24})\Z")
LONGEST_NAME = 2 + 1 + 24
CLOSING = {b"<": b">", b"[": b"]", b"{": b"}", b"##": b"##"}


@dataclass
class Token:
    hash: int
    letters: list[int]
    digits: list[str]
    """Runs of digits, in order."""
    mark: bool = False
    """Whether it ends a short name in brackets."""


def mix(x: int) -> int:
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & ALL
    x = (x ^ x >> 27) * 0x94D049BB133111EB & ALL
    return x ^ x >> 31


def stir(x: int) -> int:
    x = (x ^ x >> 32) * 0xBF58476D1CE4E5B9 & ALL
    return x ^ x >> 29


def signed(x: int) -> int:
    return (x - (1 << 64) if x >> 63 else x) or 1


def characters(data: bytes) -> list[tuple[int, int]]:
    """(code point, place after it); each byte that begins no well-formed character is U+FFFD."""
    found, at = [], 0
    while at < len(data):
        for size in (1, 2, 3, 4):
            try:
                found.append((ord(data[at : at + size].decode()), at + size))
                break
            except (UnicodeDecodeError, TypeError):
                continue
        else:
            found.append((0xFFFD, at + 1))
        at = found[-1][1]
    return found


def classify(code: int) -> tuple[int, int]:
    if code < u_.TABLE_END:
        return CLASSES[code] >> 24, CLASSES[code] & 0xFFFFFF
    if code < u_.IDEOGRAPHS_END:
        return u_.SINGLE, code
    return (u_.DROP if u_.TAGS_BEGIN <= code < u_.TAGS_END else u_.SEPARATOR), code


def closes_mark(data: bytes, at: int) -> bool:
    """Whether the bracket at ``at`` closes a short name; if it has no slash, no word may touch the opening bracket."""
    found = NAME.search(data, max(0, at - LONGEST_NAME), at)
    if found is None or not data.startswith(CLOSING[found[1]], at):
        return False
    return bool(found[2]) or re.search(rb"[0-9A-Za-z]\Z", data[: found.start()][-1:]) is None


def cut(data: bytes) -> list[Token]:
    """The tokens of a text, their hashes not yet taken: those depend on the key."""
    found: list[Token] = []
    letters: list[int] = []
    digits: list[str] = []
    in_number = touching = False

    def end_word() -> None:
        nonlocal letters, digits, in_number, touching
        if letters:
            found.append(Token(0, letters, digits))
            touching = True
        letters, digits, in_number = [], [], False

    at = 0
    for code, after in characters(data):
        kind, letter = classify(code)
        if kind == u_.WORD:
            letters.append(letter)
            in_number = False
        elif kind == u_.DIGIT:
            if not in_number:
                letters.append(ord("0"))
                digits.append("")
            digits[-1] += chr(letter)
            in_number = True
        elif kind != u_.DROP:
            end_word()
            if touching:
                found[-1].mark = closes_mark(data, at)
            touching = kind == u_.SINGLE
            if kind == u_.SINGLE:
                found.append(Token(0, [letter], []))
        at = after
    end_word()
    return found


@cache
def listed(text: str) -> tuple[list[int], ...]:
    """The letters of the tokens of a phrase or word that is listed; every oracle wants all of them."""
    return tuple(token.letters for token in cut(text.encode()))


class Oracle:
    def __init__(self, recipe: Recipe, seed: bytes) -> None:
        self.recipe = recipe
        self.keys = k_.kernel_keys(recipe, seed).tolist()
        self.donors = k_.donor_table(recipe, seed).tolist()
        self.phrases = [
            (kind.mask, list(map(self.spell, listed(phrase)))) for kind in cue_kinds() for _, phrase in kind.phrases
        ]
        self.words: dict[int, list[tuple[str, list[int]]]] = {}
        for each in word_classes():
            for _, word in each.words:
                hashes = list(map(self.spell, listed(word)))
                self.words.setdefault(hashes[-1], []).append((each.id, hashes))

    def step(self, state: int, value: int) -> int:
        state = (state ^ value) * self.keys[k_.STEP] & ALL
        return state ^ state >> 32

    def fold(self, start: int, values: list[int]) -> int:
        for value in values:
            start = self.step(start, value)
        return start

    def spell(self, letters: list[int]) -> int:
        """Lanes of up to eight ASCII characters, or one other."""
        lanes: list[int] = []
        ascii_run = bytearray()
        for letter in [*letters, -1]:
            if 0 <= letter < 128:
                ascii_run.append(letter)
                continue
            lanes += [int.from_bytes(ascii_run[k : k + 8], "little") for k in range(0, len(ascii_run), 8)]
            ascii_run.clear()
            if letter >= 0:
                lanes.append(letter | 1 << 63)
        state = self.fold(self.keys[k_.TOKEN], lanes) * self.keys[k_.FINISH] & ALL
        return state ^ state >> 29

    def tokens(self, data: bytes) -> list[Token]:
        found = cut(data)
        for token in found:
            token.hash = self.spell(token.letters)
        return found

    def exact(self, tokens: list[Token]) -> int:
        total = 0
        for place, token in enumerate(tokens, 1):
            total += stir((token.hash + place * self.keys[k_.POSITION]) & ALL)
            if token.digits:
                signs = [sign for run in token.digits for sign in (10, *map(ord, run))]
                number = self.fold(self.keys[k_.DIGITS], signs)
                total += stir((number + place * self.keys[k_.POSITION]) & ALL)
        return signed(mix(total & ALL))

    def shingles(self, hashes: list[int]) -> list[int]:
        size = min(self.recipe.shingle, len(hashes))
        salt = self.keys[k_.SHORT] if len(hashes) < self.recipe.shingle else 0
        return [
            stir((salt + sum(hashes[k + j] * self.keys[k_.SHINGLE + j] for j in range(size))) & ALL)
            for k in range(len(hashes) - size + 1)
        ]

    def minhash(self, shingles: list[int]) -> list[int]:
        size = self.recipe.minhash_size
        slots: dict[int, int] = {}
        for value in shingles:
            slot = value % size
            slots[slot] = min(slots.get(slot, 1 << 31), value >> 6 & 0x7FFFFFFF)
        return [slots[next(donor for donor in [slot, *self.donors[slot]] if donor in slots)] for slot in range(size)]

    def cues(self, tokens: list[Token]) -> int:
        hashes = [token.hash for token in tokens]
        found = 0
        starts: dict[int, list[int]] = {}
        for place, value in enumerate(hashes):
            starts.setdefault(value, []).append(place)
        for mask, phrase in self.phrases:
            if not found & mask and any(hashes[k : k + len(phrase)] == phrase for k in starts.get(phrase[0], ())):
                found |= mask
        return found | self.paired(tokens)

    def paired(self, tokens: list[Token]) -> int:
        """Kinds of the pairs whose classes meet, near enough to an end of the text."""
        hashes = [token.hash for token in tokens]
        window, edge = reach()
        at: dict[str, list[int]] = {}
        for place, value in enumerate(hashes):
            if edge <= place < len(hashes) - edge:
                continue
            names = {
                c for c, word in self.words.get(value, ()) if hashes[max(0, place + 1 - len(word)) : place + 1] == word
            }
            if tokens[place].mark and sum(token.mark for token in tokens) <= MOST_MARKS:
                names.add(MARK)
            for name in names:
                at.setdefault(name, []).append(place)
        found = 0
        for kind in cue_kinds():
            for pair in kind.pairs:
                ends = {place for name in pair for place in at.get(name, ())}
                if any(all(any(e - window <= p <= e for p in at.get(name, ())) for name in pair) for e in ends):
                    found |= kind.mask
        return found

    def sketch(self, data: bytes) -> dict[str, object]:
        tokens = self.tokens(data[: self.recipe.text_bytes])
        hashes = [token.hash for token in tokens]
        empty = {"words": 0, "exact": 0, "open": 0, "close": 0, "cues": 0, "skeleton": [], "minhash": b"", "bag": b""}
        if not tokens:
            return empty
        shingles, edge = self.shingles(hashes), self.recipe.edge_words
        bag = [0] * self.recipe.bag_size
        for value in hashes:
            bag[value % len(bag)] = min(255, bag[value % len(bag)] + 1)
        return {
            "words": len(tokens),
            "exact": self.exact(tokens),
            "open": signed(mix(self.fold(self.keys[k_.OPENING], hashes[:edge]))),
            "close": signed(mix(self.fold(self.keys[k_.CLOSING], hashes[-edge:]))),
            "cues": self.cues(tokens),
            "skeleton": sorted(set(map(signed, shingles)))[: self.recipe.skeleton_size],
            "minhash": b"".join(value.to_bytes(4, "little") for value in self.minhash(shingles)),
            "bag": bytes(bag),
        }
