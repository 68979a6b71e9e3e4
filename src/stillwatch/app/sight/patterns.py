"""STIX patterns against requests: the part of the language that a log of requests can answer.

Contract: a pattern becomes a function from a batch of exchanges to the rows that match, or a ``ValueError`` that says
what cannot be answered; half an answer is never given. Understood are comparisons of one request (=, IN, ISSUBSET, NOT,
AND, OR) and OR between observations, over account ids, addresses, autonomous systems and user agents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.scope import scoped_column

Rows = NDArray[np.bool_]
Match = Callable[[pa.RecordBatch], Rows]
Named = Callable[[str], str]
"""The name of an account in the exchange."""

_COLUMNS = {
    "user-account:user_id": "account_id",
    "ipv4-addr:value": "client_ip",
    "ipv6-addr:value": "client_ip",
    "network-traffic:src_ref.value": "client_ip",
    "autonomous-system:number": "client_asn",
    "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'": "user_agent",
}
_DEEPEST = 40
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_LOST_NOT = re.compile(r"\bNOT\b(?!\s*=)", re.IGNORECASE)
"""The library (3.0.2) reads NOT IN as IN, and likewise for all but NOT =: half an answer would be the opposite."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """``columns``: what it looks at."""

    match: Match
    columns: frozenset[str]


def compiled(text: str, keyed: Named | None) -> Pattern:
    """The pattern as a function; ``keyed`` makes names of the exchange, where its key is known."""
    from stix2.pattern_visitor import create_pattern_object

    if _LOST_NOT.search(_QUOTED.sub("''", text)):
        raise ValueError("NOT is understood before = only")
    try:
        parsed = create_pattern_object(text, version="2.1")
    except Exception as error:  # the parser has several kinds of its own, for text that may be anything
        raise ValueError(f"it cannot be read: {error}") from None
    columns: set[str] = set()
    return Pattern(_observation(parsed, keyed, columns, 0), frozenset(columns))


def _observation(node: Any, keyed: Named | None, columns: set[str], depth: int) -> Match:
    kind = type(node).__name__
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if kind == "ObservationExpression":
        return _comparison(node.operand, keyed, columns, depth + 1)
    if kind == "ParentheticalExpression":
        return _observation(node.expression, keyed, columns, depth + 1)
    if kind == "OrObservationExpression":
        return _any([_observation(part, keyed, columns, depth + 1) for part in node.operands])
    raise ValueError("only OR between observations is understood")


def _comparison(node: Any, keyed: Named | None, columns: set[str], depth: int) -> Match:
    kind = type(node).__name__
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if kind == "ParentheticalExpression":
        return _comparison(node.expression, keyed, columns, depth + 1)
    if kind in ("OrBooleanExpression", "AndBooleanExpression"):
        parts = [_comparison(part, keyed, columns, depth + 1) for part in node.operands]
        return _any(parts) if kind.startswith("Or") else _all(parts)
    match = _leaf(node, kind, keyed, columns)
    return (lambda batch: ~match(batch)) if node.negated else match


def _leaf(node: Any, kind: str, keyed: Named | None, columns: set[str]) -> Match:
    column = _COLUMNS.get(str(node.lhs))
    if column is None:
        raise ValueError(f"a log of requests has no {node.lhs}")
    columns.add(column)
    values = [part.value for part in (node.rhs.value if kind == "InComparisonExpression" else [node.rhs])]
    if kind == "IsSubsetComparisonExpression" and column == "client_ip":
        network = ip_network(str(values[0]), strict=False)
        return lambda batch: _addresses(batch, lambda a: a.version == network.version and a in network)
    if kind not in ("EqualityComparisonExpression", "InComparisonExpression"):
        raise ValueError(f"{node.operator} is not understood for {node.lhs}")
    if column == "client_ip":
        wanted = {ip_network(str(value), strict=False) for value in values}
        return lambda batch: _addresses(batch, lambda a: any(a.version == n.version and a in n for n in wanted))
    if column == "account_id":
        return lambda batch: _accounts(batch, frozenset(map(str, values)), keyed)
    typed = pa.array([int(value) for value in values] if column == "client_asn" else [str(value) for value in values])
    return lambda batch: _rows(pc.is_in(batch.column(column), typed.cast(batch.schema.field(column).type)))


def _any(parts: Sequence[Match]) -> Match:
    return lambda batch: np.logical_or.reduce([part(batch) for part in parts])


def _all(parts: Sequence[Match]) -> Match:
    return lambda batch: np.logical_and.reduce([part(batch) for part in parts])


def _accounts(batch: pa.RecordBatch, wanted: frozenset[str], keyed: Named | None) -> Rows:
    """Accounts by their plain id, or by the name that the exchange's key gives them."""
    coded = scoped_column(pa.Table.from_batches([batch])).combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    known = np.array([name in wanted or (keyed is not None and keyed(name) in wanted) for name in names], bool)
    return _rows(pa.array(known).take(coded.indices))


def _addresses(batch: pa.RecordBatch, fits: Callable[[Any], bool]) -> Rows:
    coded = batch.column("client_ip").dictionary_encode()
    known = []
    for text in coded.dictionary.to_pylist():
        try:
            address = ip_address(text)
        except ValueError:
            known.append(False)  # a pseudonym, or nothing
        else:
            known.append(fits(getattr(address, "ipv4_mapped", None) or address))
    return _rows(pa.array(known, pa.bool_()).take(coded.indices))


def _rows(mask: Any) -> Rows:
    found: Rows = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return found
