"""The table of keys: which account a credential belongs to, and its tier.

Reads JSON lines, one key a line: ``api_key_hash`` (SHA-256 of the key in hex), ``account_id``, and where there are any
``tenant_id``, ``org_id``, ``tier``, ``service_level`` (true: the account was promised to be served). A line that does
not fit is a mistake in the configuration, and all are listed: a key that is left out silently would lock a customer
out.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from stillwatch.errors import ConfigurationError
from stillwatch.gateway.identity import Holder

_MOST_TOLD = 20


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    api_key_hash: str
    account_id: str
    tenant_id: str | None = None
    org_id: str | None = None
    tier: str | None = None
    service_level: bool = False


def read_keys(path: Path) -> dict[str, Holder]:
    """Holders by the hash of their key."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"cannot read the keys {path}: {error.strerror or error}") from None
    found: dict[str, Holder] = {}
    mistakes: list[str] = []
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            mistakes.append(f"{path}:{number}: {error}")
            continue
        if len(line.api_key_hash) != 64 or not set(line.api_key_hash) <= set("0123456789abcdef"):
            mistakes.append(f"{path}:{number}: api_key_hash is the SHA-256 of a key, in 64 small hexadecimal digits")
        elif not line.account_id:
            mistakes.append(f"{path}:{number}: account_id is empty")
        elif line.api_key_hash in found:
            mistakes.append(f"{path}:{number}: the same api_key_hash stands above")
        else:
            rest = (line.tenant_id, line.org_id, line.tier, line.service_level)
            found[line.api_key_hash] = Holder(line.account_id, *rest)
    if mistakes:
        raise ConfigurationError(*mistakes[:_MOST_TOLD])
    return found
