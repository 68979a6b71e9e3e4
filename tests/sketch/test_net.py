"""Addresses of a whole column are what the one-by-one reading makes of each value."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.sketch.keys import id_hasher
from stillwatch.sketch.net import addresses, normalise

SEED = bytes(range(32))
_LIKE_ADDRESSES = st.lists(st.integers(0, 300).map(str), min_size=3, max_size=5).map(".".join)
_ODD = st.text("0129.:%[] af\nｂ１", max_size=16)


def one_by_one(text: str | None) -> tuple[int | None, str | None]:
    spelled, net = normalise(text or "")
    return (id_hasher(SEED, "address")(spelled) if spelled else None), net


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(_LIKE_ADDRESSES, _ODD, st.none()), max_size=12),
    st.sampled_from((pa.string(), pa.large_string())),
)
def test_a_column_is_its_values(texts: list[str | None], kind: pa.DataType) -> None:
    found = addresses(pa.array(texts, kind), SEED)
    assert list(zip(*(column.to_pylist() for column in found), strict=True)) == [one_by_one(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    ["01.2.3.4", "1.2.3.4\n", "256.1.1.1", "1.2.3", " 1.2.3.4", "1.2.3.4\n5.6.7.8", "１.2.3.4", "::ffff:1.2.3.4"],
)
def test_what_only_looks_plain(text: str) -> None:
    hashed, net = addresses(pa.array(["9.9.9.9", text]), SEED)
    assert (hashed.to_pylist()[1], net.to_pylist()[1]) == one_by_one(text)
    assert net.to_pylist()[0] == "9.9.9"
