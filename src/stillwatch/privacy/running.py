"""What the product does, as far as it can be read: settings, tables, folders, keys. Gathered by ``app``.

Contract: plain values, no secret. A count is over what was found in the folders that were named; a folder that was not
named is not looked at, and the papers say which were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from stillwatch.config.schema import Settings
from stillwatch.model.tables import SKETCHES, Table
from stillwatch.privacy.categories import KEPT, PASSING


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run folder: rows per table, and the redacted examples in it."""

    folder: Path
    rows: Mapping[str, int]
    accounts: int
    exchanges: int
    examples: int
    examples_expire_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeySeen:
    """A version of the root key; ``retires_at`` is empty for the current one."""

    version: int
    created_at: str
    retires_at: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where the product sends stored data; ``where`` says which file or variable names it."""

    name: str
    to: str
    where: str


@dataclass(frozen=True, slots=True)
class Running:
    """The installation as it stands."""

    settings: Settings
    origins: Mapping[str, str]
    """Where each setting came from."""
    adapters: tuple[tuple[str, str], ...]
    home: Path
    stores: tuple[Path, ...]
    runs: tuple[RunSeen, ...] = ()
    keys: tuple[KeySeen, ...] = ()
    mark_keys: int = 0
    watched: tuple[Path, ...] = ()
    """Folders that ``watch`` keeps: their state holds sketches for ``state_days`` at most."""
    state_days: int = 0
    cases: int = 0
    guard_months: int = 0
    """Months of which the guard holds counts."""
    targets: tuple[Target, ...] = ()
    redacted_kinds: Mapping[str, int] = field(default_factory=dict)
    """Marks of redaction found in examples, by kind."""

    @property
    def sinks(self) -> tuple[Path, ...]:
        """Every folder that the product was told to write to."""
        return (self.home, *self.stores)

    @property
    def kept(self) -> tuple[Table, ...]:
        """Tables that are kept somewhere."""
        return (*KEPT, SKETCHES) if self.watched else KEPT

    @property
    def passing(self) -> tuple[Table, ...]:
        """Tables that are gone when a run ends."""
        return tuple(table for table in PASSING if table not in self.kept)

    @property
    def keeps_examples(self) -> bool:
        """Whether a scan keeps any, or a named run folder still holds some."""
        switched_on = self.settings.examples_per_group > 0 and self.settings.examples_days > 0
        return switched_on or any(run.examples for run in self.runs)

    def setting(self, name: str) -> str:
        """A setting with its value and origin: ``examples_days = 14 (default)``."""
        return f"{name} = {getattr(self.settings, name)} ({self.origins.get(name, 'default')})"

    def activities(self) -> dict[str, str]:
        """What is switched on, each with how that is known."""
        on = {"detection": "part of the product"}
        if self.keeps_examples:
            on["examples"] = f"{self.setting('examples_per_group')}, {self.setting('examples_days')}"
        if self.mark_keys:
            on["derivation"] = f"{self.home / 'derive'} holds {self.mark_keys} keys of marks"
        if self.cases:
            on["cases"] = f"the stores that were named hold {self.cases} cases"
        if self.guard_months:
            on["guard"] = f"{self.home / 'guard' / 'counts'} holds counts of {self.guard_months} months"
        return on
