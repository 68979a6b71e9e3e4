"""Terms and permissions against what was done, account by account.

Contract: pure. A rule is ``kept``, ``broken`` or, where nothing is known, ``unknown``; it is never guessed. The result
becomes part of the case. It is a question of contract alone: nothing here feeds a score, and a country counts only
where a contract names the countries in which the service may be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stillwatch.cases.acts import Finding, Verdict

DEFAULT = "default"
"""The plan whose terms hold for accounts of other or unknown plans."""


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan allows; what is not set is not limited."""

    data_generation: bool = False
    requests_per_day: int | None = None
    output_tokens_per_day: int | None = None
    end_users_per_hour: int | None = None
    countries: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What the register says about an account."""

    plan: str | None
    permitted: bool | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """The most that an account did in a day or an hour."""

    requests_per_day: int
    output_tokens_per_day: int
    end_users_per_hour: int


@dataclass(frozen=True, slots=True)
class Held:
    """One rule held against one account."""

    rule: str
    verdict: Verdict
    found: str
    allowed: str


def hold_against(terms: Mapping[str, Terms], account: Registered | None, use: Use | None) -> Iterator[Held]:
    """Every rule that applies to an account. ``None``: not in the register, or nothing known of its use."""
    own = terms.get((account.plan if account else None) or DEFAULT) or terms.get(DEFAULT) or Terms()
    yield _data_generation(own, account)
    for rule in ("requests_per_day", "output_tokens_per_day", "end_users_per_hour"):
        if (cap := getattr(own, rule)) is not None:
            yield _cap(rule, cap, None if use is None else getattr(use, rule))
    if own.countries is not None:
        yield _country(own.countries, account.country if account else None)


def findings(accounts: Sequence[Sequence[Held]]) -> tuple[Finding, ...]:
    """One finding per rule: broken if anybody broke it, else unknown if anything is, else kept."""
    rules = dict.fromkeys(held.rule for account in accounts for held in account)
    return tuple(
        _finding(rule, [h.verdict for account in accounts for h in account if h.rule == rule]) for rule in rules
    )


def _finding(rule: str, verdicts: Sequence[Verdict]) -> Finding:
    broken, unknown = verdicts.count("broken"), verdicts.count("unknown")
    return Finding(rule, "broken" if broken else "unknown" if unknown else "kept", len(verdicts), broken, unknown)


def _data_generation(terms: Terms, account: Registered | None) -> Held:
    rule = "data_generation"
    if terms.data_generation or (account is not None and account.permitted):
        return Held(rule, "kept", "permission", "with permission")
    if account is None or account.permitted is None:
        return Held(rule, "unknown", "nothing in the register", "with permission")
    return Held(rule, "broken", "no permission", "with permission")


def _cap(rule: str, cap: int, found: int | None) -> Held:
    if found is None:
        return Held(rule, "unknown", "use not known", str(cap))
    return Held(rule, "broken" if found > cap else "kept", str(found), str(cap))


def _country(allowed: Sequence[str], found: str | None) -> Held:
    verdict: Verdict = "unknown" if found is None else "kept" if found in allowed else "broken"
    return Held("countries", verdict, found or "not in the register", ", ".join(allowed))
