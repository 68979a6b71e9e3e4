"""Keyed machinery: what is told of it, and when a request carries it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.cases import machinery
from stillwatch.cases.machinery import Machinery, candidates, carried, chosen, distinct_pairs, pattern, read_pattern

hashes = st.integers(-(2**63), 2**63 - 1)


@given(st.sets(hashes, min_size=3, max_size=64))
def test_a_pattern_says_what_was_put_in(values: set[int]) -> None:
    made = machinery.machinery("s1-0-0", np.array(sorted(values), np.int64))
    assert made is not None
    assert read_pattern(pattern(made)).values.tolist() == sorted(values)


@given(st.lists(st.lists(st.integers(-5, 5), max_size=6), max_size=6), st.sets(st.integers(-5, 5), max_size=4))
def test_carried_counts_each_hash_of_a_request_once(requests: list[list[int]], wanted: set[int]) -> None:
    rows = np.array([n for n, sent in enumerate(requests) for _ in sent], np.int64)
    sent = np.array([h for sent in requests for h in sent], np.int64)
    found = carried(rows, sent, np.array(sorted(wanted), np.int64), len(requests))
    assert found.tolist() == [len(set(sent) & wanted) for sent in requests]


def test_only_what_many_members_and_hardly_anybody_else_sent_is_told() -> None:
    pairs = [(account, h) for account in range(20) for h in (1, 2)] + [(account, 3) for account in range(2)]
    accounts, values = distinct_pairs([(np.array([a for a, _ in pairs * 2]), np.array([h for _, h in pairs * 2]))])
    found, counts = candidates(accounts, values, 20)
    assert (found.tolist(), counts.tolist()) == ([1, 2], [20, 20])
    assert chosen(found, counts, np.array([0, 3]), 2000).tolist() == [1]
    assert machinery.machinery("s1", np.array([1, 2])) is None
    assert [part.tolist() for part in distinct_pairs([])] == [[], []]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[a:b='c']",
        '{"recipe":"s","hashes":[]}',
        '{"recipe":"s","hashes":["0123456789abcdef"],"at_least":2}',
        '{"recipe":"s","hashes":["0123456789abcde"],"at_least":1}',
        '{"recipe":"s","hashes":["0123456789abcdeg"],"at_least":1}',
        '{"recipe":"s","hashes":["0123456789abcdef"],"at_least":0}',
        '{"recipe":"s","hashes":["-123456789abcdef"],"at_least":1}',
        '{"recipe":"s","hashes":["0123456789abcdef"],"at_least":1,"prompt":"x"}',
    ],
)
def test_foreign_patterns_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_pattern(text)


def test_too_many_hashes_are_refused() -> None:
    many = Machinery("s", tuple(f"{n:016x}" for n in range(2000)))
    with pytest.raises(ValueError, match="1 to 1024"):
        read_pattern(pattern(many))
