"""Values of any type to the type a column declares; what does not fit becomes null and is counted.

One converter per type word of ``model.tables``. Arrow arrays of a fitting type are cast as a whole; where one value
spoils that, the column goes value by value through one small function. Text that spells a number or a truth value is
read as one, because CSV has nothing else and JSON logs often quote. Blank text is null: an empty session id shared by
two accounts is not a shared session.

Deliberately does not look into messages: JSON columns keep their text unchanged, nested values are written as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.chunk import CAST_FAILS, Values, as_array
from stillwatch.ingest.times import to_times

Converted = tuple[pa.Array, int]
_TRUTH = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}
_TEXTS = pa.list_(pa.string())
_NO_DIGITS_AFTER = 30
"""Text longer than this is no number; keeps hostile digits away from int()."""


class _Wrong:
    """Stands for a value whose type does not fit, while a column is read value by value."""


_WRONG = _Wrong()


def convert(values: Values, kind: str, *, json: bool = False) -> Converted:
    """``values`` as the declared type word ``kind`` and how many of them did not fit; ``json`` columns may nest."""
    if isinstance(values, list):
        values = values if json or kind == "strings" else as_array(values)
    if not isinstance(values, list):
        values = decoded(values)
        if pa.types.is_null(values.type):
            return pa.nulls(len(values), _ARROW[kind]), 0
    return _to_json(values) if json else _CONVERTERS[kind](values)


def decoded(column: pa.Array) -> pa.Array:
    """Dictionary, large, view and extension arrays in their plain form; invalid UTF-8 stays bytes."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    elif _is_bytes(kind):
        column = column.cast(pa.binary())
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        return _checked_text(column)
    return column


def _checked_text(column: pa.Array) -> pa.Array:
    """Files may claim UTF-8 falsely, and a false claim would crash whoever turns it into text later."""
    try:
        if pa.types.is_binary(column.type):
            return column.cast(pa.string())
        column.validate(full=True)
    except pa.ArrowInvalid:
        return column.cast(pa.binary())
    return column


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    kinds = types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary
    return any(is_kind(kind) for is_kind in kinds)


def _is_number(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def _one_by_one(values: Values, kind: pa.DataType, read: Callable[[Any], Any]) -> Converted:
    source = values if isinstance(values, list) else values.to_pylist()
    results = [None if v is None else read(v) for v in source]
    wrong = sum(r is _WRONG for r in results)
    return pa.array([None if r is _WRONG else r for r in results], type=kind), wrong


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def blanks_to_null(column: pa.Array) -> pa.Array:
    """Text that is empty or white becomes null."""
    lengths = pc.binary_length(column)
    shortest = pc.min(lengths).as_py()
    if shortest is None or shortest > 8:
        return column
    suspects = pc.less_equal(lengths, 8)
    blank = pc.and_(suspects, pc.equal(pc.utf8_trim_whitespace(pc.if_else(suspects, column, "x")), ""))
    return pc.if_else(blank, None, column) if pc.any(blank).as_py() else column


def _to_text(values: Values) -> Converted:
    if not isinstance(values, list):
        kind = values.type
        if pa.types.is_string(kind):
            return blanks_to_null(values), 0
        if _is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
            try:
                return values.cast(pa.string()), 0
            except CAST_FAILS:
                pass
    column, wrong = _one_by_one(values, pa.string(), _text)
    return blanks_to_null(column), wrong


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return _from_utf8(value)
    if isinstance(value, str):
        return value if _is_utf8(value) else _WRONG
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float, Decimal)) else _WRONG


def _from_utf8(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _WRONG


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _to_json(values: Values) -> Converted:
    if not isinstance(values, list) and pa.types.is_string(values.type):
        return blanks_to_null(values), 0
    column, wrong = _one_by_one(values, pa.string(), _json)
    return blanks_to_null(column), wrong


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        # A prompt must not be able to hide by one bad byte: what is legible of it counts.
        return value.decode(errors="replace")
    if isinstance(value, str):
        return _text(value)
    try:
        return msgspec.json.encode(value).decode() if isinstance(value, (list, dict)) else _WRONG
    except (*CAST_FAILS, RecursionError, msgspec.MsgspecError):
        return _WRONG


def _to_float(values: Values) -> Converted:
    if not isinstance(values, list) and _is_number(values.type):
        column = values.cast(pa.float64(), safe=False)
        wrong = pc.sum(pc.is_inf(column)).as_py() or 0
        finite = pc.is_finite(column)
        return (column if pc.all(finite).as_py() is not False else pc.if_else(finite, column, None)), wrong
    return _one_by_one(values, pa.float64(), _float)


def _float(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return _WRONG
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _WRONG
    if math.isnan(number) and not isinstance(value, str):
        return None
    return number if math.isfinite(number) else _WRONG


def _to_int(values: Values) -> Converted:
    if not isinstance(values, list) and _is_number(values.type):
        try:
            return values.cast(pa.int64()), 0
        except CAST_FAILS:
            pass
    return _one_by_one(values, pa.int64(), _int)


def _int(value: Any) -> Any:
    """Whole numbers only: 256, 256.0, "256"; NaN is how data frames write a missing one."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if len(text) <= _NO_DIGITS_AFTER and text.lstrip("+-").isdecimal():
            value = _whole(text)
        else:
            value = _float(text) if len(text) <= _NO_DIGITS_AFTER else _WRONG
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return _WRONG
    if value != value:
        return None
    if not math.isfinite(value) or value != int(value) or not -(2**63) <= value < 2**63:
        return _WRONG
    return int(value)


def _whole(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return _WRONG


def _to_bool(values: Values) -> Converted:
    if not isinstance(values, list) and pa.types.is_boolean(values.type):
        return values, 0
    return _one_by_one(values, pa.bool_(), _bool)


def _bool(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else _WRONG
    if isinstance(value, str):
        text = value.strip().lower()
        return _TRUTH.get(text, _WRONG) if text else None
    return _WRONG


def _to_times(values: Values) -> Converted:
    times, _ = to_times(values)
    given = sum(v is not None for v in values) if isinstance(values, list) else len(values) - values.null_count
    return times, given - (len(times) - times.null_count)


def _to_texts(values: Values) -> Converted:
    if not isinstance(values, list) and _is_list(values.type):
        try:
            column = values.cast(_TEXTS)
            column.validate(full=True)
            return column, 0
        except CAST_FAILS:
            pass
    if isinstance(values, list) and set(map(type, values)) <= {list, type(None)}:
        try:
            return pa.array(values, type=_TEXTS), 0
        except CAST_FAILS:
            pass
    return _one_by_one(values, _TEXTS, _texts)


def _texts(value: Any) -> Any:
    """A list of texts, a JSON array of texts, or one text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = msgspec.json.decode(value)
        except (*CAST_FAILS, RecursionError, msgspec.MsgspecError):
            return _WRONG
    if isinstance(value, str):
        return [value] if value.strip() and _is_utf8(value) else None
    if isinstance(value, list) and all(v is None or (isinstance(v, str) and _is_utf8(v)) for v in value):
        return value
    return _WRONG


_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": _TEXTS,
}
_CONVERTERS: dict[str, Callable[[Values], Converted]] = {
    "string": _to_text,
    "int64": _to_int,
    "float64": _to_float,
    "bool": _to_bool,
    "timestamp": _to_times,
    "strings": _to_texts,
}
