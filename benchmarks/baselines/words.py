"""Small features of prompts: what wording is shared, and a vector per request.

Contract: pure functions of a frame of requests. No key and no secret: these are features for a comparison, not
the sketches of the product. Hashing is polars', stable for one version of it; nothing here is stored.
"""

from __future__ import annotations

import numpy as np
import polars as pl

SHINGLE = 3
KEPT_PER_REQUEST = 8
DIMENSIONS = 256
_WORD = r"[\p{L}\p{N}_']+"
_LONGEST = 2_000


def templates(requests: pl.DataFrame) -> pl.DataFrame:
    """Pairs (row, template) of wording that at least two accounts use.

    A template is a whole system instruction or a run of three words, digits made alike; of a request's runs the
    eight with the smallest hashes among those that two accounts share are kept: a sample that keeps the same runs
    of equal text, wherever it stands.
    """
    shingles = _shingles(requests)
    shared = shingles.group_by("template").agg(pl.col("account").n_unique()).filter(pl.col("account") >= 2)
    kept = (
        shingles.join(shared.select("template"), on="template", how="semi")
        .group_by("row")
        .agg(pl.col("template").unique().bottom_k(KEPT_PER_REQUEST))
        .explode("template")
    )
    return pl.concat([kept, _systems(requests)]).sort("row", "template")


def vectors(requests: pl.DataFrame, dimensions: int = DIMENSIONS) -> np.ndarray:
    """Signed hashed bag of words, damped and brought to unit length."""
    found = _words(requests).with_columns(hash=pl.col("word").hash(seed=1))
    counts = found.group_by("row", "hash").len()
    hashed = counts["hash"].to_numpy()
    sign = np.where((hashed >> np.uint64(32)) & np.uint64(1), 1.0, -1.0)
    cell = counts["row"].to_numpy().astype(np.int64) * dimensions + (hashed % np.uint64(dimensions)).astype(np.int64)
    weight = sign * np.log1p(counts["len"].to_numpy())
    flat = np.bincount(cell, weights=weight, minlength=len(requests) * dimensions)
    dense: np.ndarray = flat.reshape(len(requests), dimensions).astype(np.float32)
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    np.divide(dense, length, out=dense, where=length > 0)
    return dense


def _words(requests: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("prompt").str.slice(0, _LONGEST).str.to_lowercase().str.replace_all(r"\d+", "0")
    listed = requests.select("account", word=text.str.extract_all(_WORD)).with_row_index("row")
    return listed.explode("word").filter(pl.col("word").is_not_null())


def _shingles(requests: pl.DataFrame) -> pl.DataFrame:
    found = _words(requests)
    run = pl.struct(pl.col("word").shift(-k).alias(f"word {k}") for k in range(SHINGLE))
    inside = pl.col("row") == pl.col("row").shift(-(SHINGLE - 1))
    return found.select("row", "account", template=run.hash(seed=2), inside=inside).filter("inside").drop("inside")


def _systems(requests: pl.DataFrame) -> pl.DataFrame:
    whole = requests.select(
        template=pl.col("system").hash(seed=3), account="account", known=pl.col("system").is_not_null()
    )
    whole = whole.with_row_index("row").filter("known")
    many = pl.col("account").n_unique().over("template") >= 2
    return whole.filter(many).select("row", "template")
