"""Every threshold of the product, declared once with its unit, its range and its reason.

Contract: ``Settings`` is the table. A field is one setting; adding a line adds it to the TOML file, to the environment
(``STILLWATCH_<NAME>``), to ``--set``, to ``config show`` and to the reference. Values are plain numbers; a ``Settings``
is valid by construction of ``config.load`` only, the dataclass itself checks nothing.

Deliberately not here: paths, inputs and anything that differs between two scans of one policy; those are arguments.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any

Value = int | float

_KEY = "stillwatch"


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting; ``low`` and ``high`` belong to the range."""

    name: str
    type: type[int] | type[float]
    default: Value
    low: Value
    high: Value
    unit: str
    reason: str
    choices: tuple[Value, ...] = ()
    changes_results: bool = True

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        kind = "a whole number" if self.type is int else "a number"
        return f"{kind} from {self.low} to {self.high}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "STILLWATCH_" + self.name.upper()


def _setting(
    default: Value,
    low: Value,
    high: Value,
    unit: str,
    reason: str,
    *,
    choices: tuple[Value, ...] = (),
    changes_results: bool = True,
) -> Any:
    """A field of ``Settings`` with its declaration attached."""
    declared = (low, high, unit, reason, choices, changes_results)
    return field(default=default, metadata={_KEY: declared})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a run. The order is the order of the reference."""

    epoch_hours: int = _setting(
        3,
        1,
        24,
        "hours",
        "evidence is weighed at the end of each epoch; must divide a day so that epochs start at 00:00 UTC",
        choices=(1, 2, 3, 4, 6, 8, 12, 24),
    )
    window_days: int = _setting(14, 1, 90, "days", "how far back a group may reach for its members")
    budget_independence: float = _setting(
        0.05, 0.001, 1.0, "false alarms per month", "spent on accusing accounts that in truth act independently"
    )
    budget_cohort: float = _setting(
        0.45,
        0.001,
        10.0,
        "false alarms per month",
        "spent on accusing coordinated but harmless groups (classes, resellers)",
    )
    min_accounts: int = _setting(
        5, 2, 10_000, "accounts", "smaller groups have too little evidence and too many innocent twins"
    )
    examples_per_group: int = _setting(20, 0, 20, "examples", "redacted requests kept for the report; 0 keeps none")
    examples_days: int = _setting(14, 0, 90, "days", "how long a report may be kept with its examples")
    lateness_minutes: int = _setting(
        10,
        0,
        10_080,
        "minutes",
        "watch closes an epoch when requests so much younger than its end have arrived; what comes later is late",
        changes_results=False,
    )
    idle_minutes: int = _setting(
        15,
        0,
        1440,
        "minutes",
        "watch closes epochs by the clock when nothing has arrived for so long; 0 waits for the next request",
        changes_results=False,
    )
    sketches_gb: int = _setting(
        4,
        0,
        100_000,
        "GB",
        "watch keeps sketches of closed epochs up to this size, for links and roles; the oldest go first",
        changes_results=False,
    )
    batch_rows: int = _setting(
        8192, 256, 1_048_576, "rows", "read at once; more needs more memory", changes_results=False
    )
    threads: int = _setting(0, 0, 1024, "threads", "0 uses every core", changes_results=False)


def _declared() -> tuple[Setting, ...]:
    return tuple(
        Setting(f.name, type(f.default), f.default, *f.metadata[_KEY])  # type: ignore[arg-type]
        for f in fields(Settings)
    )


SETTINGS: tuple[Setting, ...] = _declared()
"""The declarations in order, read off ``Settings``."""


def config_hash(settings: Settings) -> str:
    """A name of everything in ``settings`` that can change results: equal hashes, equal policy."""
    policy = {s.name: s.type(getattr(settings, s.name)) for s in SETTINGS if s.changes_results}
    return hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()[:16]
