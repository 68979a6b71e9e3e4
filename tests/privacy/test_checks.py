"""A contradiction names both sides: the register's line, and what the product does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stillwatch.config.schema import Settings
from stillwatch.privacy.checks import overdue
from stillwatch.privacy.running import RunSeen, Target
from tests.privacy.registers import against, register

_PUBLIC = ('origin = "person"', 'origin = "public"')
_US_STORAGE = ('folder = "/srv/stillwatch"\ncountry = "DE"', 'folder = "/srv/stillwatch"\ncountry = "US"')


@pytest.mark.parametrize(
    ("changes", "extra", "product", "both"),
    [
        (
            [("examples = 14", "examples = 30")],
            "",
            {},
            ("line 43", "30 days", "after 14", "examples_days = 14 (default)"),
        ),
        (
            [],
            "",
            {"settings": Settings(examples_per_group=0), "origins": {"examples_per_group": "flag --set"}},
            ("line 16", "claims examples", "examples_per_group = 0 (flag --set)"),
        ),
        ([], "", {"mark_keys": 2}, ("line 16", "derivation", "holds 2 keys of marks")),
        ([('activities = ["detection", "examples"]', 'activities = ["examples"]')], "", {}, ("line 16", "detection")),
        ([], "", {"cases": 3}, ("line 16", "no purpose covers cases", "hold 3 cases")),
        (
            [('"detection", "examples"', '"detection", "examples", "derivation"')],
            "",
            {},
            ("derivation", "no keys of marks"),
        ),
        ([('adapter = "litellm"', 'adapter = "litelm"')], "", {}, ("line 23", "did you mean litellm?")),
        ([], "", {"stores": (Path("/elsewhere/run"),)}, ("line 26", "no storage covers /elsewhere/run")),
        (
            [],
            "",
            {"targets": (Target("siem", "siem.example", "/srv/cases/delivery.toml"),)},
            ("line 36", "no recipient has target siem", "sends to siem.example", "/srv/cases/delivery.toml"),
        ),
        (
            [('why = "advises on cases"', 'why = "advises on cases"\ntargets = ["siem", "desk"]')],
            "",
            {"targets": (Target("siem", "siem.example", "delivery.toml"),)},
            ("line 40", "has target desk", "the product has", "siem"),
        ),
        ([_US_STORAGE], "", {}, ("line 33", "storage in US", "no [[transfers]]")),
        (
            [],
            '\n[[transfers]]\ncountry = "IT"\nsafeguard = "none"\nreference = ""\n',
            {},
            ("transfer to IT", "in the EEA"),
        ),
        (
            [],
            '\n[[transfers]]\ncountry = "US"\nsafeguard = "adequacy"\nreference = "x"\n',
            {},
            ("transfer to US", "no storage and no recipient"),
        ),
        (
            [("used = false\n\n[scraping]", "used = true\ncase_evidence = true\n\n[scraping]")],
            "",
            {},
            ("the product never",),
        ),
        (
            [("used = false\n\n[scraping]", 'used = false\nhow = "x"\n\n[scraping]')],
            "",
            {},
            ("says what trains a model", "says that nothing does"),
        ),
        ([_PUBLIC], "", {}, ("a source is public", "nothing was scraped")),
        ([("[scraping]\nused = false", "[scraping]\nused = true")], "", {}, ("data were scraped", "no source")),
        (
            [('balancing_test = "balancing-test-2026-02, file room 3"\n', "")],
            "",
            {},
            ("needs balancing_test", "line 18"),
        ),
        ([('"legitimate_interests"', '"contract"')], "", {}, ("line 19", "line 18 says contract")),
        ([('text = ""', 'text = "t"\nfile = "register.toml"')], "", {}, ("one text",)),
        ([], '\n[data]\ncategories = ["account"]\n', {}, ("category finding is not listed", "campaign_id")),
        ([], '\n[data]\ncategories = ["acount"]\n', {}, ("did you mean account?",)),
        (
            [],
            '\n[[holds]]\ncase = "k"\nreason = ""\nsince = 2026-02-01\nreview = 2026-01-01\n',
            {},
            ("is before", "neither accounts nor campaigns"),
        ),
    ],
)
def test_both_sides_are_named(
    tmp_path: Path,
    changes: list[tuple[str, str]],
    extra: str,
    product: dict[str, object],
    both: tuple[str, ...],
) -> None:
    found = against(tmp_path, *changes, extra=extra, **product)
    assert found
    assert all(words in "\n".join(found) for words in both), found
    assert all("register.toml line" in sentence for sentence in found)


def test_what_is_open_contradicts_nothing(tmp_path: Path) -> None:
    changes = (
        ("examples = 14", 'examples = ""'),
        ('activities = ["detection", "examples"]', "activities = []"),
        ('folder = "/srv/stillwatch"', 'folder = ""'),
        ('legal_basis = "legitimate_interests"', 'legal_basis = ""'),
        ('balancing_test = "balancing-test-2026-02, file room 3"\n', ""),
        ('adapter = "litellm"', 'adapter = ""'),
    )
    assert against(tmp_path, *changes, stores=(Path("/elsewhere"),)) == []


def test_examples_that_are_still_there_need_a_purpose(tmp_path: Path) -> None:
    run = RunSeen(Path("/srv/stillwatch/run"), {}, 1, 1, 3, datetime(2026, 3, 1, tzinfo=UTC))
    off = Settings(examples_per_group=0)
    only = [('activities = ["detection", "examples"]', 'activities = ["detection"]')]
    assert against(tmp_path, *only, settings=off) == []
    assert "no purpose covers examples" in against(tmp_path, *only, settings=off, runs=(run,))[0]


def test_a_hold_is_overdue_the_day_after_its_review(tmp_path: Path) -> None:
    hold = '\n[[holds]]\ncase = "k-1"\nreason = "r"\nsince = 2026-01-01\nreview = 2026-03-31\naccounts = ["a"]\n'
    found = register(tmp_path, extra=hold)
    assert overdue(found, date(2026, 3, 31)) == []
    assert "k-1" in overdue(found, date(2026, 4, 1))[0]
