"""A guard: everything that is looked for, ready to be asked about texts.

Contract: ``Guard.check`` is pure, takes any string and returns its findings in order, without overlaps of one kind. Long
texts are looked at a slice at a time, so memory is bounded; slices overlap by more than the longest identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stillwatch.guard import codeblocks, contacts, identifiers, secrets
from stillwatch.guard import kernel as k_
from stillwatch.guard.finding import Finding
from stillwatch.guard.folding import Folded, fold
from stillwatch.guard.plan import plan
from stillwatch.guard.terms import Dictionary

SLICE, OVERLAP = 1 << 20, 1 << 12
_EVENTS, _LINES = 1 << 14, 1 << 14
_SECRETS: dict[int, Callable[[bytes, int, int], Iterator[Finding]]] = {
    k_.ASSIGN: secrets.assigned,
    k_.PREFIX: secrets.by_prefix,
    k_.HEADER: secrets.private_key,
    k_.TOKEN: secrets.by_token,
    k_.BEARER: secrets.bearer,
}


class Guard:
    """What is looked for; one object serves any number of threads."""

    def __init__(self, dictionaries: Sequence[Dictionary] = ()) -> None:
        self._dictionaries = tuple(dictionaries)
        self._plan = plan({word for d in self._dictionaries for word in d.first_words})

    def check(self, text: str) -> list[Finding]:
        """What ``text`` holds."""
        found: list[Finding] = []
        step = SLICE - OVERLAP
        for begin in range(0, max(len(text) - OVERLAP, 1), step):
            found += (
                f._replace(start=f.start + begin, end=f.end + begin) for f in self._slice(text[begin : begin + SLICE])
            )
        return resolve(found)

    def _slice(self, text: str) -> Iterator[Finding]:
        folded = fold(text)
        if not folded.codes.size:
            return
        raw = folded.codes.tobytes()
        for finding in (*self._by_events(raw, folded), *self._code(folded)):
            start, end = folded.span(finding.start, finding.end)
            yield finding._replace(start=start, end=end)

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


_RANK = {
    kind: rank
    for rank, kind in enumerate(("code", "document", "term", "secret", "iban", "card", "identity", "email", "phone"))
}
_NUMBERS = frozenset(("iban", "card", "identity", "phone", "email"))


def resolve(findings: Iterable[Finding]) -> list[Finding]:
    """In order; of overlapping numbers and addresses the longest, blocks that touch as one, secrets before numbers."""
    kept: list[Finding] = []
    for finding in sorted(set(findings), key=lambda f: (f.start, -f.end, _RANK[f.kind])):
        if finding.kind in ("code", "document") and (last := _last(kept, finding.kind)) is not None:
            if finding.start <= kept[last].end and finding.rule == kept[last].rule:
                kept[last] = kept[last]._replace(end=max(kept[last].end, finding.end))
                continue
        kept.append(finding)
    return _without_overlaps(kept)


def _last(kept: list[Finding], kind: str) -> int | None:
    return next((k for k in range(len(kept) - 1, max(-1, len(kept) - 64), -1) if kept[k].kind == kind), None)


def _without_overlaps(findings: list[Finding]) -> list[Finding]:
    """Of small findings that overlap only the best: a secret first, then the longest, then by rank."""
    small = [f for f in findings if f.kind not in ("code", "document", "term")]
    kept: list[Finding] = []
    for finding in small:
        if kept and finding.start < kept[-1].end:
            if _better(finding, kept[-1]):
                kept[-1] = finding
            continue
        kept.append(finding)
    return sorted([*kept, *(f for f in findings if f.kind in ("code", "document", "term"))], key=lambda f: f.start)


def _better(one: Finding, other: Finding) -> bool:
    if (one.kind == "secret") != (other.kind == "secret"):
        return one.kind == "secret"
    size, other_size = one.end - one.start, other.end - other.start
    return (size, -_RANK[one.kind]) > (other_size, -_RANK[other.kind])
