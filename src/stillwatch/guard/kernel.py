"""One pass over folded text that says where something could stand; compiled.

Contract: ``scan`` writes an event for every place that a rule must look at. Each byte is read once, and from the
beginning of a number at most ``WIDEST`` bytes again: linear whatever the text. It stops where the room for events ends
and returns the place reached; whoever calls goes on from there. ``code_lines`` is a pass of its own. Nothing is
allocated. An event is a row (kind, start, end, more); a place without one holds nothing that any rule could find, and
an event alone is no finding.

Everything that is compiled stands in this file, constants included: Numba's cache notices changes of a function's own
file only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.guard.folding import OTHER, SINGLE
from stillwatch.sketch.machine import compiled

NUMBER, IBAN, AT, ASSIGN, PREFIX, HEADER, PHONE, TERM, TOKEN, BEARER = range(10)
"""Kinds of events; ``more`` of a number is its shape."""
IS_NUMBER, IS_SECRET, IS_PREFIX, IS_CODE, IS_PHONE, IS_PEM, IS_TERM, IS_BEARER, IS_START, IS_SQL = (
    1 << n for n in range(10)
)
"""What a word may be: introduces a number; names a secret; begins a key; is of a programming language; introduces a
telephone number; begins a private key; begins a term of the organisation; announces a token; begins a line of code; is
of SQL, where it stands in capitals."""
SEED, STEP = 0x9AE16A3B2F90404F, 0x9DDFEA08EB382D69

MOST_RUNS, WIDEST, LONGEST_RUN = 16, 44, 30
"""Runs and bytes of a number, bytes of a run."""
NEAR, AFTER = 72, 24
"""How far before and after a number a word may stand that introduces it."""
ROOM = 64
"""Events that one word can cause at most."""
DIGIT, UPPER, LOWER, OTHERS, ALONE, BLANK, LINE = (1 << n for n in range(7))
"""What a code is; ``ALONE`` is a letter of a script without spaces, a word by itself."""

_LATIN = UPPER | LOWER
_WORD = DIGIT | _LATIN | OTHERS | ALONE
_SEED, _STEP, _29, _20, _1 = (np.uint64(n) for n in (SEED, STEP, 29, 20, 1))
_DIGITS, _LETTERS = np.uint64(ord("D") << 8), np.uint64(ord("L") << 8)
_HEADS = np.array([int.from_bytes(h, "big") for h in (b"AKI", b"ASI", b"ABI", b"ACC", b"AIz", b"eyJ", b"dap", b"EAA")])
_OPEN, _CLOSE, _PLUS, _COMMA, _DASH, _DOT, _SLASH, _COLON, _SEMICOLON, _EQUALS, _GREATER, _AT, _UNDERSCORE, _HASH = (
    ord(sign) for sign in "()+,-./:;=>@_#"
)  # fmt: skip
_QUOTES = (ord('"'), ord("'"), ord("]"), ord("`"), ord("*"), ord(" "))
_BRACE, _END_BRACE, _AMPERSAND, _SPACE, _TAB, _NEWLINE = (ord(sign) for sign in "{}& \t\n")
_DOLLAR = ord("$")
_D, _E, _H, _I, _N, _O, _S = (ord(sign) for sign in "dehinos")
_NEAR_NUMBER, _NEAR_PHONE, _WEAK_START, _WEAK_END, _WEAK_SHAPE = range(5)
"""What is remembered from word to word."""


class Words(NamedTuple):
    """Hashes of words and their flags: open addressing, 0 is free."""

    keys: NDArray[np.uint64]
    flags: NDArray[np.int32]


class Shapes(NamedTuple):
    """Hashes of shapes of numbers, their places in the list of shapes, and whether all their rules need a word."""

    keys: NDArray[np.uint64]
    places: NDArray[np.int32]
    bound: NDArray[np.uint8]


class Tables(NamedTuple):
    """What the kernel needs besides the text."""

    classes: NDArray[np.uint8]
    words: Words
    shapes: Shapes


def classes() -> NDArray[np.uint8]:
    """What each code is."""
    table = np.zeros(256, np.uint8)
    table[48:58], table[65:91], table[97:123] = DIGIT, UPPER, LOWER
    table[OTHER:SINGLE], table[SINGLE:] = OTHERS, ALONE
    table[[9, 32]], table[[10, 11, 12, 13]] = BLANK, BLANK | LINE
    return table


def new_memory() -> NDArray[np.int64]:
    """The memory at the beginning of a text."""
    return np.array([-NEAR - 1, -NEAR - 1, 0, -1, 0], np.int64)


@compiled
def look_up(keys: Any, state: Any) -> Any:
    """The slot of a hash, or -1."""
    mask = np.uint64(keys.size - 1)
    slot = (state >> _20) & mask
    while keys[slot] != np.uint64(0):
        if keys[slot] == state:
            return np.int64(slot)
        slot = (slot + _1) & mask
    return np.int64(-1)


@compiled
def mixed(state: Any, value: Any) -> Any:
    state = (state ^ np.uint64(value)) * _STEP
    return state ^ (state >> _29)


@compiled
def code_at(data: Any, at: Any) -> Any:
    """The code at a place; a line's end outside of the text."""
    return data[at] if 0 <= at < data.size else np.uint8(_NEWLINE)


@compiled
def put(events: Any, count: Any, kind: Any, start: Any, end: Any, more: Any) -> Any:
    events[count, 0], events[count, 1], events[count, 2], events[count, 3] = kind, start, end, more
    return count + 1


@compiled
def hash_span(data: Any, start: Any, end: Any) -> Any:
    """The hash of a word in small letters."""
    state = _SEED
    for at in range(start, end):
        code = data[at]
        state = mixed(state, code | np.uint8(32) if 65 <= code <= 90 else code)
    return state | _1


@compiled
def word_end(data: Any, table: Any, start: Any) -> Any:
    """(end, hash, where parts begin in camelCase: the second and the last, whether it has a digit) of a word."""
    state, second, camel, numeric, at, before = _SEED, start, start, False, start, np.uint8(0)
    if table[data[start]] == ALONE:
        return start + 1, mixed(state, data[start]) | _1, start, start, False
    while at < data.size:
        code = data[at]
        kind = table[code]
        if not kind & _WORD or kind == ALONE:
            break
        if kind == UPPER:
            if before == LOWER:
                camel = at
                second = at if second == start else second
            code |= np.uint8(32)
        elif kind == DIGIT:
            numeric = True
        state = mixed(state, code)
        before = kind
        at += 1
    return at, state | _1, second, camel, numeric


@compiled
def goes_on(data: Any, table: Any, at: Any) -> Any:
    """Whether what ends at ``at`` is joined to more by a hyphen, a full stop or a slash."""
    code = code_at(data, at)
    return (code in (_DASH, _DOT, _SLASH)) and table[code_at(data, at + 1)] & _WORD != 0


@compiled
def numbers(data: Any, tables: Any, start: Any, memory: Any, events: Any, count: Any) -> Any:
    """Emit every window from ``start`` whose shape is known; one that needs a word is remembered if none was near."""
    table, shapes = tables.classes, tables.shapes
    state, at, opened = _SEED, start, False
    near = start - memory[_NEAR_NUMBER] <= NEAR
    for _ in range(MOST_RUNS):
        begin, kind = at, DIGIT if table[data[at]] == DIGIT else _LATIN
        while at < data.size and table[data[at]] & kind and at - begin <= LONGEST_RUN:
            at += 1
        if at - begin > LONGEST_RUN or at - start > WIDEST:
            break
        state = mixed(state, (_DIGITS if kind == DIGIT else _LETTERS) | np.uint64(at - begin))
        if table[code_at(data, at)] & (_LATIN | DIGIT):
            continue
        if opened and code_at(data, at) == _CLOSE:
            state, at, opened = mixed(state, _CLOSE), at + 1, False
        if not goes_on(data, table, at):
            slot = look_up(shapes.keys, state | _1)
            if slot >= 0 and (near or not shapes.bound[slot]):
                count = put(events, count, NUMBER, start, at, shapes.places[slot])
                if near:
                    memory[_NEAR_NUMBER] = at  # what introduced this one may introduce the next of a column
            elif slot >= 0:
                memory[_WEAK_START], memory[_WEAK_END], memory[_WEAK_SHAPE] = start, at, shapes.places[slot]
        joint = code_at(data, at)
        opened = opened or joint == _OPEN
        is_joint = joint in (_SPACE, _DASH, _DOT, _SLASH, _OPEN)
        if not is_joint or not table[code_at(data, at + 1)] & (_LATIN | DIGIT):
            break
        state, at = mixed(state, joint), at + 1
    return count


@compiled
def ibans(data: Any, table: Any, start: Any, events: Any, count: Any) -> Any:
    """Emit the bank account numbers at ``start``: every end up to which the check digits are right (mod 97)."""
    if not (table[code_at(data, start + 1)] & _LATIN and table[code_at(data, start + 2)] == DIGIT):
        return count
    if table[code_at(data, start + 3)] != DIGIT:
        return count
    head = np.int64(0)
    for at in range(start, start + 2):
        head = head * 100 + (np.int64(data[at] & 0xDF) - 55)
    head = head * 100 + (np.int64(data[start + 2]) - 48) * 10 + np.int64(data[start + 3]) - 48
    rest, length, at = np.int64(0), 0, start + 4
    while at < data.size and length < 30:
        code = data[at]
        if table[code] == DIGIT:
            rest = (rest * 10 + np.int64(code) - 48) % 97
        elif table[code] & _LATIN:
            rest = (rest * 100 + np.int64(code & 0xDF) - 55) % 97
        elif code in (_SPACE, _DASH, _DOT) and table[code_at(data, at + 1)] & (DIGIT | _LATIN):
            at += 1
            continue
        else:
            break
        length, at = length + 1, at + 1
        if length >= 11 and not table[code_at(data, at)] & _WORD and (rest * 1_000_000 + head) % 97 == 1:
            count = put(events, count, IBAN, start, at, 0)
    return count


@compiled
def has_value(data: Any, start: Any, end: Any) -> Any:
    """Whether something is given to the name at ``start``: by a colon, an equals sign, an arrow, ``is``, an option."""
    if code_at(data, end) == _SPACE and code_at(data, start - 1) == _DASH:
        return True
    for at in range(end, min(end + 5, data.size)):
        code = data[at]
        if code in (_COLON, _EQUALS, _GREATER):
            return True
        if code == _I and at > end and code_at(data, at + 1) == _S and code_at(data, at + 2) == _SPACE:
            return True
        if code not in _QUOTES:
            return False
    return False


@compiled
def is_head(data: Any, start: Any) -> Any:
    """Whether a long word begins like a key."""
    head = np.int64(data[start]) << 16 | np.int64(data[start + 1]) << 8 | np.int64(data[start + 2])
    for known in _HEADS:  # noqa: SIM110 - Numba knows no generators
        if head == known:
            return True
    return False


@compiled
def flags_of(data: Any, table: Any, known: Any, start: Any, end: Any, second: Any, camel: Any, state: Any) -> Any:
    """What a word may be, and what a part of a name in camelCase or a name with a number may introduce."""
    slot, flags, stop = look_up(known.keys, state), np.int32(0), end
    if slot >= 0:
        flags = known.flags[slot]
    while stop > start and table[data[stop - 1]] == DIGIT:
        stop -= 1
    if start < stop < end:
        slot = look_up(known.keys, hash_span(data, start, stop))
        if slot >= 0:
            flags |= known.flags[slot] & np.int32(IS_SECRET | IS_NUMBER)
    if camel > start:
        slot = look_up(known.keys, hash_span(data, camel, end))
        if slot >= 0:
            flags |= known.flags[slot] & np.int32(IS_SECRET | IS_NUMBER)
    if second > start:
        slot = look_up(known.keys, hash_span(data, start, second))
        if slot >= 0:
            flags |= known.flags[slot] & np.int32(IS_NUMBER | IS_PHONE)
    return flags


@compiled
def by_word(data: Any, start: Any, end: Any, flags: Any, memory: Any, events: Any, count: Any) -> Any:
    """Emit what a known word causes, and remember what it introduces."""
    after = code_at(data, end)
    if flags & IS_TERM:
        count = put(events, count, TERM, start, end, 0)
    if flags & IS_SECRET and has_value(data, start, end):
        count = put(events, count, ASSIGN, start, end, 0)
    before = code_at(data, start - 1)
    if flags & IS_PREFIX and after in (_DASH, _UNDERSCORE, _DOT) and before not in (_DASH, _UNDERSCORE, _DOT):
        count = put(events, count, PREFIX, start, end, 0)
    if flags & IS_PEM and code_at(data, start - 1) == _DASH and code_at(data, start - 5) == _DASH:
        count = put(events, count, HEADER, start - 5, end, 0)
    if flags & IS_BEARER and after == _SPACE:
        count = put(events, count, BEARER, start, end, 0)
    if flags & IS_PHONE:
        memory[_NEAR_PHONE] = end
    if flags & IS_NUMBER:
        memory[_NEAR_NUMBER] = end
        if memory[_WEAK_END] >= 0 and start - memory[_WEAK_END] <= AFTER:
            count = put(events, count, NUMBER, memory[_WEAK_START], memory[_WEAK_END], memory[_WEAK_SHAPE])
        memory[_WEAK_END] = -1
    return count


@compiled
def may_be_phone(data: Any, table: Any, start: Any, end: Any, memory: Any) -> Any:
    """Whether a telephone number in national form could begin with the digits at ``start``."""
    after, before = code_at(data, end), code_at(data, start - 1)
    if before in (_PLUS, _OPEN):
        return False  # found by its sign
    if start - memory[_NEAR_PHONE] <= NEAR:
        return True
    if not table[code_at(data, end + 1)] & DIGIT and code_at(data, end + 1) != _OPEN:
        return False
    if data[start] == 48 and 2 <= end - start <= 5 and (after in (_SPACE, _DASH, _SLASH)):
        return True
    return (end - start == 3 or end - start == 1) and (after in (_DASH, _DOT)) and code_at(data, end + 4) == after


@compiled
def by_number(data: Any, tables: Any, start: Any, end: Any, numeric: Any, memory: Any, events: Any, count: Any) -> Any:
    """Emit the numbers that may begin with the word at ``start``, unless it is itself joined to something before."""
    table, before = tables.classes, code_at(data, start - 1)
    joined = before in (_DASH, _DOT, _SLASH, _UNDERSCORE)
    if joined and table[code_at(data, start - 2)] & _WORD:
        return count
    is_digit = table[data[start]] == DIGIT
    if not numeric and (end - start > 4 or table[code_at(data, end + 1)] != DIGIT or code_at(data, end) > _SLASH):
        return count
    count = numbers(data, tables, start, memory, events, count)
    if is_digit and may_be_phone(data, table, start, end, memory):
        count = put(events, count, PHONE, start, end, 0)
    if not is_digit and end - start >= 4:
        count = ibans(data, table, start, events, count)
    return count


@compiled
def scan(data: Any, tables: Any, begin: Any, events: Any, memory: Any) -> Any:
    """Scan from ``begin`` with what ``new_memory`` gave or the last call left; returns (place reached, events)."""
    table, at, count, full = tables.classes, np.int64(begin), np.int64(0), events.shape[0] - ROOM
    while at < data.size:
        code = data[at]
        kind = table[code]
        if not kind & _WORD:
            if code == _AT:
                count = put(events, count, AT, at, at + 1, 0)
            elif code in (_PLUS, _OPEN):
                following = code_at(data, at + 1)
                if (table[following] == DIGIT or following == _OPEN) and not table[code_at(data, at - 1)] & _WORD:
                    count = put(events, count, PHONE, at, at + 1, 0)
            at += 1
            if count >= full:
                break
            continue
        if count >= full:
            break
        end, state, second, camel, numeric = word_end(data, table, at)
        if kind != DIGIT:
            flags = flags_of(data, table, tables.words, at, end, second, camel, state)
            if flags:
                count = by_word(data, at, end, flags, memory, events, count)
            cut = end - at >= 4 and (code_at(data, end) == _DASH or code_at(data, end) == _UNDERSCORE)
            if (end - at >= 16 or cut) and is_head(data, at):
                count = put(events, count, TOKEN, at, end, 0)
        if (numeric or end - at <= 4) and kind & (DIGIT | _LATIN):
            count = by_number(data, tables, at, end, numeric, memory, events, count)
        at = end
    return at, count


@compiled
def is_query(data: Any, table: Any, known: Any, start: Any, stop: Any, end: Any) -> Any:
    """Whether a line that begins with a word of SQL has it in capitals, and no other word in capitals behind it."""
    for at in range(start, stop):
        if table[data[at]] != UPPER:
            return False
    if stop == end:
        return True
    if data[stop] != _SPACE:
        return data[stop] == _SEMICOLON
    at = stop + 1
    while at < end and table[data[at]] == UPPER:
        at += 1
    if at - stop < 3 or (at < end and table[data[at]] & _WORD):
        return True
    slot = look_up(known.keys, hash_span(data, stop + 1, at))
    return slot >= 0 and known.flags[slot] & IS_SQL != 0


@compiled
def first_word(data: Any, table: Any, known: Any, begin: Any, end: Any) -> Any:
    """Points of the first word of a line: a word of a language in small letters, or in capitals alone as in SQL."""
    at = begin
    while at < end and (table[data[at]] & BLANK or data[at] == _HASH or data[at] == _END_BRACE):
        at += 1
    stop = at
    while stop < end and table[data[stop]] & _LATIN:
        stop += 1
    if stop == at or (table[data[at]] == UPPER and (stop - at < 2 or table[data[at + 1]] != UPPER)):
        return 1 if code_at(data, at) == _DOLLAR and at == stop and table[code_at(data, at + 1)] & _LATIN else 0
    slot = look_up(known.keys, hash_span(data, at, stop))
    if slot < 0:
        return 0
    flags = known.flags[slot]
    if flags & IS_SQL and is_query(data, table, known, at, stop, end):
        return 2
    return (1 if flags & IS_CODE else 0) + (2 if flags & IS_START and table[data[at]] == LOWER else 0)


@compiled
def opens_block(data: Any, end: Any) -> Any:
    """Whether a line ends in ``do`` or ``then``, as in a shell."""
    last, before = code_at(data, end - 1), code_at(data, end - 2)
    return (before == _D and last == _O and code_at(data, end - 3) == _SPACE) or (
        before == _E and last == _N and code_at(data, end - 3) == _H and code_at(data, end - 5) == _SPACE
    )


@compiled
def line_points(data: Any, table: Any, known: Any, begin: Any, end: Any) -> Any:
    """How much a line looks like a statement of a programming language."""
    points = first_word(data, table, known, begin, end)
    before, last, capitals, most, closes = np.uint8(_SPACE), np.uint8(_SPACE), 0, 0, True
    for at in range(begin, end):
        code = data[at]
        capitals = capitals + 1 if table[code] == UPPER else 0
        most = max(most, capitals)
        closes = closes and (code in (_CLOSE, _SEMICOLON) or table[code] & BLANK != 0)
        is_call = code == _OPEN and table[before] & (_LATIN | DIGIT) != 0
        is_arrow = code == _GREATER and before == _DASH
        # Not the equals sign of an attribute or a query, which stands between letters.
        is_set = code == _EQUALS and not table[before] & _WORD
        if is_set or is_call or is_arrow or (code == before and code in (_COLON, _AMPERSAND)):
            points += 1
        before = code
        if not table[code] & BLANK:
            last = code
    if last in (_SEMICOLON, _BRACE) or (points > 0 and (last in (_COLON, _OPEN) or opens_block(data, end))):
        points += 2 if closes else 1
    indented = data[begin] == _TAB or (table[data[begin]] & BLANK and table[code_at(data, begin + 1)] & BLANK)
    if indented and last == _COMMA and most >= 3:
        return points + 2  # a column of a table in SQL
    return points + 1 if indented and points > 0 else points


@compiled
def code_lines(data: Any, tables: Any, begin: Any, lines: Any) -> Any:
    """Write (start, end, lines before that are not blank) of each line that looks like code.

    Returns (place reached, lines written, lines that are not blank).
    """
    table, at, count, seen = tables.classes, np.int64(begin), np.int64(0), np.int64(0)
    while at < data.size and count < lines.shape[0]:
        end, blank = at, True
        while end < data.size and data[end] != _NEWLINE:
            blank = blank and table[data[end]] & BLANK != 0
            end += 1
        if not blank:
            if line_points(data, table, tables.words, at, end) >= 2:
                lines[count, 0], lines[count, 1], lines[count, 2] = at, end, seen
                count += 1
            seen += 1
        at = end + 1
    return at, count, seen
