"""The register of destinations: what outside services say they do with what they are sent, and what is done about it.

Contract: TOML that a person writes. ``load_destinations`` lists every mistake. A statement has its source and the day
on which it was read; a message to a person quotes it with both, so that it can be disputed. Rules are asked in order,
the first that speaks of the destination and the kind decides; what no rule speaks of is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from stillwatch.errors import ConfigurationError
from stillwatch.guard.finding import KINDS

SCHEMA = "stillwatch.destinations/1"
ACTIONS: tuple[tuple[str, str], ...] = (
    ("allow", "goes out as it is"),
    ("redact", "marks go out, and are put back in the answer"),
    ("coach", "the person is told which term speaks against it, and may go on"),
    ("block", "does not go out"),
)
STATEMENTS = ("collects", "trains_on", "shares", "stores")
"""What a destination says: which data it collects, trains on, hands to whom, stores where."""
MOST_BYTES = 1 << 20
_DESTINATION = {"name", "hosts", "example", "source", "read_on", *STATEMENTS}
_RULE = {"destinations", "kinds", "action", "because"}
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Destination:
    """An outside service. ``statements`` may lack what nobody read."""

    name: str
    hosts: tuple[str, ...]
    statements: Mapping[str, str]
    source: str
    read_on: date
    example: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with ``kinds`` on the way to ``destinations``; ``because`` names the statement to quote."""

    destinations: frozenset[str]
    kinds: frozenset[str]
    action: str
    because: str

    def speaks_of(self, destination: str, kind: str) -> bool:
        return bool({_ALL, destination} & self.destinations) and bool({_ALL, kind} & self.kinds)


@dataclass(frozen=True, slots=True)
class Destinations:
    """A register without mistakes."""

    entries: Mapping[str, Destination]
    rules: tuple[Rule, ...]

    def rule(self, destination: str, kind: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.speaks_of(destination, kind)), None)

    def named(self, name_or_host: str) -> Destination:
        """The destination of that name, or the one that the host belongs to."""
        for entry in self.entries.values():
            if name_or_host == entry.name or any(_is_under(name_or_host, host) for host in entry.hosts):
                return entry
        raise ConfigurationError(f"no destination is called {name_or_host}; there are {', '.join(self.entries)}")


def _is_under(host: str, known: str) -> bool:
    return host == known or host.endswith("." + known)


def load_destinations(path: Path | None = None) -> Destinations:
    """The register in ``path``, or the shipped one, which holds examples only."""
    if path is None:
        raw = files("stillwatch.guard").joinpath("destinations.toml").read_bytes()
    else:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror or error}") from error
    name = path.name if path else "the shipped register"
    try:
        if len(raw) > MOST_BYTES:
            raise ConfigurationError(f"{name}: has more than {MOST_BYTES:,} bytes")
        document = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{name}: cannot be read as TOML: {error}") from error
    if mistakes := [f"{name}: {mistake}" for mistake in _mistakes(document)]:
        raise ConfigurationError(*mistakes)
    entries = {entry["name"]: _destination(entry) for entry in document["destinations"]}
    return Destinations(entries, tuple(map(_rule, document.get("rules", ()))))


def _destination(entry: Mapping[str, Any]) -> Destination:
    said = {name: entry[name] for name in STATEMENTS if name in entry}
    hosts, example = tuple(entry.get("hosts", ())), entry.get("example", False)
    return Destination(entry["name"], hosts, said, entry["source"], entry["read_on"], example)


def _rule(entry: Mapping[str, Any]) -> Rule:
    to, kinds = frozenset(entry.get("destinations", (_ALL,))), frozenset(entry.get("kinds", (_ALL,)))
    return Rule(to, kinds, entry["action"], entry.get("because", ""))


def _mistakes(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("schema") != SCHEMA:
        yield f'must say schema = "{SCHEMA}"'
    yield from (f"no section is called {name}" for name in document.keys() - {"schema", "destinations", "rules"})
    destinations, rules = document.get("destinations"), document.get("rules", [])
    if not isinstance(destinations, list) or not destinations or not all(isinstance(d, dict) for d in destinations):
        yield "needs at least one [[destinations]]"
        return
    for number, entry in enumerate(destinations, 1):
        yield from (f"destination {number}: {mistake}" for mistake in _destination_mistakes(entry))
    names = [str(entry.get("name")) for entry in destinations]
    yield from (f"destination {name} stands there twice" for name in sorted(set(names)) if names.count(name) > 1)
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield "rules must be written [[rules]]"
        return
    for number, entry in enumerate(rules, 1):
        yield from (f"rule {number}: {mistake}" for mistake in _rule_mistakes(entry, set(names)))


def _destination_mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"no key is called {name}" for name in sorted(entry.keys() - _DESTINATION))
    for name in ("name", "source"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            yield f"{name} must be text"
    if not isinstance(entry.get("read_on"), date) or isinstance(entry["read_on"], datetime):
        yield "read_on must be the day on which its terms were read, such as 2026-03-01"
    yield from (f"{name} must be text" for name in STATEMENTS if not isinstance(entry.get(name, ""), str))
    if not _is_texts(entry.get("hosts", [])):
        yield "hosts must be a list of texts"
    if not isinstance(entry.get("example", False), bool):
        yield "example must be true or false"


def _rule_mistakes(entry: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    yield from (f"no key is called {name}" for name in sorted(entry.keys() - _RULE))
    actions = [name for name, _ in ACTIONS]
    if entry.get("action") not in actions:
        yield f"action must be one of {', '.join(actions)}"
    for key, known in (("destinations", names), ("kinds", {kind for kind, _ in KINDS})):
        chosen = entry.get(key, [_ALL])
        if not _is_texts(chosen):
            yield f"{key} must be a list of texts"
        else:
            yield from (f"{key}: there is no {name}" for name in sorted(set(chosen) - known - {_ALL}))
    because = entry.get("because", "")
    if because and because not in STATEMENTS:
        yield f"because must be one of {', '.join(STATEMENTS)}"
    if entry.get("action") == "coach" and not because:
        yield "a rule that coaches needs because: the statement that makes it a bad idea"


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
