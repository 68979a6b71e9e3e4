"""Signatures of webhooks as Standard Webhooks 1.0 has them, so that receivers can use its libraries.

Contract: a secret file holds one ``whsec_`` secret per line; a message carries a signature for each, so that a receiver
can change over from one to the next. What is signed is id, time and body; a receiver refuses an old time, and an id
that it has seen.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode

from stillwatch.errors import ConfigurationError

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def secrets_of(raw: bytes, name: str) -> tuple[bytes, ...]:
    """The secrets in a file; ``name`` is what a mistake is told about, never the content."""
    try:
        lines = raw.decode("ascii").split()
        found = tuple(b64decode(line.removeprefix(PREFIX), validate=True) for line in lines if line.startswith(PREFIX))
    except ValueError:
        found, lines = (), [""]
    if not found or len(found) < len(lines) or any(not LEAST_BYTES <= len(s) <= MOST_BYTES for s in found):
        raise ConfigurationError(
            f"{name} must hold {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} random bytes in base64, on one line or more: "
            f"printf '{PREFIX}%s\\n' \"$(openssl rand -base64 32)\" > {name}"
        )
    return found


def signed(secrets: tuple[bytes, ...], item_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers that vouch for a message."""
    content = f"{item_id}.{seconds}.".encode() + body
    signatures = (b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": item_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
