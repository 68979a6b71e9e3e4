"""Whom a request is about, from what was typed and what the folders hold; and the pseudonym that stands for them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from pathlib import Path

from stillwatch.app.naming import find, the_only
from stillwatch.app.privacy.run_data import RunData
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import Keyring
from stillwatch.model.scope import scoped
from stillwatch.model.tables import CAMPAIGNS, FACTS
from stillwatch.privacy.person import Person

_SIZE = 12


def resolve(account: str, end_user: str, runs: Iterable[RunData], known: Iterable[str] = ()) -> Person:
    """The person; an account that several tenants have must be named with its tenant. ``known``: further names."""
    if not account and not end_user:
        raise ConfigurationError("name whom it is about: --account, --end-user, or both")
    if not account:
        return Person(end_user=end_user)
    names = {name for run in runs for name in _accounts(run)} | set(known)
    found = find(account, names)
    # Not found is no mistake here: other files may hold it, and the receipt says where nothing was.
    return Person(the_only(account, found) if found else account, end_user)


def pseudonyms(person: Person, keyring: Keyring) -> tuple[str, ...]:
    """The keyed pseudonym of the person under every version of the key that is held, the current one first."""
    text = f"person\x1e{person.account}\x1e{person.end_user}".encode("utf-8", "surrogatepass")
    return tuple(f"p-{hmac.digest(key, text, 'sha256')[:_SIZE].hex()}" for key in keyring.derive_all("pseudonym"))


def _accounts(run: RunData) -> set[str]:
    names: set[str] = set()
    for table in (CAMPAIGNS.name, FACTS.name):
        if table in run.tables:
            pairs = run.tables[table].group_by(["tenant_id", "account_id"]).aggregate([])
            names.update(map(scoped, pairs["tenant_id"].to_pylist(), pairs["account_id"].to_pylist()))
    for entry in run.campaigns:
        listed = (a for a in entry.get("accounts") or () if isinstance(a, dict))
        names.update(scoped(a.get("tenant_id"), str(a.get("account_id"))) for a in listed)
    return names


def own_folders(home: Path) -> Sequence[Path]:
    """What of the home can hold a person: not the keys, not compiled kernels."""
    return [
        place for name in ("derive", "privacy", "journal", "exhibits", "delivery") if (place := home / name).is_dir()
    ]
