"""``privacy rotate``: a new version of the root key, and when the old one is forgotten.

Contract: the old version stays at least as long as the longest window, so that nothing that is still compared loses its
key; ``privacy expire`` forgets it after that. What rotation changes for a reader: recipe ids and campaign ids of later
scans differ, and a folder that ``watch`` keeps was begun under the old version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stillwatch.config.schema import SETTINGS, Settings
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import FILE_NAME, Keyring, read_keyring, rotate

WINDOWS = ("window_days", "examples_days")
"""Settings that say for how long something named under a key is still used."""


def longest_window() -> int:
    """Days of the longest window that can be set: what no other home of these settings can exceed."""
    return int(max(s.high for s in SETTINGS if s.name in WINDOWS))


def rotate_keys(home: Path, settings: Settings, days: int, now: datetime, *, dry_run: bool) -> dict[str, Any]:
    """Rotate, and return the versions that are held."""
    needed = max((getattr(settings, name), name) for name in WINDOWS)
    if days < needed[0]:
        raise ConfigurationError(
            f"--overlap-days {days}: must be at least {needed[0]}, because {needed[1]} = {needed[0]}: what was named "
            "under the old key is still compared until then"
        )
    until = now + timedelta(days=days)
    if not dry_run:
        return _shown(rotate(home, now, until), dry_run)
    keyring = read_keyring(home / FILE_NAME)
    if keyring is None:
        raise ConfigurationError(f"there is no keyring in {home} yet: the first scan makes one")
    return _shown(keyring, dry_run) | {"would_retire": keyring.keys[-1].version, "at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}


def _shown(keyring: Keyring, dry_run: bool) -> dict[str, Any]:
    keys = [
        {"version": k.version, "created_at": k.created_at, "retires_at": k.retires_at or None} for k in keyring.keys
    ]
    return {"key_id": keyring.key_id, "keys": keys, "dry_run": dry_run}
