"""A derivation test from files to verdict: declared before it reads, the same bytes again, hostile text harmless."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.app.derive_keys import KeyPlace, commit_key, list_keys, new_key
from stillwatch.app.derive_test import TestRequest, declare_only, derive_test
from stillwatch.derive.collect import Source
from stillwatch.derive.counting import count_answers
from stillwatch.derive.keys import open_store, random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.marks.green import green_list
from stillwatch.derive.marks.mark import LEAST_OBSERVATIONS
from stillwatch.derive.marks.phrases import PAIRS
from stillwatch.derive.observations import Answer, Passage
from stillwatch.errors import ConfigurationError, InputError, StoreError
from tests.derive.endpoint import serving

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ALPHA, DECOYS = 1e-4, 19_999
"""Keys are drawn by chance, so a test of an innocent one fails once in so many runs."""
HOSTILE = "</script><script>alert(1)</script>\x1b[2J\u202e{{ 7*7 }}"


def _texts(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    words = [
        a + b for a in ["ba", "co", "de", "fi", "gu", "lo", "ma", "ne"] for b in ["r", "s", "nt", "ll", "sk", "p", "m"]
    ]
    bases = [first for family, first, _ in PAIRS if family in ("negated", "word")]
    return [
        " ".join(f"{rng.choice(words)} {rng.choice(bases)} {rng.choice(words)} so." for _ in range(20))
        for _ in range(count)
    ]


def _write(path: Path, texts: list[str], prompt: str = "") -> str:
    path.write_text("".join(json.dumps({"prompt": prompt, "text": text}) + "\n" for text in texts))
    return str(path)


@pytest.fixture
def keys(home: Path) -> tuple[str, str]:
    place = KeyPlace(home)
    one, two = (new_key(place, group, "forms", NOW, commit=True)["key_id"] for group in ("c-1", "c-2"))
    return one, two


@pytest.fixture
def ask(home: Path, tmp_path: Path, keys: tuple[str, str]) -> Any:
    def request(suspect: str, **changes: Any) -> TestRequest:
        usual: dict[str, Any] = {"keys": keys, "alpha": ALPHA, "decoys": DECOYS, "out": tmp_path / "out", "home": home}
        return TestRequest(suspect=(suspect,), now=NOW, **(usual | changes))

    return request


def _marked(home: Path, key_id: str, texts: list[str], share: float) -> list[str]:
    words = open_store(home).open_key(key_id).words
    return [mark_text(words, text) if n < share * len(texts) else text for n, text in enumerate(texts)]


def _plain(count: int, seed: int = 0) -> list[str]:
    """Text as many hands would write it: each under a key of its own."""
    others = random_words(np.random.default_rng(seed + 100), count)
    return [mark_text(words, text) for words, text in zip(others, _texts(count, seed), strict=True)]


def test_text_that_carries_a_key_names_its_group(home: Path, tmp_path: Path, keys: tuple[str, str], ask: Any) -> None:
    suspect = _write(tmp_path / "s.jsonl", _marked(home, keys[1], _plain(60), 0.5))
    control = _write(tmp_path / "c.jsonl", _plain(60, 1))
    document = derive_test(ask(suspect, controls=(control,)))
    assert document["verdict"]["word"] == "supports"
    assert document["verdict"]["keys"] == [keys[1]]
    assert "served only to c-2; how it got there is not tested" in document["verdict"]["sentences"][0]
    # The spoof control: our text under a decoy fits that decoy and no tested key.
    spoof = [check for check in document["checks"] if check["what"] == "the spoof control"]
    assert document["spoof_control"]["z_under_its_decoy"] > 8
    assert len(spoof) == 2
    assert min(check["p"] for check in spoof) > 1e-4  # 5e-5 is the least there is


@pytest.mark.parametrize("mark", ["best", "green1"])
def test_the_spoof_control_of_what_cannot_be_marked_afterwards_is_chosen(
    home: Path, tmp_path: Path, ask: Any, mark: str
) -> None:
    key = new_key(KeyPlace(home), "c-3", mark, NOW, commit=True)["key_id"]
    drawn = np.random.default_rng(4).integers(0, 3000, (2, 160, 30)).tolist()
    rows = ["".join(_row(tokens) for tokens in answers) for answers in drawn]
    names = [tmp_path / "s.jsonl", tmp_path / "c.jsonl"]
    for name, row in zip(names, rows, strict=True):
        name.write_text(row)
    document = derive_test(ask(str(names[0]), keys=(key,), controls=(str(names[1]),)))
    assert document["verdict"]["word"] == "does not support"
    assert document["spoof_control"]["z_under_its_decoy"] > 4  # 20 times the best of eight: about 6.4
    assert [check["what"] for check in document["checks"]][-1] == "the spoof control"


def _row(tokens: list[int]) -> str:
    return json.dumps({"text": " ".join(f"w{token}" for token in tokens), "token_ids": tokens}) + "\n"


def test_unmarked_text_supports_nothing(tmp_path: Path, ask: Any) -> None:
    document = derive_test(ask(_write(tmp_path / "s.jsonl", _plain(60))))
    assert document["verdict"]["word"] == "does not support"
    assert document["verdict"]["keys"] == []


def test_a_control_that_fits_makes_the_test_invalid(
    home: Path, tmp_path: Path, keys: tuple[str, str], ask: Any
) -> None:
    marked = _marked(home, keys[0], _plain(60), 1)
    suspect, control = _write(tmp_path / "s.jsonl", marked), _write(tmp_path / "c.jsonl", marked)
    document = derive_test(ask(suspect, controls=(control,)))
    assert document["verdict"]["word"] == "test invalid"


def test_a_reference_is_declared_weighed_and_must_not_fit_a_key(
    home: Path, tmp_path: Path, keys: tuple[str, str], ask: Any
) -> None:
    suspect, reference = _write(tmp_path / "s.jsonl", _plain(60)), _write(tmp_path / "r.jsonl", _plain(60, 1))
    document = derive_test(ask(suspect, references=(reference,)))
    assert document["protocol"]["references"] == [reference]
    assert "suggested by the references" in document["protocol"]["statistic"]
    assert document["suspect"]["reference"]["used"] is True
    assert {check["what"] for check in document["checks"]} == {f"reference {reference}"}
    assert "Counts depart from the reference by" in (tmp_path / "out" / "report.html").read_text()
    _write(tmp_path / "r.jsonl", _marked(home, keys[0], _plain(60, 1), 1))
    assert derive_test(ask(suspect, references=(reference,)))["verdict"]["word"] == "test invalid"


def test_prompts_that_carry_the_mark_make_the_test_invalid(
    home: Path, tmp_path: Path, keys: tuple[str, str], ask: Any
) -> None:
    prompt = " ".join(_marked(home, keys[0], _texts(40, 7), 1))
    document = derive_test(ask(_write(tmp_path / "s.jsonl", _plain(60), prompt)))
    assert document["verdict"]["word"] == "test invalid"
    assert "the prompts fit" in document["verdict"]["sentences"][0]


def test_the_same_protocol_on_the_same_text_gives_the_same_bytes(tmp_path: Path, ask: Any, home: Path) -> None:
    suspect = _write(tmp_path / "s.jsonl", _plain(60))
    journal = (home / "derive" / "journal.jsonl").read_bytes()
    written = []
    for _ in range(2):
        (home / "derive" / "journal.jsonl").write_bytes(journal)
        derive_test(ask(suspect))
        written.append([(tmp_path / "out" / name).read_bytes() for name in ("verdict.json", "report.html")])
    assert written[0] == written[1]


def test_the_protocol_stands_in_the_journal_before_the_text_is_opened(tmp_path: Path, ask: Any, home: Path) -> None:
    with pytest.raises(InputError):
        derive_test(ask(str(tmp_path / "absent.jsonl")))
    entries = open_store(home).journal.entries()
    assert entries[-1].kind == "protocol-declared"
    document = derive_test(ask(_write(tmp_path / "absent.jsonl", _plain(60))))
    assert document["protocol_hash"] == entries[-1].body["protocol_hash"]  # nothing but the text has changed
    assert document["declared"]["tested_before"] == 0
    assert derive_test(ask(str(tmp_path / "absent.jsonl"), alpha=0.02))["declared"]["tested_before"] == 1
    last = open_store(home).journal.entries()[-1]
    assert (last.kind, last.body["verdict"], last.body["suspect_sha256"]) == (
        "test-ended",
        "does not support",
        document["suspect"]["sha256"],
    )


def test_declaring_alone_reads_and_writes_nothing(tmp_path: Path, ask: Any, home: Path) -> None:
    before = open_store(home).journal.head()
    assert declare_only(ask(str(tmp_path / "absent")))["protocol"]["alpha"] == ALPHA
    assert open_store(home).journal.head() == before


def test_a_group_stands_for_its_committed_keys(tmp_path: Path, ask: Any, home: Path, keys: tuple[str, str]) -> None:
    newer = new_key(KeyPlace(home), "c-1", "forms", NOW, commit=True)["key_id"]
    new_key(KeyPlace(home), "c-1", "forms", NOW, commit=False)
    declared = declare_only(ask("x", keys=("c-1",)))["protocol"]["keys"]
    assert [key["key_id"] for key in declared] == [keys[0], newer]
    with pytest.raises(ConfigurationError, match="c-9"):
        declare_only(ask("x", keys=("c-9",)))


def test_a_changed_journal_stops_everything(tmp_path: Path, ask: Any, home: Path) -> None:
    path = home / "derive" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b"2026-03-04", b"2025-03-04", 1))
    with pytest.raises(StoreError, match="does not hold together at line 1"):
        derive_test(ask(_write(tmp_path / "s.jsonl", _plain(60))))
    assert not (tmp_path / "out").exists()


def test_hostile_text_comes_out_harmless(tmp_path: Path, ask: Any) -> None:
    texts = [HOSTILE + text + HOSTILE for text in _plain(60)]
    name = tmp_path / "<script>alert(2)<\x1b[2J\u202e.jsonl"
    derive_test(ask(_write(name, texts, HOSTILE), controls=(_write(tmp_path / "c.jsonl", texts),)))
    page = (tmp_path / "out" / "report.html").read_text()
    raw = (tmp_path / "out" / "verdict.json").read_bytes()
    assert raw.isascii()
    assert b"\x1b" not in raw
    assert page.count("<script>") == 1  # ours
    assert not any(character in page for character in "\x1b\u202e")
    assert "alert(1)" not in page


def test_the_page_says_the_verdict_and_every_limit_and_asks_nobody(tmp_path: Path, ask: Any) -> None:
    document = derive_test(ask(_write(tmp_path / "s.jsonl", _plain(60))))
    page = (tmp_path / "out" / "report.html").read_text().replace("&#39;", "'")
    assert all(limit in page for limit in document["limits"])
    assert "does not support" in page
    assert "default-src 'none'" in page
    assert "light dark" in page
    assert 'src="' not in page


def test_a_sampler_mark_without_token_ids_is_refused_with_what_to_do(tmp_path: Path, ask: Any, home: Path) -> None:
    key = new_key(KeyPlace(home), "c-3", "green1", NOW, commit=True)["key_id"]
    with pytest.raises(InputError, match="token_ids"):
        derive_test(ask(_write(tmp_path / "s.jsonl", _plain(60)), keys=(key,)))


@pytest.fixture
def endpoint(tmp_path: Path, ask: Any) -> Any:
    """``endpoint(texts, keys=…)`` tests a suspect that answers with these; also how many prompts it was asked."""
    pytest.importorskip("aiohttp")
    prompts = tmp_path / "prompts.jsonl"

    def test(texts: list[str], times: int = 1, **changes: Any) -> tuple[list[dict[str, Any]], int]:
        prompts.write_text("".join(json.dumps({"prompt": f"number {n}"}) + "\n" for n in range(len(texts))))
        with serving() as suspect:
            suspect.reply = lambda body, _: texts[int(body["messages"][0]["content"].split()[1])]
            source = Source(base=suspect.base, model="m", token_budget=10**6, per_minute=10**6)
            request = ask(suspect.base, source=source, prompts=str(prompts), **changes)
            return [derive_test(request) for _ in range(times)], len(suspect.seen)

    return test


def test_a_suspect_behind_an_endpoint_is_asked_each_prompt_once(
    home: Path, keys: tuple[str, str], endpoint: Any
) -> None:
    (first, again), asked = endpoint(_marked(home, keys[0], _plain(60), 0.5), times=2)
    assert asked == 60  # the second run found everything where the first had put it
    assert first["verdict"] == again["verdict"]
    assert first["verdict"]["keys"] == [keys[0]]
    assert "model m, 60 prompts" in first["protocol"]["suspect"]
    assert first["suspect"]["answers"] == 60


def test_asking_ends_when_the_key_got_there_and_places_suffice(
    home: Path, keys: tuple[str, str], endpoint: Any
) -> None:
    """And the result is that of the whole text: what comes after cannot change who got there before."""
    texts = _marked(home, keys[0], _plain(80), 1)
    (document,), asked = endpoint(texts, keys=(keys[0],))
    look, looks = document["results"][0]["ended_at_look"], document["suspect"]["looks"]
    enough = next(n for n, places in enumerate(looks, 1) if places >= LEAST_OBSERVATIONS)
    assert len(looks) == max(look, enough)
    assert asked == 10 * len(looks) < 80
    mark = mark_named("forms")
    counted = count_answers([Answer(Passage(text)) for text in texts], mark, 8)
    words = open_store(home).open_key(keys[0]).words[None]
    decoys = Decoys(int(document["protocol_hash"], 16), DECOYS)
    whole = run(counted.seen, counted.ends, words, decoys, ALPHA, weighed=counted.weighed).scores[0]
    assert (whole.p, whole.look, whole.matches) == (
        document["results"][0]["p"],
        look,
        document["results"][0]["matches"],
    )


@pytest.fixture
def tokenizer(tmp_path: Path, real_part: Any) -> str:
    """A word a token, w0 to w499."""
    real_part("tokenizers", find_spec("tokenizers"))
    from tokenizers import Tokenizer, models, pre_tokenizers

    inner = Tokenizer(models.WordLevel({f"w{n}": n for n in range(500)}, unk_token="w0"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    inner.save(str(tmp_path / "tokenizer.json"))
    return str(tmp_path / "tokenizer.json")


@pytest.mark.parametrize("strength", [2.0, 5.0])
def test_a_samplers_mark_is_read_from_what_an_endpoint_says_by_our_tokenizer(
    home: Path, tmp_path: Path, endpoint: Any, tokenizer: str, strength: float
) -> None:
    """The strong one is told by 120 places already; that many are too few for a verdict, so asking goes on."""
    key = new_key(KeyPlace(home), "c-3", "green1", NOW, commit=True)["key_id"]
    fits = green_list(open_store(home).open_key(key).words, np.arange(500, dtype=np.uint64)[:, None], 500)
    rng = np.random.default_rng(8)
    chances = np.where(fits, strength, 1.0) / np.where(fits, strength, 1.0).sum(axis=1, keepdims=True)
    texts = []
    for _ in range(16):
        ids = [int(rng.integers(500))]
        for _ in range(60):
            ids.append(int(rng.choice(500, p=chances[ids[-1]])))
        texts.append(" ".join(f"w{n}" for n in ids))
    with pytest.raises(ConfigurationError, match="--tokenizer"):
        endpoint(texts, keys=(key,))
    (document,), _ = endpoint(texts, keys=(key,), tokenizer=tokenizer)
    assert document["verdict"]["keys"] == [key]
    assert 200 <= document["suspect"]["places"] < 600
    assert document["protocol"]["tokenizer_sha256"] == sha256(Path(tokenizer).read_bytes()).hexdigest()
    Path(tokenizer).write_text("{}")
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        endpoint(texts, keys=(key,), tokenizer=tokenizer)


def test_a_mark_in_the_text_has_no_use_for_a_tokenizer(tmp_path: Path, ask: Any) -> None:
    with pytest.raises(ConfigurationError, match="--tokenizer"):
        declare_only(ask(str(tmp_path / "s.jsonl"), tokenizer="absent"))


def test_keys_are_listed_without_anything_secret(home: Path, keys: tuple[str, str]) -> None:
    shown = json.dumps(list_keys(KeyPlace(home)))
    store = open_store(home)
    assert all(store.vault.open_secret(key).hex() not in shown for key in keys)
    drawn = new_key(KeyPlace(home), "c-4", "best", NOW, commit=False)
    assert drawn["state"] == "drawn"
    assert commit_key(KeyPlace(home), drawn["key_id"], NOW)["state"] == "current"
