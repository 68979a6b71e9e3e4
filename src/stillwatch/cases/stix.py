"""A case as a STIX 2.1 bundle, through the library that checks every object it makes.

Contract: ids are derived from case, recipient and content, so a later export of the same case updates what was sent
instead of adding to it; a retracted case is exported with its indicators and its report revoked. Open cases are a
grouping, closed ones a report. Accounts are ``user-account`` objects under keyed names (see ``shared``), prompt
machinery is an indicator with a pattern of its own type, shared address ranges are infrastructure. Everything carries
one TLP 2.0 marking. No threat actor, no location, no intrusion set: those are attributions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stillwatch.cases.acts import Sighting
from stillwatch.cases.machinery import PATTERN_TYPE, pattern
from stillwatch.cases.shared import TECHNIQUE, TECHNIQUE_NAME, TECHNIQUE_URL, Shared
from stillwatch.errors import ConfigurationError
from stillwatch.journal.entry import utc

VALID_DAYS = 90
"""An account's name is an indicator for so long after it was last seen."""
PER_INDICATOR = 200
"""Accounts in one pattern."""
LEVELS = {
    "clear": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
"""TLP 2.0 and the ids that its markings have everywhere."""
_REVOKED = ("campaign", "indicator", "infrastructure", "observed-data", "relationship", "grouping", "report")
_TOLD = ("campaign", "grouping", "report")
"""Objects whose description says where the case stands."""
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_CREATED = "2022-10-01T00:00:00.000Z"
_ROOT = uuid5(NAMESPACE_URL, "stillwatch/1/stix")


def stix_bundle(case: Shared, maker: str, recipient: str, level: str) -> dict[str, Any]:
    """The bundle for one recipient; ``maker`` is the organisation that sends it."""
    stix2 = _library()
    common = _Common(case, recipient, level)
    identity = stix2.Identity(
        id=common.id("identity", maker),
        name=maker,
        identity_class="organization",
        created=case.opened_at,
        modified=case.opened_at,
        object_marking_refs=[common.marking],
    )
    fields = {**common.fields(), "created_by_ref": identity.id}
    technique = _technique(stix2, common, fields)
    campaigns = [_campaign(stix2, common, s, case, fields) for s in case.campaigns]
    accounts = [_account(stix2, common, name) for name in case.accounts]
    observed = [_observed(stix2, common, s, accounts, fields) for s in case.campaigns] if accounts else []
    indicators = [_indicator(stix2, common, case, what, fields) for what in _patterns(case)]
    relations = [_relation(stix2, common, i, "indicates", c, fields) for i in indicators for c in campaigns]
    relations += [_relation(stix2, common, c, "uses", technique, fields) for c in campaigns]
    places = list(_places(stix2, common, case, campaigns, fields))
    told = [identity, technique, *campaigns, *accounts, *observed, *indicators, *relations, *places]
    cover = _cover(stix2, common, case, told, fields)
    bundle = stix2.Bundle(_tlp(stix2, level), *told, cover, id=common.id("bundle", case.changed_at))
    found: dict[str, Any] = json.loads(bundle.serialize())
    return found


def revocation(sent: Sequence[dict[str, Any]], case: Shared) -> dict[str, Any]:
    """Every object of the bundles that were sent and can be revoked, revoked; what they refer to goes along."""
    stix2, now = _library(), utc(datetime.fromisoformat(case.changed_at))
    last = {thing["id"]: thing for bundle in sent for thing in bundle["objects"]}
    for thing in last.values():
        if thing["type"] in _REVOKED:
            thing.update(revoked=True, modified=now)
        if thing["type"] in _TOLD:
            thing["description"] = case.summary
    name = uuid5(_ROOT, chr(0x1E).join((case.changed_at, *sorted(last))))
    bundle = stix2.parse({"type": "bundle", "id": f"bundle--{name}", "objects": [*last.values()]}, allow_custom=True)
    found: dict[str, Any] = json.loads(bundle.serialize())
    return found


class _Common:
    """Ids, times and the marking that all objects of an export share."""

    def __init__(self, case: Shared, recipient: str, level: str) -> None:
        self._case, self._space = case, uuid5(_ROOT, f"{case.case_id}\x1e{recipient}")
        self.marking = f"marking-definition--{LEVELS[level]}"

    def id(self, kind: str, name: str) -> str:
        return f"{kind}--{uuid5(self._space, chr(0x1E).join((kind, name)))}"

    def fields(self) -> dict[str, Any]:
        return {
            "created": self._case.opened_at,
            "modified": self._case.changed_at,
            "object_marking_refs": [self.marking],
        }


def _technique(stix2: Any, common: _Common, fields: dict[str, Any]) -> Any:
    reference = {"source_name": "mitre-atlas", "external_id": TECHNIQUE, "url": TECHNIQUE_URL}
    return stix2.AttackPattern(
        id=common.id("attack-pattern", TECHNIQUE), name=TECHNIQUE_NAME, external_references=[reference], **fields
    )


def _campaign(stix2: Any, common: _Common, sighting: Sighting, case: Shared, fields: dict[str, Any]) -> Any:
    return stix2.Campaign(
        id=common.id("campaign", sighting.campaign_id),
        name=sighting.campaign_id,
        description=case.summary,
        first_seen=sighting.first_seen_at,
        last_seen=sighting.last_seen_at,
        revoked=case.retracted,
        **fields,
    )


def _account(stix2: Any, common: _Common, name: str) -> Any:
    # The library checks that the id of an observable is derived from what it is; ours would depend on the recipient.
    return stix2.UserAccount(user_id=name, account_type="stillwatch-keyed", object_marking_refs=[common.marking])


def _observed(stix2: Any, common: _Common, sighting: Sighting, accounts: Sequence[Any], fields: dict[str, Any]) -> Any:
    return stix2.ObservedData(
        id=common.id("observed-data", sighting.campaign_id),
        first_observed=sighting.first_seen_at,
        last_observed=sighting.last_seen_at,
        number_observed=max(sighting.exchanges, 1),
        object_refs=[account.id for account in accounts],
        **fields,
    )


@dataclass(frozen=True, slots=True)
class _Pattern:
    """An indicator before it is an object; ``key`` makes its id."""

    key: str
    name: str
    description: str
    pattern: str
    pattern_type: str = "stix"


def _patterns(case: Shared) -> Iterator[_Pattern]:
    for start in range(0, len(case.accounts), PER_INDICATOR):
        names = case.accounts[start : start + PER_INDICATOR]
        listed = ", ".join(f"'{name}'" for name in names)
        yield _Pattern(
            names[0],
            "Accounts of a flagged group",
            "Their names in this exchange: whoever holds its key makes the names of their own accounts and compares.",
            f"[user-account:user_id IN ({listed})]",
        )
    if case.machinery is not None:
        yield _Pattern(
            "machinery",
            "Prompt machinery of a flagged group",
            "Keyed hashes of three words that many of its accounts sent and hardly anybody else. A request with "
            f"{case.machinery.at_least} of them shows it; 'stillwatch sight' looks for it. A tip, not a finding.",
            pattern(case.machinery),
            PATTERN_TYPE,
        )
    for network in case.ranges:
        yield _Pattern(
            network,
            "Address range of a flagged group",
            "Several of its accounts use it and hardly anybody else in our log. Others may use it elsewhere.",
            f"[{_kind(network)}:value ISSUBSET '{network}']",
        )


def _indicator(stix2: Any, common: _Common, case: Shared, what: _Pattern, fields: dict[str, Any]) -> Any:
    last = max((s.last_seen_at for s in case.campaigns if s.last_seen_at), default=case.opened_at)
    until = datetime.fromisoformat(last) + timedelta(days=VALID_DAYS)
    return stix2.Indicator(
        id=common.id("indicator", what.key),
        name=what.name,
        description=what.description,
        indicator_types=["anomalous-activity"],
        pattern=what.pattern,
        pattern_type=what.pattern_type,
        valid_from=case.opened_at,
        valid_until=max(until, datetime.fromisoformat(case.opened_at) + timedelta(days=1)),
        revoked=case.retracted,
        **fields,
    )


def _places(
    stix2: Any, common: _Common, case: Shared, campaigns: Sequence[Any], fields: dict[str, Any]
) -> Iterator[Any]:
    """The address ranges as infrastructure of the campaigns."""
    if not case.ranges:
        return
    place = stix2.Infrastructure(
        id=common.id("infrastructure", case.case_id),
        name="Address ranges that accounts of a flagged group share",
        infrastructure_types=["unknown"],
        revoked=case.retracted,
        **fields,
    )
    yield place
    for network in case.ranges:
        made = stix2.IPv6Address if _kind(network) == "ipv6-addr" else stix2.IPv4Address
        address = made(value=network, object_marking_refs=[common.marking])
        yield address
        yield _relation(stix2, common, place, "consists-of", address, fields)
    for campaign in campaigns:
        yield _relation(stix2, common, campaign, "uses", place, fields)


def _kind(network: str) -> str:
    return "ipv6-addr" if ":" in network else "ipv4-addr"


def _relation(stix2: Any, common: _Common, source: Any, how: str, target: Any, fields: dict[str, Any]) -> Any:
    name = f"{source.id} {how} {target.id}"
    return stix2.Relationship(
        id=common.id("relationship", name), source_ref=source.id, relationship_type=how, target_ref=target.id, **fields
    )


def _cover(stix2: Any, common: _Common, case: Shared, told: Sequence[Any], fields: dict[str, Any]) -> Any:
    refs = [thing.id for thing in told]
    text = {"name": f"Case {case.case_id}", "description": case.summary, "object_refs": refs, "revoked": case.retracted}
    if not case.closed:
        return stix2.Grouping(id=common.id("grouping", case.case_id), context="suspicious-activity", **text, **fields)
    return stix2.Report(
        id=common.id("report", case.case_id), report_types=["campaign"], published=case.changed_at, **text, **fields
    )


def _tlp(stix2: Any, level: str) -> Any:
    marking = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{LEVELS[level]}",
        "created": _TLP_CREATED,
        "name": f"TLP:{level.upper()}",
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": level}},
    }
    return stix2.parse(marking, allow_custom=True)


def _library() -> Any:
    try:
        from stix2 import v21
    except ImportError:
        raise ConfigurationError("STIX needs the package stix2: pip install 'stillwatch[share]'") from None
    return _Both(v21)


class _Both:
    """The version's classes and the parser under one name."""

    def __init__(self, classes: Any) -> None:
        import stix2

        self._classes, self.parse = classes, stix2.parse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classes, name)
