"""``stillwatch derive`` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended

Cli = Callable[..., Ended]


def test_keys_are_drawn_committed_and_listed(cli: Cli, home: Path) -> None:
    drawn = json.loads(cli("derive", "keys", "new", "--group", "c-1", "--json").out)
    assert drawn["state"] == "drawn"
    assert "not committed" in cli("derive", "keys", "list").out
    assert cli("derive", "keys", "commit", drawn["key_id"]).code == 0
    listed = json.loads(cli("derive", "keys", "list", "--json").out)
    assert [key["state"] for key in listed["keys"]] == ["current"]
    assert len(listed["journal_head"]) == 64
    assert (home / "derive" / "journal.jsonl").is_file()


def test_the_unlock_file_may_lie_elsewhere(cli: Cli, home: Path, tmp_path: Path) -> None:
    unlock = tmp_path / "unlock"
    assert cli("derive", "keys", "new", "--unlock", str(unlock), "--commit").code == 0
    assert unlock.is_file()
    assert not (home / "derive" / "unlock.key").exists()
    assert cli("derive", "keys", "new").code == 4  # there are keys, and their unlock file is not where it is looked for


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "commit", "k-none"),
        ("keys", "new", "--mark", "other"),
        ("keys", "new", "--group", "a b"),
        ("test", "--suspect", "x", "--key", "nobody", "--out", "o"),
        ("plan", "--mix", "2"),
        ("plan", "--mix", "0.1", "--alpha", "0"),
        ("plan", "--mix", "0.1", "--power", "1"),
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli("derive", *words).code == 2


def test_a_test_from_keys_to_verdict(cli: Cli, tmp_path: Path) -> None:
    assert cli("derive", "keys", "new", "--commit").code == 0
    suspect = tmp_path / "s.jsonl"
    places = [f"w{n} do not w{n} usually" for n in range(300)]
    suspect.write_text("".join(json.dumps({"text": text}) + "\n" for text in places) + "{\n")
    arguments = ("--suspect", str(suspect), "--key", "everyone", "--decoys", "999", "--alpha", "0.01")
    dry = cli("derive", "test", *arguments, "--out", str(tmp_path / "out"), "--dry-run")
    assert json.loads(dry.out)["protocol"]["decoys"]["number"] == 999
    assert not (tmp_path / "out").exists()
    ended = cli("derive", "test", *arguments, "--out", str(tmp_path / "out"), "--json")
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(ended.out)
    assert document == json.loads((tmp_path / "out" / "verdict.json").read_text())
    assert document["suspect"]["rejected"] == 1
    told = cli("derive", "test", *arguments, "--out", str(tmp_path / "out")).out
    assert told.startswith("Verdict: ")
    assert told.count("Limit: ") == len(document["limits"])


def test_a_suspect_that_cannot_be_read_ends_with_3(cli: Cli, tmp_path: Path) -> None:
    cli("derive", "keys", "new", "--commit")
    absent = str(tmp_path / "absent")
    ended = cli("derive", "test", "--suspect", absent, "--key", "everyone", "--out", str(tmp_path / "out"))
    assert ended.code == 3


def test_the_plan_says_how_much_and_when_it_is_hopeless(cli: Cli) -> None:
    told = cli("derive", "plan", "--mix", "0.05", "--excess", "0.5").out
    assert "10,9" in told
    assert "Hopeless" not in told
    assert "Hopeless" in cli("derive", "plan", "--mix", "0.01", "--mark", "forms", "--tokens", "500").out
    nothing = cli("derive", "plan", "--mix", "0").out
    assert "nothing of the mark would reach" in nothing and "Needs" not in nothing
    document = json.loads(cli("derive", "plan", "--mix", "0.05", "--excess", "0.5", "--json").out)
    assert document["plan"]["least_decoys"] == 999_999


def test_an_endpoint_needs_its_prompts_and_is_tested_alone(cli: Cli, tmp_path: Path) -> None:
    cli("derive", "keys", "new", "--commit")
    arguments = ("--key", "everyone", "--out", str(tmp_path / "out"), "--model", "m", "--dry-run")
    url = "https://suspect.example/v1"
    assert "--prompts" in cli("derive", "test", "--suspect", url, *arguments).err
    assert cli("derive", "test", "--suspect", url, "--suspect", "file", *arguments).code == 2
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"prompt": "Tell me about rivers."}\n')
    declared = json.loads(cli("derive", "test", "--suspect", url, *arguments, "--prompts", str(prompts)).out)
    assert declared["protocol"]["suspect"].startswith(f"{url} model m, 1 prompts (SHA-256 ")
    prompts.write_text("{}\n")
    assert cli("derive", "test", "--suspect", url, *arguments, "--prompts", str(prompts)).code == 3


def test_agreement_is_told_as_supporting_and_stands_so_in_the_report(cli: Cli, tmp_path: Path) -> None:
    for name in ("ours", "suspect", "peer"):
        rows = [{"prompt": f"p{n}", "text": f"{name} do not know {n} usually so {name}"} for n in range(30)]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = [word for option in ("ours", "suspect", "peer") for word in (f"--{option}", str(tmp_path / option))]
    out = tmp_path / "agreement.json"
    told = cli("derive", "agree", *names, "--out", str(out)).out
    assert "supporting evidence only" in told.splitlines()[0]
    cli("derive", "keys", "new", "--commit")
    arguments = ("--key", "everyone", "--suspect", str(tmp_path / "suspect"), "--decoys", "99", "--alpha", "0.1")
    ended = cli("derive", "test", *arguments, "--out", str(tmp_path / "v"), "--agreement", str(out), "--json")
    assert json.loads(ended.out)["supporting"] == json.loads(out.read_text())
    assert "Agreement with other models" in (tmp_path / "v" / "report.html").read_text()
    assert (
        cli("derive", "test", *arguments, "--out", str(tmp_path / "v"), "--agreement", str(tmp_path / "ours")).code == 3
    )


@pytest.mark.parametrize(("mark", "algorithm"), [("gumbel1", "gumbel"), ("gumbel1x2", "dual_key_gumbel")])
def test_vllms_own_marks_get_their_key_in_a_private_file_and_nowhere_else(
    cli: Cli, tmp_path: Path, mark: str, algorithm: str
) -> None:
    key = json.loads(cli("derive", "keys", "new", "--mark", mark, "--commit", "--json").out)["key_id"]
    out = tmp_path / "mark.yaml"
    ended = cli("derive", "keys", "vllm", key, "--out", str(out))
    assert (ended.code, ended.out) == (0, "")
    assert out.stat().st_mode & 0o777 == 0o600
    given = json.loads(out.read_text())["watermark-config"]
    assert given["algorithm"] == algorithm
    assert str(given["key"]) not in cli("derive", "keys", "list", "--json").out
    other = json.loads(cli("derive", "keys", "new", "--commit", "--json").out)["key_id"]
    assert cli("derive", "keys", "vllm", other, "--out", str(out)).code == 2
