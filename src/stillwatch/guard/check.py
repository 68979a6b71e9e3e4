"""A guard: everything that is looked for, ready to be asked about texts.

Contract: ``Guard.check`` is pure, takes any string and returns its findings in order; a text with more than
``MOST_FINDINGS`` is refused, because a part of them would pass for all. Long texts are looked at a slice
at a time, so memory is bounded; slices overlap by more than the longest identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.guard import codeblocks, contacts, identifiers, secrets
from stillwatch.guard import kernel as k_
from stillwatch.guard.documents import Documents
from stillwatch.guard.finding import Finding
from stillwatch.guard.folding import Folded, fold
from stillwatch.guard.plan import plan
from stillwatch.guard.terms import Dictionary

SLICE, OVERLAP = 1 << 17, 1 << 13
"""Characters; a slice and what is made of it stay in the processor's cache."""
MOST_FINDINGS = 100_000
_EVENTS, _LINES = 1 << 12, 1 << 11
_SECRETS: dict[int, Callable[[bytes, int, int], Iterator[Finding]]] = {
    k_.ASSIGN: secrets.assigned,
    k_.PREFIX: secrets.by_prefix,
    k_.HEADER: secrets.private_key,
    k_.TOKEN: secrets.by_token,
    k_.BEARER: secrets.bearer,
}


class Guard:
    """What is looked for; one object serves any number of threads."""

    def __init__(self, dictionaries: Sequence[Dictionary] = (), documents: Documents | None = None) -> None:
        self._dictionaries, self._documents = tuple(dictionaries), documents
        self._plan = plan({word for d in self._dictionaries for word in d.first_words})

    def check(self, text: str) -> list[Finding]:
        """What ``text`` holds."""
        found: list[Finding] = []
        for begin in range(0, max(len(text) - OVERLAP, 1), SLICE - OVERLAP):
            part = text[begin : begin + SLICE]
            found += (f._replace(start=f.start + begin, end=f.end + begin) for f in self._slice(part))
            if len(found) > MOST_FINDINGS:
                raise InputError(f"the text holds more than {MOST_FINDINGS:,} findings; split it")
        return resolve(found)

    def _slice(self, text: str) -> Iterator[Finding]:
        folded = fold(text)
        if not folded.codes.size:
            return
        raw = folded.codes.tobytes()
        for finding in (*self._by_events(raw, folded), *self._code(folded)):
            start, end = folded.span(finding.start, finding.end)
            yield finding._replace(start=start, end=end)
        if self._documents is not None:
            yield from self._documents.find(text)

    def _by_events(self, raw: bytes, folded: Folded) -> Iterator[Finding]:
        events = self._events(folded)
        if not len(events):
            return
        places: dict[int, list[tuple[int, int, int]]] = {}
        for kind, start, end, more in events.tolist():
            places.setdefault(kind, []).append((start, end, more))
        uses = self._plan.uses
        yield from identifiers.ibans(raw, (e[:2] for e in places.get(k_.IBAN, ())))
        yield from identifiers.numbers(raw, ((s, e, uses[m]) for s, e, m in places.get(k_.NUMBER, ())))
        yield from contacts.phones(raw, sorted(s for s, _, _ in places.get(k_.PHONE, ())))
        ats = [start for start, _, _ in places.get(k_.AT, ())]
        yield from contacts.emails(raw, ats)
        for at in ats:
            yield from secrets.in_address(raw, at)
        for kind, rule in _SECRETS.items():
            for start, end, _ in places.get(kind, ()):
                yield from rule(raw, start, end)
        for dictionary in self._dictionaries:
            yield from dictionary.find(raw, (start for start, _, _ in places.get(k_.TERM, ())))

    def _events(self, folded: Folded) -> NDArray[np.int32]:
        memory, reached, found = k_.new_memory(), 0, []
        while reached < folded.codes.size:
            events = np.empty((_EVENTS, 4), np.int32)
            reached, count = k_.scan(folded.codes, self._plan.tables, reached, events, memory)
            found.append(events[:count])
        return np.concatenate(found)

    def _code(self, folded: Folded) -> Iterator[Finding]:
        reached, seen, found = 0, 0, []
        while reached < folded.codes.size:
            lines = np.empty((_LINES, 3), np.int32)
            reached, count, more = k_.code_lines(folded.codes, self._plan.tables, reached, lines)
            lines[:count, 2] += seen
            seen += more
            found += lines[:count].tolist()
        yield from codeblocks.blocks(found)


_SPREAD = ("code", "document", "term")
"""Kinds that may hold others; of all other kinds only the best stands at a place."""
_RANK = {kind: rank for rank, kind in enumerate(("secret", "iban", "card", "identity", "email", "phone", *_SPREAD))}


def resolve(findings: Iterable[Finding]) -> list[Finding]:
    """In order: blocks that touch as one, of other findings that overlap the best one."""
    ordered = sorted(set(findings), key=lambda f: (f.start, -f.end, _RANK[f.kind]))
    spread = (each for kind in _SPREAD for each in _joined(f for f in ordered if f.kind == kind))
    return sorted([*_best(f for f in ordered if f.kind not in _SPREAD), *spread], key=lambda f: (f.start, f.end))


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in findings:
        if kept and finding.start <= kept[-1].end and finding.rule == kept[-1].rule:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, finding.end))
        else:
            kept.append(finding)
    return kept


def _best(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in findings:
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
        elif _merit(finding) > _merit(kept[-1]):
            kept[-1] = finding
    return kept


def _merit(finding: Finding) -> tuple[bool, int, int]:
    """A secret first, then the longest, then by rank."""
    return finding.kind == "secret", finding.end - finding.start, -_RANK[finding.kind]
