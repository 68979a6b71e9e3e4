"""What a person fills in to propose a measure, as the request that ``app.measures`` takes.

Contract: ``request_of`` refuses what no measure could be, every mistake at once; whether the rules accept the rest is
theirs to say. Nothing that a browser sends names a file of this machine: register and logs come from the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args

import msgspec

from stillwatch.app.measures.request import DecisionRequest
from stillwatch.console.order import Order
from stillwatch.errors import ConfigurationError
from stillwatch.feed.catalogue import NAMES, parameter_names, parameters_of
from stillwatch.feed.decision import Mode, Parameters
from stillwatch.measures.acts import ScopeKind
from stillwatch.measures.rules import LONGEST

FIELDS = {"scope": 16, "value": 256, "tenant": 128, "measure": 32, "mode": 8, "days": 4, "appeal": 200, "why": 500}
"""What a form has besides the parameters of its measure, and how long each may be."""
SCOPES: tuple[str, ...] = get_args(ScopeKind)


def asked_of(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form and the parameters that were filled in."""
    given = {name: form[name].strip() for name in parameter_names() if form.get(name, "").strip()}
    return {**{name: form.get(name, "").strip() for name in FIELDS}, **given}


def request_of(asked: Mapping[str, str], order: Order, now: datetime, *, in_run: bool) -> DecisionRequest:
    """The request of a filled form; ``in_run``: the published run says who carries which share of the evidence."""
    if mistakes := list(_mistakes(asked)):
        raise ConfigurationError(*mistakes)
    return DecisionRequest(
        msgspec.convert(asked["scope"], ScopeKind),
        asked["value"],
        asked["measure"],
        _parameters(asked),
        msgspec.convert(asked["mode"], Mode),
        now,
        now + timedelta(days=int(asked["days"])),
        tenant=asked["tenant"] or None,
        appeal=asked["appeal"],
        register=order.register,
        replay=order.replay,
        mapping=order.mapping,
        run=order.run if in_run else None,
    )


def _mistakes(asked: Mapping[str, str]) -> list[str]:
    known: dict[str, tuple[Any, ...]] = {"scope": SCOPES, "measure": NAMES, "mode": get_args(Mode)}
    found = [f"{name} has at most {most} characters" for name, most in FIELDS.items() if len(asked[name]) > most]
    found += [f"{name} is one of: {', '.join(words)}" for name, words in known.items() if asked[name] not in words]
    found += [f"{name} is missing" for name in ("value", "why") if not asked[name]]
    days = asked["days"]
    if not days.isascii() or not days.isdigit() or not 0 < int(days) <= LONGEST.days:
        found.append(f"it holds for 1 to {LONGEST.days} days")
    return found


def _parameters(asked: Mapping[str, str]) -> Parameters:
    try:
        return parameters_of({name: asked[name] for name in parameter_names() if name in asked})
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
