"""The example log is what its script makes, and a scan of it shows what its page promises."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.app.examples import MOST_TOGETHER, broken, shown
from tests.app.scans import END, Workplace

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_files_are_those_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("make_examples", EXAMPLES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    for name in ("exchanges.jsonl.gz", "accounts.csv"):
        assert _content(tmp_path / name) == _content(EXAMPLES / name), f"{name}: run 'python examples/make.py'"


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data  # what gzip makes depends on its version


def test_a_scan_of_them_names_the_planted_accounts(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workplace, "register", EXAMPLES / "accounts.csv")
    run = place.scan([EXAMPLES / "exchanges.jsonl.gz"], until=END)
    document = json.loads((run / "campaigns.json").read_bytes())
    assert [(c["state"], len(c["accounts"])) for c in document["campaigns"]] == [("alarmed", 20)]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(" <>….@/0a"), max_size=400))
@settings(deadline=None, max_examples=60)
def test_nothing_longer_than_twenty_characters_of_a_prompt_is_shown(prompt: str) -> None:
    text = shown(prompt)
    stretches = [text[i : i + MOST_TOGETHER + 1] for i in range(len(text) - MOST_TOGETHER)]
    assert not [stretch for stretch in stretches if stretch in prompt]
    assert broken(text) == text


def test_an_example_still_tells_what_it_was_about() -> None:
    prompt = "Explain how to bake sourdough bread step by step; write to jo@mail.example before noon."
    assert shown(prompt) == "Explain how to bake … step by … write to <email> before noon."
