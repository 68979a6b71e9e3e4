"""The compiled kernel agrees with the oracle bit by bit, and keeps the promises of its contract."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.sketch import kernel
from stillwatch.sketch.batch import sketch_bytes, sketch_strings
from stillwatch.sketch.cues import cue_kinds
from stillwatch.sketch.layout import new_scratch
from stillwatch.sketch.plan import pack, plan
from stillwatch.sketch.recipe import Recipe

from .oracle import Oracle

SEED = bytes(range(32))
RECIPE = Recipe()
ORACLE = Oracle(RECIPE, SEED)
PHRASES = [phrase for kind in cue_kinds() for _, phrase in kind.phrases]

PIECES = (
    *("the", "Step", "by", "STEP", "x", "abcdefgh", "abcdefghi", "a1b22", "1", "2024", "0x7f", "don't", "e\u0301", "é"),
    *("<think>", "</think>", "[think]", "[/think]", "< think >", "</", ">", "<", "[", "]", "/"),
    *("逐步", "思考", "。", "ひらがな", "カタカナー", "สวัสดี", "मैं हूँ", "السلام عليكم", "مَرْحَبًا", "Ещё", "ГОД", "Ж2"),
    *(
        "\u200b",
        "\u202e",
        "\ufeff",
        "\u00ad",
        "\x00",
        "\x07",
        "\x7f",
        "\x85",
        "\u2019",
        "—",
        "🙂",
        "👩‍👩‍👧",
        "\ufffd",
        "ﬁ",
        "ß",
    ),
    *(
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\t",
        ". ",
        "-",
        "_",
        "𝐭𝐡𝐢𝐧𝐤",
        "Ｗｉｄｅ",
        "İıI",
        "\U000e0041",
        "\U00020001",
        "\U0010ffff",
    ),
)
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=90).map("".join),
    st.lists(st.sampled_from((*PIECES, *PHRASES)), max_size=40).map(" ".join),
    st.lists(st.sampled_from("abcXYZ019 .,<>/[]"), max_size=300).map("".join),
)


def sketch(values: list[str], seed: bytes = SEED, recipe: Recipe = RECIPE) -> list[dict[str, object]]:
    columns = sketch_strings(pa.array(values, pa.string()), recipe=recipe, seed=seed, with_signature=True)
    return pa.table(columns).to_pylist()


@settings(deadline=None, max_examples=150)
@given(st.lists(texts, max_size=5))
def test_agrees_with_the_oracle(values: list[str]) -> None:
    assert sketch(values) == [ORACLE.sketch(value.encode()) for value in values]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.binary(max_size=40), texts.map(str.encode).map(lambda b: b[1:-1])), max_size=4))
def test_agrees_on_malformed_bytes(values: list[bytes]) -> None:
    data = np.frombuffer(b"".join(values), np.uint8)
    offsets = np.cumsum([0, *map(len, values)], dtype=np.int64)
    columns = sketch_bytes(data, offsets, recipe=RECIPE, seed=SEED, with_signature=True)
    assert pa.table(columns).to_pylist() == [ORACLE.sketch(value) for value in values]


@settings(deadline=None, max_examples=20)
@given(
    st.builds(
        Recipe,
        shingle=st.integers(1, 5),
        skeleton_size=st.integers(1, 40),
        minhash_size=st.sampled_from((2, 16, 64)),
        bag_size=st.sampled_from((2, 64, 512)),
        edge_words=st.integers(1, 12),
        text_bytes=st.integers(64, 200),
    ),
    st.lists(texts, min_size=1, max_size=3),
)
def test_agrees_for_other_recipes(recipe: Recipe, values: list[str]) -> None:
    oracle = Oracle(recipe, SEED)
    assert sketch(values, recipe=recipe) == [oracle.sketch(value.encode()) for value in values]


@pytest.mark.parametrize(
    ("make", "cut"),
    [
        (lambda: "word " * 30_000, RECIPE.text_bytes),
        # The oracle takes seconds for the whole cut, so the others end sooner.
        (lambda: "逐步思考" * 20_000, 8_191),
        (lambda: "".join(random.Random(7).choices("ab é1<>/.\n字", k=1_000_000)), 8_192),
        (lambda: "a" * 1_000_000, RECIPE.text_bytes),
        (lambda: "<think>" * 20_000 + "</think>" * 20_000, 8_193),
    ],
    ids=["repeated", "han", "mixed", "one word", "tags"],
)
def test_long_texts_agree_up_to_the_cut(make: Callable[[], str], cut: int) -> None:
    text, recipe = make(), Recipe(text_bytes=cut)
    oracle = Oracle(recipe, SEED)
    assert sketch([text, "after it"], recipe=recipe) == [oracle.sketch(text.encode()), oracle.sketch(b"after it")]


def test_neighbours_and_place_in_the_buffer_do_not_matter() -> None:
    values = ["", "one", "two words", "逐", "step by step.", "x" * 63, "y" * 64, "z" * 65, "end"]
    alone = [row for value in values for row in sketch([value])]
    assert sketch(values) == alone
    assert sketch(values[::-1]) == alone[::-1]


@pytest.mark.parametrize("letters", ["z", "ab ", "Abc, 12 ", "<plan>", "é a"])
def test_every_length_agrees_alone_and_amid_others(letters: str) -> None:
    values = [(letters * 70)[:size] for size in range(140)]
    expected = [ORACLE.sketch(value.encode()) for value in values]
    assert sketch(values) == expected
    assert [row for value in values for row in sketch([value])] == expected


def test_nothing_of_used_memory_is_handed_on() -> None:
    """Texts without words leave rows of the outputs unwritten: their buffers must end before."""
    columns = sketch_strings(pa.array(["", "one word", "", ""]), recipe=RECIPE, seed=SEED, with_signature=True)
    for name, size in (("minhash", 4 * RECIPE.minhash_size), ("bag", RECIPE.bag_size)):
        assert columns[name].buffers()[2].size == size


def test_another_key_gives_unrelated_numbers() -> None:
    text = " ".join(f"word{chr(97 + k % 26)}{chr(97 + k // 26)}" for k in range(200))
    (ours,), (theirs,) = sketch([text]), sketch([text], seed=bytes(32))
    assert ours == sketch([text])[0]
    assert not set(ours["skeleton"]) & set(theirs["skeleton"])  # type: ignore[call-overload]
    same = np.frombuffer(ours["minhash"], "<i4") == np.frombuffer(theirs["minhash"], "<i4")  # type: ignore[call-overload]
    assert not same.any()
    assert ours["words"] == theirs["words"]
    assert ours["cues"] == theirs["cues"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Think it over", "think  it,\nover!"),
        ("café déjà", "cafe\u0301 de\u0301ja\u0300"),
        ("think", "th\u200bin\u202ek\u00ad"),
        ("think", "\x00th\x07ink"),
        ("think", "𝐭𝐡𝐢𝐧𝐤"),
        ("wide", "ＷＩＤＥ"),
        ("ещё ЁЛКА", "Еще елка"),
        ("كتاب", "كِتَـاب"),
        ("ß σ", "ß ς"),
        ("step" + "\U000e0041" * 9, "step"),
    ],
)
def test_spellings_of_one_text_agree(one: str, other: str) -> None:
    first, second = sketch([one, other])
    assert first == second


def test_numbers_count_only_in_exact() -> None:
    first, second, third = sketch(["take 17 of v2 items", "take 4711 of v3 items", "take 17 of v2 items"])
    assert first == third
    assert first["exact"] != second["exact"]
    assert {**first, "exact": 0} == {**second, "exact": 0}


def test_text_without_words_is_no_text() -> None:
    (row,) = sketch(["… \u200b!? \n🙂"])
    assert row == ORACLE.sketch(b"")


def test_token_hashes_avalanche() -> None:
    """One changed letter flips half of the bits of a token, in all positions of short and long words."""
    words = ["".join(random.Random(k).choices("abcdefghijklmnopqrstuvwxyz", k=1 + k % 12)) for k in range(3000)]
    changed = [word[:-1] + chr((ord(word[-1]) - 96) % 26 + 97) for word in words]
    flips = np.array([[a ^ b] for a, b in zip(_hashes(words), _hashes(changed), strict=True)], np.uint64)
    share = np.unpackbits(flips.view(np.uint8), axis=1).mean(axis=0)
    assert np.all(np.abs(share - 0.5) < 5 * 0.5 / np.sqrt(len(words)))


def _hashes(words: list[str]) -> list[int]:
    return [ORACLE.tokens(word.encode())[0].hash for word in words]


def test_cost_is_linear_in_the_text() -> None:
    """The kernel takes in as many tokens as there are, never more: counted, not timed."""
    for size in (100, 1000, 10_000):
        (row,) = sketch(["ab " * size])
        assert row["words"] == size
    (row,) = sketch(["ab " * 100_000])
    assert row["words"] == -(-RECIPE.text_bytes // 3)


def test_kernel_hashes_phrases_like_texts() -> None:
    data, offsets = pack(["step by", "逐"])
    tokens, ends = np.zeros(32, np.uint64), np.zeros(3, np.int64)
    kernel.token_hashes(plan(RECIPE, SEED), data, offsets, new_scratch(64), tokens, ends)
    assert tokens[:3].tolist() == _hashes(["step", "by", "逐"])
    assert ends.tolist() == [0, 2, 3]
