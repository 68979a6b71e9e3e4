"""Detached Ed25519 signatures over a bundle's manifest, and the short name of the key that made them.

Contract: the private key is 32 random bytes that the caller keeps; the fingerprint is the SHA-256 of the raw public
key, so that it can be read out over another channel. A signature says that the holder of the key vouched for the
manifest, not that what it lists is true.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from stillwatch.errors import ConfigurationError

ALGORITHM = "Ed25519"


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside a manifest; all values in hexadecimal digits."""

    algorithm: str
    public_key: str
    fingerprint: str
    signature: str


def sign(seed: bytes, message: bytes) -> Signature:
    """Sign with the key of ``seed`` (32 bytes)."""
    key = _library().Ed25519PrivateKey.from_private_bytes(seed)
    public: bytes = key.public_key().public_bytes_raw()
    return Signature(ALGORITHM, public.hex(), fingerprint(public), key.sign(message).hex())


def verify(found: Signature, message: bytes) -> bool:
    """Whether the signature is by the key it names, over this message."""
    from cryptography.exceptions import InvalidSignature

    try:
        public = bytes.fromhex(found.public_key)
        key = _library().Ed25519PublicKey.from_public_bytes(public)
        key.verify(bytes.fromhex(found.signature), message)
    except (InvalidSignature, ValueError):
        return False
    return found.algorithm == ALGORITHM and found.fingerprint == fingerprint(public)


def fingerprint(public: bytes) -> str:
    """The name of a public key."""
    return hashlib.sha256(public).hexdigest()


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ConfigurationError("bundles need the package cryptography: pip install 'stillwatch[cases]'") from None
    return ed25519
