"""What a sketch is made of, and which sketches may be compared.

Contract: a ``Recipe`` fixes every choice that changes the numbers of a sketch. ``recipe_id`` names a recipe together
with the Unicode table, the cue catalogue and the key it was used with; two sketches mean the same thing if and only
if their ids are equal, and ``require_same`` refuses everything else. The check of the key inside an id is a truncated
HMAC of a 256-bit random key: it tells keys apart and gives nothing back. All kernel seeds come from the key by HMAC.

It deliberately does not read or keep keys: the keyring does.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import astuple, dataclass

from stillwatch.errors import ConfigurationError
from stillwatch.model.tables import BAG_SIZE, MINHASH_SIZE, SKELETON_SIZE

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that changes a sketch. Sizes of the signatures are those of ``model/tables.py``."""

    version: int = 1
    shingle: int = 3
    """Tokens per shingle; a shorter text is one shingle."""
    skeleton_size: int = SKELETON_SIZE
    """Smallest distinct shingle hashes kept."""
    minhash_size: int = MINHASH_SIZE
    """Slots of the signature: a power of two, at most 64 (the kernel keeps the filled ones in one machine word)."""
    bag_size: int = BAG_SIZE
    """Buckets of the bag of words: a power of two."""
    edge_words: int = 8
    """Tokens of the opening and of the closing."""
    text_bytes: int = 65_536
    """UTF-8 bytes of a text that are sketched; the rest of a longer text is not seen. Bounds the cost of one row."""

    def __post_init__(self) -> None:
        mistakes = [
            f"recipe: {name} is {value}, allowed is {allowed}"
            for name, value, fits, allowed in (
                ("shingle", self.shingle, 1 <= self.shingle <= 8, "1 to 8"),
                ("skeleton_size", self.skeleton_size, 1 <= self.skeleton_size <= 256, "1 to 256"),
                ("minhash_size", self.minhash_size, self.minhash_size in _powers(1, 6), "a power of two, 2 to 64"),
                ("bag_size", self.bag_size, self.bag_size in _powers(1, 12), "a power of two, 2 to 4096"),
                ("edge_words", self.edge_words, 1 <= self.edge_words <= 64, "1 to 64"),
                ("text_bytes", self.text_bytes, 64 <= self.text_bytes <= 1 << 24, "64 to 16777216"),
            )
            if not fits
        ]
        if mistakes:
            raise ConfigurationError(*mistakes)


def _powers(low: int, high: int) -> tuple[int, ...]:
    return tuple(1 << n for n in range(low, high + 1))


def derive(seed: bytes, purpose: str, length: int = 32) -> bytes:
    """``length`` bytes that belong to ``purpose`` and, without the key, tell nothing about any other purpose."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"the sketch key has {len(seed)} bytes, it must have {SEED_BYTES}")
    blocks = (
        hmac.digest(seed, f"stillwatch sketch / {purpose} / {count}".encode(), "sha256")
        for count in range(-(-length // 32))
    )
    return b"".join(blocks)[:length]


def recipe_id(recipe: Recipe, seed: bytes) -> str:
    """Short name of recipe and key, such as ``s1-9f3c61d2-04be77a1``; equal ids mean comparable sketches."""
    from stillwatch.sketch.cues import catalogue_digest
    from stillwatch.sketch.unicode import table_digest

    content = repr((astuple(recipe), catalogue_digest(), table_digest())).encode()
    spec = hashlib.sha256(content).hexdigest()[:8]
    return f"s{recipe.version}-{spec}-{derive(seed, 'check of the key', 4).hex()}"


def require_same(ours: str, theirs: str) -> None:
    """Refuse to compare sketches of two recipes or two keys: their hashes have nothing to do with each other."""
    if ours != theirs:
        raise ConfigurationError(
            f"these sketches cannot be compared: recipe {theirs} was found where {ours} is in use; "
            "scan the older log again with the current key and version, or restore the keyring it was made with"
        )
