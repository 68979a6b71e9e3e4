"""The key of a shedding experiment, and the experiment as gateways are told of it.

Contract: the key is derived from the store's journal key, which survives rotations, and the name of the proposal; the
proposal's entry binds it by its hash. Whoever holds the store's keyring can make it again as long as the journal is.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from pathlib import Path

from stillwatch.app.measures.desk import Sight, look
from stillwatch.app.sitting import FOLDER
from stillwatch.errors import StillwatchError, StoreError
from stillwatch.evidence.coin import Decided
from stillwatch.evidence.coin import Experiment as Thrown
from stillwatch.feed.shedding import Shedding
from stillwatch.keyring import FILE_NAME, load_keyring
from stillwatch.measures.state import Experiment


def key_of(store: Path, name: str) -> bytes:
    """The key of the experiment that was proposed under that name."""
    return hmac.digest(load_keyring(store).derive("journal"), f"stillwatch/1/coin/{name}".encode(), "sha256")


def bound(key: bytes) -> str:
    """What the journal holds of a key."""
    return hashlib.sha256(key).hexdigest()


def shedding_of(store: Path, experiment: Experiment) -> Shedding:
    """The experiment with its key; ``StoreError`` where the store has another keyring than it was proposed under."""
    act, key = experiment.act, key_of(store, experiment.decision_id)
    if bound(key) != act.key_sha256:
        raise StoreError(
            f"{experiment.decision_id} was proposed under another {FILE_NAME} than lies in {store}; put that one back"
        )
    times = (act.starts_at, act.expires_at)
    return Shedding(experiment.decision_id, act.rate, key.hex(), *times, act.spared_tiers)


def running(sight: Sight, now: datetime) -> Shedding | None:
    """The experiment that the feed is to hold."""
    experiment = sight.docket.shedding(now)
    return None if experiment is None else shedding_of(sight.store, experiment)


def decided(store: Path) -> Decided:
    """What a scan may know of the coin: every experiment of the store's journal, none where there is no journal.

    A journal that does not hold together is no reason to miss a campaign: the rate is learned then and the run says so.
    """
    if not (store / FOLDER).exists():
        return Decided()
    try:
        return Decided(tuple(_thrown(experiment) for experiment in look(store).docket.experiments))
    except StillwatchError as error:
        return Decided(unreadable=str(error))


def _thrown(experiment: Experiment) -> Thrown:
    since, until = max(experiment.since, experiment.act.starts_at), experiment.until
    start, end = (int(datetime.fromisoformat(moment).timestamp()) * 1_000_000 for moment in (since, until))
    return Thrown(start, end, experiment.act.rate)
