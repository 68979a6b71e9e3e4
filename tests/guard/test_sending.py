"""Rules, messages, counts: what a register of destinations makes of findings, and what is told afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillwatch.app.guard import ledger
from stillwatch.app.guard.note import works_council_note
from stillwatch.app.guard.sending import Sending, restore, send
from stillwatch.errors import ConfigurationError
from stillwatch.guard.counting import REST, Team, closed, pseudonym
from stillwatch.guard.deciding import decide
from stillwatch.guard.destinations import STATEMENTS, load_destinations
from stillwatch.guard.finding import Finding
from tests.cli.conftest import Ended, cli  # noqa: F401 - a fixture

NOW = datetime(2026, 5, 20, tzinfo=UTC)
LATER = datetime(2026, 6, 2, tzinfo=UTC)


def _found(*kinds: str) -> list[Finding]:
    return [Finding(kind, kind, 10 * k, 10 * k + 5) for k, kind in enumerate(kinds)]


def _decision(to: str, *kinds: str) -> tuple[str, bool, bool]:
    register = load_destinations()
    found = decide(_found(*kinds), register.named(to), register)
    return found.action, found.goes_out(), found.goes_out(insisted=True)


@pytest.mark.parametrize(
    ("to", "kinds", "what"),
    [
        ("example-assistant", (), ("allow", True, True)),
        ("example-assistant", ("email",), ("redact", True, True)),
        ("example-assistant", ("email", "code"), ("coach", False, True)),
        ("example-assistant", ("code", "iban"), ("block", False, False)),
        ("api.contracted.example", ("iban", "code"), ("redact", True, True)),
        ("eu.api.contracted.example", ("secret",), ("block", False, False)),
    ],
)
def test_the_first_rule_that_speaks_decides_and_the_strictest_action_wins(
    to: str, kinds: tuple[str, ...], what: tuple[str, bool, bool]
) -> None:
    assert _decision(to, *kinds) == what


def test_a_message_quotes_the_term_with_source_and_day_and_shows_nothing_found() -> None:
    register = load_destinations()
    entry = register.named("example-assistant")
    message = decide(_found("code"), entry, register).message
    assert entry.statements["trains_on"] in message and entry.source in message and "2026-01-15" in message
    assert "source code" in message and "example" in message


def test_shipped_entries_are_marked_as_examples() -> None:
    entries = load_destinations().entries.values()
    assert all(entry.example and entry.name.startswith("example-") for entry in entries)
    assert all(host.endswith(".example") for entry in entries for host in entry.hosts)


def test_every_mistake_of_a_register_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_text(
        'schema = "x"\nmore = 1\n[[destinations]]\nname = "a"\nread_on = "today"\nsells = "all"\n'
        '[[rules]]\naction = "beg"\nkinds = ["souls"]\n[[rules]]\naction = "coach"\n'
    )
    with pytest.raises(ConfigurationError) as raised:
        load_destinations(path)
    text = "\n".join(raised.value.mistakes)
    for part in ("schema", "more", "source", "read_on", "sells", "beg", "souls", "coaches"):
        assert any(part in mistake or mistake.count("one of") for mistake in raised.value.mistakes), text
    assert len(raised.value.mistakes) == 8 and STATEMENTS[0] == "collects"


def _team(people: int, count: int) -> Team:
    counts = Counter({("code", "x", "coached"): count})
    return Team({f"{n}-{count}" for n in range(people)}, counts)


def test_small_teams_are_put_together_and_a_small_rest_is_left_out() -> None:
    lines = closed({"large": _team(12, 47), "small": _team(6, 8), "tiny": _team(5, 4)})
    assert [(line.group, line.at_least) for line in lines] == [("large", 40), (REST, 10)]
    assert [line.group for line in closed({"large": _team(12, 47), "small": _team(9, 80)})] == ["large"]


def test_people_cannot_be_followed_from_month_to_month() -> None:
    key = bytes(32)
    assert pseudonym(key, "2026-05", "ann") == pseudonym(key, "2026-05", "ann") != pseudonym(key, "2026-06", "ann")


def test_a_month_is_published_once_and_forgets_whom_it_counted(home: Path) -> None:
    for number in range(11):
        ledger.count(home, NOW, "sales", f"person {number}", [("code", "x", "coached")])
    assert ledger.about(home, "person 3")["recorded"] == [{"month": "2026-05", "team": "sales"}]
    assert ledger.about(home, "person 30")["recorded"] == []
    with pytest.raises(ConfigurationError, match="not over"):
        ledger.report(home, NOW, "2026-05")
    first = ledger.report(home, LATER, "2026-05")
    assert [(line["group"], line["at_least"]) for line in first["lines"]] == [("sales", 10)]
    assert ledger.report(home, LATER, "2026-05") == first
    raw = (home / "guard" / "counts" / "2026-05.json").read_text()
    assert "people" not in raw and ledger.about(home, "person 3")["recorded"] == []
    assert "person" not in raw


def test_what_goes_out_is_redacted_and_the_answer_restored(home: Path, tmp_path: Path) -> None:
    text = tmp_path / "mail.txt"
    text.write_text("Dear jo@firm.example,\nhello.\n")
    out, marks = tmp_path / "out.txt", tmp_path / "marks.json"
    asked = Sending(str(text), "example-assistant", out=out, marks=marks, team="sales", person="ann")
    sent = send(home, NOW, asked)
    assert sent.goes_out and sent.decision.action == "redact" and "jo@" not in out.read_text()
    assert restore(str(out), marks) == text.read_text()
    assert marks.stat().st_mode & 0o777 == 0o600
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file() and "kernels" not in path.parts]
    assert kept and not any(b"firm" in raw or b"ann" in raw for raw in kept)


def test_the_verbs_end_as_they_say(cli: Callable[..., Ended], tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "a.txt"
    path.write_text("to DE89 3704 0044 0532 0130 00\n")
    checked = cli("guard", "check", str(path), "--json", "--fail-on", "finding")
    (finding,) = json.loads(checked.out)["inputs"][0]["findings"]
    assert checked.code == 10 and finding["kind"] == "iban" and (finding["line"], finding["column"]) == (1, 4)
    assert "DE89" not in checked.out
    blocked = cli("guard", "send", str(path), "--to", "example-assistant")
    assert blocked.code == 10 and "block" in blocked.out and "DE89" not in blocked.out
    assert cli("guard", "send", str(path), "--to", "nowhere").code == 2
    assert cli("guard", "check", str(tmp_path / "none.txt")).code == 3
    assert cli("guard", "about-me", "--person", "ann").code == 0
    assert cli("guard", "report", "2020-01").code == 0 and cli("guard", "report", "2020-13").code == 2


def test_the_note_for_the_works_council_says_what_the_register_does_and_leaves_open_what_only_people_know() -> None:
    note = works_council_note(None, NOW)
    said = json.dumps(note)
    assert "example-assistant" in said and "source code: coach" in said and "at least 10 people" in said
    assert note["open"][0]["label"] == "Purpose" and len(note["open"]) == 4


def test_the_note_is_a_page_too(home: Path, cli: Callable[..., Ended], tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "note.html"
    assert cli("guard", "note", "--out", str(out)).code == 0
    assert "works council" in out.read_text()
