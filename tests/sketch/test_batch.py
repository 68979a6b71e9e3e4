"""The batch function: schema, rows independent of each other, nulls, ids, and threads."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.model.tables import EXCHANGES, SKETCHES, arrow_schema
from stillwatch.sketch.batch import sketch_batch, warm_up
from stillwatch.sketch.recipe import Recipe

SEED = bytes(range(32))


def exchanges(*rows: dict[str, object]) -> pa.RecordBatch:
    base = {"ts": datetime(2025, 3, 1, tzinfo=UTC), "account_id": "a1"}
    full = [{"event_id": f"e{k}", **base, **row} for k, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(full, schema=arrow_schema(EXCHANGES))


def sketches(*rows: dict[str, object], seed: bytes = SEED) -> list[dict[str, object]]:
    batch = sketch_batch(exchanges(*rows), recipe=Recipe(), seed=seed)
    batch.validate(full=True)
    assert batch.schema == arrow_schema(SKETCHES)
    return batch.to_pylist()


def user(text: str) -> str:
    return json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])


def test_prompt_and_system_are_sketched_apart() -> None:
    system = json.dumps([{"type": "text", "content": "Always think step by step."}])
    chat = json.dumps(
        [{"role": "system", "content": "Always think step by step."}, {"role": "user", "content": "Hi you"}]
    )
    first, second = sketches(
        {"input_messages": user("Hi you"), "system_instructions": system}, {"input_messages": chat}
    )
    assert {**first, "event_id": ""} == {**second, "event_id": ""}
    assert (first["prompt_words"], first["system_words"]) == (2, 5)
    assert first["cues"] == 1


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"input_messages": user("secret words"), "content_state": "hashed"},
        {"input_messages": user("secret words"), "system_instructions": "secret", "content_state": "absent"},
        {"input_messages": user("")},
        {"input_messages": user("?!")},
    ],
)
def test_no_text_gives_zeros_and_empty_values(row: dict[str, object]) -> None:
    (found,) = sketches(row)
    names = ("prompt_words", "prompt_exact", "prompt_open", "prompt_close", "system_words", "system_exact", "cues")
    assert [found[name] for name in names] == [0] * 7
    assert (found["prompt_skeleton"], found["system_skeleton"]) == ([], [])
    assert (found["prompt_minhash"], found["prompt_bag"]) == (b"", b"")


def test_truncated_text_is_sketched() -> None:
    (found,) = sketches({"input_messages": user("the first words"), "content_state": "truncated"})
    assert found["prompt_words"] == 3


def test_addresses() -> None:
    texts = (
        "192.0.2.77",
        "::ffff:192.0.2.77",
        " 192.0.2.78",
        "2001:db8:1:2::5",
        "[2001:DB8:1::9]",
        "not one",
        "",
        None,
    )
    rows = sketches(*({"client_ip": text} for text in texts))
    nets = ["192.0.2", "192.0.2", "192.0.2", "2001:0db8:0001", "2001:0db8:0001", None, None, None]
    assert [row["client_net"] for row in rows] == nets
    addresses = [row["client_addr"] for row in rows]
    assert addresses[0] == addresses[1]
    assert len(set(addresses[1:6])) == 5
    assert addresses[6:] == [None, None]


def test_ids_are_keyed_and_told_apart_by_purpose() -> None:
    row = {"end_user_id": "x", "session_id": "x", "client_ip": "x", "user_agent": "é" * 500}
    (ours,), (theirs,) = sketches(row), sketches(row, seed=bytes(32))
    values = [found[name] for found in (ours, theirs) for name in ("end_user", "session", "client_addr")]
    assert len(set(values)) == 6
    assert ours["user_agent"] == "é" * 120


def test_permuting_rows_permutes_sketches() -> None:
    source = random.Random(3)
    words = ["amber", "birch", "cedar", "dune", "elm", "fjord", "字", "grove", "ёлка", "12"]
    rows: list[dict[str, object]] = [
        {
            "event_id": f"e{k}",
            "input_messages": user(" ".join(source.choices(words, k=source.randrange(40)))),
            "system_instructions": source.choice((None, "be kind", '"be brief"')),
            "client_ip": f"198.51.100.{source.randrange(4)}",
            "session_id": source.choice((None, "s", "t")),
        }
        for k in range(60)
    ]
    order = source.sample(range(60), 60)
    straight = sketches(*rows)
    assert sketches(*(rows[k] for k in order)) == [straight[k] for k in order]


def test_slices_missing_columns_and_other_types() -> None:
    batch = exchanges(*({"input_messages": user(f"text {chr(97 + k)}")} for k in range(5)))
    whole = sketch_batch(batch, recipe=Recipe(), seed=SEED)
    assert sketch_batch(batch.slice(2, 2), recipe=Recipe(), seed=SEED).equals(whole.slice(2, 2))
    wide = batch["input_messages"].cast(pa.large_string())
    bare = pa.RecordBatch.from_arrays(
        [batch["event_id"], batch["ts"], batch["account_id"], wide],
        names=["event_id", "ts", "account_id", "input_messages"],
    )
    assert sketch_batch(bare, recipe=Recipe(), seed=SEED).equals(whole)
    assert sketch_batch(batch.slice(0, 0), recipe=Recipe(), seed=SEED).num_rows == 0


def test_threads_agree_with_one() -> None:
    warm_up()
    batches = [exchanges(*({"input_messages": user(f"batch {n} row {k} " * 20)} for k in range(50))) for n in range(8)]
    alone = [sketch_batch(batch, recipe=Recipe(), seed=SEED) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda batch: sketch_batch(batch, recipe=Recipe(), seed=SEED), batches))
    assert all(a.equals(b) for a, b in zip(alone, together, strict=True))


def estimates(shared: int, own: int, pairs: int) -> np.ndarray:
    """MinHash estimates of pairs of prompts that share ``shared`` of ``shared + 2 * own`` shingles of one token."""
    source = random.Random(11)
    rows: list[dict[str, object]] = []
    for _ in range(pairs):
        words = ["".join(source.choices("abcdefghijklmnop", k=12)) for _ in range(shared + 2 * own)]
        rows += [{"input_messages": user(" ".join(words[: shared + own]))}]
        rows += [{"input_messages": user(" ".join(words[:shared] + words[shared + own :]))}]
    batch = sketch_batch(exchanges(*rows), recipe=Recipe(shingle=1), seed=SEED)
    slots = np.array([np.frombuffer(value, "<i4") for value in batch["prompt_minhash"].to_pylist()])
    return (slots[0::2] == slots[1::2]).mean(axis=1)


@pytest.mark.parametrize(("shared", "own"), [(100, 100), (150, 25), (20, 5), (300, 300)])
def test_minhash_estimates_jaccard_within_theory(shared: int, own: int) -> None:
    """Unbiased, with at most the variance of 64 independent slots of which some empty ones repeat a filled one.

    With f of K slots filled, a filled one counts 1 + Poisson((K-f)/f) times, which gives J(1-J)(1/f + (K-f)/K^2).
    One permutation draws without replacement, which can only lower it.
    """
    pairs, slots = 400, 64
    jaccard = shared / (shared + 2 * own)
    found = estimates(shared, own, pairs)
    filled = slots * (1 - (1 - 1 / slots) ** (shared + own))
    variance = jaccard * (1 - jaccard) * (1 / filled + (slots - filled) / slots**2)
    assert abs(found.mean() - jaccard) < 4 * np.sqrt(variance / pairs)
    assert found.var() < variance * (1 + 4 * np.sqrt(2 / pairs))
