"""Every kind of source with an address; whatever else is named is a folder, a file or a pattern."""

from __future__ import annotations

from pathlib import Path

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.app.watch.sources import kafka, otlp, redis_stream
from stillwatch.app.watch.sources.files import FileFollower
from stillwatch.app.watch.sources.follower import Follower, Kind
from stillwatch.errors import ConfigurationError
from stillwatch.ingest.pieces import maps_for

KINDS: tuple[Kind, ...] = (redis_stream.KIND, kafka.KIND, otlp.KIND)


def kind_of(given: str) -> Kind | None:
    """The kind of an address; None where files are named."""
    scheme, separator, _ = given.partition("://")
    if not separator:
        return None
    for kind in KINDS:
        if scheme in kind.schemes:
            return kind
    known = ", ".join(f"{scheme}://" for kind in KINDS for scheme in kind.schemes)
    raise ConfigurationError(f"{given}: watch follows files of this machine, {known}; scan reads other addresses")


def name_of(given: str) -> str:
    """The source wherever one stands, without what is secret in it."""
    kind = kind_of(given)
    return str(Path(given).expanduser().absolute()) if kind is None else kind.name(given)


def follower_of(given: str, files: dict[str, Followed], *, mapping: str | None, patient: bool) -> Follower:
    """What says what is new in a source."""
    kind = kind_of(given)
    if kind is None:
        return FileFollower(name_of(given), maps_for(mapping), files)
    if kind is otlp.KIND and mapping is not None:
        raise ConfigurationError("--map reads columns of a log; what is sent to a receiver has the names of OTLP")
    return kind.follow(given, files, patient=patient)
