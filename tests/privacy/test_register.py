"""A register that is wrong is refused with every mistake, each with its line; what is open is no mistake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stillwatch.errors import ConfigurationError
from stillwatch.privacy.checks import contradictions
from stillwatch.privacy.register import MOST_BYTES, load_register
from tests.privacy.registers import EXAMPLE, line_of, mistakes, register, running, written


def test_the_example_is_whole_and_agrees_with_a_default_installation() -> None:
    found = load_register(EXAMPLE)
    assert contradictions(found, running()) == []
    assert found.one("organisation").text("country") == "DE"
    assert found.many("notices")[0].day("date") == date(2026, 2, 2)
    assert found.one("retention").days("facts") == 90
    assert found.one("training").flag("used") is False


def test_a_value_names_its_line() -> None:
    row = load_register(EXAMPLE).one("retention")
    assert row.where("facts") == f"register.toml line {line_of(EXAMPLE, 'facts = 90')}"
    assert row.where("nothing") == f"register.toml line {line_of(EXAMPLE, '[retention]')}"
    assert load_register(EXAMPLE).one("transfers").where() == "register.toml (no [transfers])"


def test_every_mistake_is_listed_with_its_line(tmp_path: Path) -> None:
    changes = (
        ('schema = "stillwatch.register/1"', 'schema = "stillwatch.register/9"'),
        ('country = "DE"\n\n[dpo]', 'country = "Germany"\n\n[dpo]'),
        ("[dpo]\nname", "[dpo]\nnmae"),
        ('legal_basis = "legitimate_interests"', 'legal_basis = "because"'),
        ('activities = ["detection", "examples"]', 'activities = ["detection", "detection"]'),
        ("facts = 90", "facts = true"),
        ("rejects = 30", "rejects = -1"),
        ('measures = ["access by role', 'measures = [1, "access by role'),
        ("[scraping]\nused = false", '[scraping]\nused = "no"'),
        ("date = 2026-02-02", "date = 2026-02-02T10:00:00Z"),
        ("[impact_assessment]", "[impact_assesment]"),
    )
    found = mistakes(tmp_path, *changes)
    path = tmp_path / "register.toml"
    wanted = {
        "schema": line_of(path, "register/9"),
        "did you mean impact_assessment?": line_of(path, "[impact_assesment]"),
        "organisation.country": line_of(path, "Germany"),
        "did you mean name?": line_of(path, "nmae"),
        "dpo lacks name": line_of(path, "[dpo]"),
        "purposes.legal_basis = 'because': must be one of consent": line_of(path, "because"),
        "purposes.activities": line_of(path, "activities ="),
        "retention.facts = True": line_of(path, "facts = true"),
        "retention.rejects = -1: must be a whole number of days": line_of(path, "rejects = -1"),
        "security.measures": line_of(path, "measures ="),
        "scraping.used = 'no': must be true or false": line_of(path, 'used = "no"'),
        "notices.date": line_of(path, "T10:00"),
    }
    assert len(found) == len(wanted)
    for words, line in wanted.items():
        assert any(m.startswith(f"register.toml line {line}: ") and words in m for m in found), (words, line, found)


def test_missing_sections_are_named_and_optional_ones_are_not_missed(tmp_path: Path) -> None:
    (tmp_path / "register.toml").write_text('schema = "stillwatch.register/1"\n')
    with pytest.raises(ConfigurationError) as refused:
        load_register(tmp_path / "register.toml")
    missing = {m.split("section ")[1].split(" ")[0] for m in refused.value.mistakes}
    assert missing == {
        *("organisation", "purposes", "sources", "storage", "retention", "security", "training", "scraping")
    }


def test_a_table_in_the_wrong_form_is_told_the_right_one(tmp_path: Path) -> None:
    found = mistakes(tmp_path, ("[[sources]]", "[sources]"), ("[security]", "[[security]]"))
    assert any("sources must be written [[sources]]" in m for m in found)
    assert any("security must be written [security]" in m for m in found)


def test_what_is_open_is_no_mistake_and_reads_as_absent(tmp_path: Path) -> None:
    found = register(
        tmp_path,
        ('legal_basis = "legitimate_interests"', 'legal_basis = ""'),
        (
            'measures = ["access by role, reviewed each quarter", "disks encrypted", "log of every erasure"]',
            "measures = []",
        ),
        ("[training]\nused = false", '[training]\nused = ""'),
        ("facts = 90", 'facts = ""'),
        ("date = 2026-02-02", 'date = ""'),
    )
    assert found.many("purposes")[0].text("legal_basis") == ""
    assert found.one("security").texts("measures") == ()
    assert found.one("training").flag("used") is None
    assert found.one("retention").days("facts") is None
    assert found.many("notices")[0].day("date") is None


def test_a_file_of_a_notice_is_looked_for_beside_the_register(tmp_path: Path) -> None:
    assert "no such file" in mistakes(tmp_path, ('text = ""', 'file = "notice.txt"'))[0]
    (tmp_path / "notice.txt").write_text("We read logs.")
    assert register(tmp_path, ('text = ""', 'file = "notice.txt"')).many("notices")[0].text("file") == "notice.txt"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"a = ", "cannot be read as TOML"),
        (b"\xff\xfe", "cannot be read as TOML"),
        (b"a = 1\na = 2\n", "cannot be read as TOML"),
        (b"x = " + b"[" * 2000, "cannot be read as TOML"),
        (b"#" * (MOST_BYTES + 1), "is not read"),
    ],
    ids=["cut", "no text", "twice", "deep", "large"],
)
def test_a_broken_file_is_one_mistake_that_names_it(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "register.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigurationError, match=says) as refused:
        load_register(path)
    assert str(path) in str(refused.value)


def test_a_register_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_register(tmp_path / "none.toml")
    assert written(tmp_path).exists()
