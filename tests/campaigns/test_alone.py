"""A busy account at the end of a scan: listed where it is conspicuous, with its one gate and what kept it back."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.alone import campaign_alone, stand_alone
from stillwatch.campaigns.singles import Verdict
from stillwatch.campaigns.sums import Sums
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.single import NAMES, SingleProfile, load
from stillwatch.model.frame import Codebook

KEY = b"k" * 32


def verdict(account: int, p: float, alarmed_us: int | None = None) -> Verdict:
    sums = Sums(10, 20, texts=1200, output_tokens=7, examples=["e-1", "e-2"])
    profile = SingleProfile(np.ones(len(NAMES)))
    return Verdict(account, 15, 1000, profile, 1.0, p, 1_000, sums, alpha=MOST_ALPHA, alarmed_us=alarmed_us)


def books() -> Codebook:
    found = Codebook()
    for name in ("a", "tenant\x1fb", "c", "d"):
        found.code(name)
    return found


def test_only_the_conspicuous_are_listed_alarms_first() -> None:
    found = {v.account: v for v in (verdict(0, 0.05), verdict(1, 0.0005, 30), verdict(2, 0.5), verdict(3, 0.02))}
    listed = stand_alone(found, found, books(), KEY)
    assert [(x.account, x.state) for x in listed] == [("tenant\x1fb", "alarmed"), ("d", "watched"), ("a", "watched")]
    assert len({x.campaign_id for x in listed}) == 3


def test_an_alarm_of_the_open_epoch_alone_is_provisional() -> None:
    (listed,) = stand_alone({0: verdict(0, 0.0005)}, {0: verdict(0, 0.0005, 30)}, books(), KEY)
    assert listed.state == "provisional"


@pytest.mark.parametrize("p", [0.0005, 0.05])
def test_the_entry_has_the_contract_s_fields_and_no_first_gate(p: float) -> None:
    found = {1: verdict(1, p, 30 if p < MOST_ALPHA else None)}
    (listed,) = stand_alone(found, found, books(), KEY)
    entry = campaign_alone(listed, load(), {"e-1": "shown"})
    assert (entry["kind"], entry["log10_e_independence"], entry["p_cohort"]) == ("single", None, p)
    (account,) = entry["accounts"]
    assert (account["account_id"], account["tenant_id"], account["exchanges"]) == ("b", "tenant", 1200)
    assert (account["named_at"] is not None) == (entry["why_not_alarmed"] is None) == (p < MOST_ALPHA)
    assert entry["examples"] == [{"event_id": "e-1", "redacted": "shown"}]
    assert len(entry["evidence"]) == 8
    assert all(e["null"] == "cohort" and "could_be" in e for e in entry["evidence"])


def test_more_budget_is_not_promised_where_the_level_cannot_rise() -> None:
    found = {0: verdict(0, 0.05)}
    (listed,) = stand_alone(found, found, books(), KEY)
    assert "more budget" not in campaign_alone(listed, load(), {})["why_not_alarmed"]
    found[0].alpha = MOST_ALPHA / 2
    assert "more budget" in campaign_alone(listed, load(), {})["why_not_alarmed"]
