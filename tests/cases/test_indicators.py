"""Items towards an attribution: counts that stand in the exhibits, marked for what they are."""

from __future__ import annotations

from stillwatch.cases.indicators import busy_hours, linked


def test_links_are_counted_by_kind_and_accounts() -> None:
    links = [
        {"kind": "payment", "account_a": "a", "account_b": "b"},
        {"kind": "payment", "account_a": "b", "account_b": "c"},
        {"kind": "onset", "account_a": "a", "account_b": "d"},
        {"kind": "astrology", "account_a": "a", "account_b": "d"},
    ]
    found = {item.kind: (item.basis, item.accounts, item.of) for item in linked(links, 9)}
    assert found == {
        "payment": ("observed", 3, 9),
        "onset": ("inferred", 2, 9),
        "astrology": ("inferred", 2, 9),  # what this version does not know is never called observed
    }


def test_the_busiest_hours_may_pass_midnight() -> None:
    by_hour = [0] * 24
    by_hour[22] = by_hour[3] = 45
    by_hour[12] = 10
    found = busy_hours(by_hour, 4)
    assert found is not None and found.basis == "inferred"
    assert "90% of the requests come between 20:00 and 04:00 UTC" in found.text
    assert busy_hours([0] * 24, 4) is None


def test_an_even_day_says_so() -> None:
    found = busy_hours([5] * 24, 4)
    assert found is not None and "33% of the requests" in found.text and "it would be 33%" in found.text
