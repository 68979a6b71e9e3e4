"""Keys are drawn, sealed, committed, rotated; a secret shows nowhere and a key that was not fixed before is refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from stillwatch.derive.keys import KeyStore, open_store, random_words
from stillwatch.errors import ConfigurationError, StoreError

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def store(home: Path) -> KeyStore:
    return open_store(home)


def _new(store: KeyStore, group: str = "a", mark: str = "forms") -> str:
    return store.commit(store.draw(group, mark, NOW).key_id, NOW).record.key_id


def test_a_key_goes_from_drawn_to_current_to_retired(store: KeyStore) -> None:
    first = store.draw("a", "forms", NOW)
    assert store.find(first.key_id).state == "drawn"
    assert store.commit(first.key_id, NOW).state == "current"
    second = _new(store)
    assert (store.find(first.key_id).state, store.find(second).state) == ("retired", "current")
    assert store.open_key(first.key_id).committed_at == "2026-01-02T00:00:00Z"  # marked text can still be tested


def test_whoever_serves_gets_the_current_key(store: KeyStore) -> None:
    with pytest.raises(ConfigurationError, match="has no committed key for mark forms"):
        store.current("a", "forms")
    first = _new(store)
    assert store.current("a", "forms").key_id == first
    second = _new(store)
    store.draw("a", "forms", NOW)
    assert store.current("a", "forms").key_id == second


def test_other_groups_and_marks_retire_nothing(store: KeyStore) -> None:
    keys = [_new(store), _new(store, "b"), _new(store, "a", "best")]
    assert [store.find(key).state for key in keys] == ["current"] * 3


def test_a_key_that_was_committed_later_is_current_even_if_it_was_drawn_first(store: KeyStore) -> None:
    early = store.draw("a", "forms", NOW)
    late = _new(store)
    store.commit(early.key_id, NOW)
    assert (store.find(early.key_id).state, store.find(late).state) == ("current", "retired")


def test_a_key_without_commitment_is_refused(store: KeyStore) -> None:
    drawn = store.draw("a", "forms", NOW)
    with pytest.raises(ConfigurationError, match="not committed"):
        store.open_key(drawn.key_id)


def test_committing_twice_is_one_entry(store: KeyStore) -> None:
    key = _new(store)
    store.commit(key, NOW)
    assert len(store.journal.entries()) == 1


def test_no_secret_shows_in_files_or_representations(store: KeyStore) -> None:
    key = store.open_key(_new(store))
    secret = store.vault.open_secret(key.key_id)
    words = [str(word) for word in key.words]
    shown = repr(key) + repr(store) + repr(store.listed())
    files = b"".join(path.read_bytes() for path in store.vault.folder.iterdir())
    assert secret not in files
    assert secret.hex().encode() not in files
    assert not any(word in shown for word in words)
    assert key.words.tobytes().hex() not in shown


def test_keys_of_one_store_are_the_same_tomorrow_and_differ_from_each_other(store: KeyStore) -> None:
    first, second = _new(store), _new(store, "b")
    again = open_store(store.vault.folder.parent)
    assert np.array_equal(again.open_key(first).words, store.open_key(first).words)
    assert not np.array_equal(store.open_key(first).words, store.open_key(second).words)


def test_files_are_private(store: KeyStore) -> None:
    _new(store)
    assert {path.stat().st_mode & 0o777 for path in store.vault.folder.iterdir()} == {0o600}


def test_without_its_unlock_file_a_key_does_not_open(store: KeyStore, tmp_path: Path) -> None:
    key = _new(store)
    moved = tmp_path / "elsewhere"
    store.vault.unlock.rename(moved)
    with pytest.raises(StoreError, match="there is no unlock file"):
        store.open_key(key)
    assert open_store(store.vault.folder.parent, moved).open_key(key).key_id == key
    assert not store.vault.unlock.exists()
    with pytest.raises(StoreError, match="there is no unlock file"):
        store.draw("b", "forms", NOW)  # a second unlock file would leave two kinds of keys in one vault


def test_a_wrong_unlock_file_opens_nothing(store: KeyStore) -> None:
    key = _new(store)
    store.vault.unlock.write_text("something else\n")
    with pytest.raises(StoreError, match="does not open"):
        store.open_key(key)


def test_an_unlock_file_that_others_can_read_is_refused(store: KeyStore) -> None:
    key = _new(store)
    store.vault.unlock.chmod(0o640)
    with pytest.raises(StoreError, match=r"mode 0640.*chmod 600.*draw new keys"):
        store.open_key(key)
    store.vault.unlock.chmod(0o600)
    store.vault.folder.chmod(0o770)
    with pytest.raises(StoreError, match="other users can replace the unlock file"):
        store.open_key(key)


@pytest.mark.parametrize("name", ["group", "mark", "created_at", "commitment"])
def test_a_label_cannot_be_moved_to_another_secret(store: KeyStore, name: str) -> None:
    first, second = _new(store, "a", "forms"), _new(store, "b", "best")
    path = store.vault.folder / "keys.json"
    document = json.loads(path.read_text())
    document["keys"][0]["record"][name] = document["keys"][1]["record"][name]
    if name == "created_at":
        document["keys"][0]["record"][name] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match="does not open"):
        store.vault.open_secret(first)
    assert store.open_key(second).group == "b"


def test_a_commitment_that_was_changed_in_the_journal_is_found(store: KeyStore) -> None:
    key = _new(store)
    path = store.journal.path
    path.write_bytes(path.read_bytes().replace(b'"group":"a"', b'"group":"b"'))
    with pytest.raises(StoreError, match="does not hold together"):
        store.open_key(key)


def test_a_vault_that_is_not_one_is_left_alone(store: KeyStore) -> None:
    _new(store)
    (store.vault.folder / "keys.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot read the mark keys"):
        store.draw("b", "forms", NOW)
    assert (store.vault.folder / "keys.json").read_text() == "{}"


@pytest.mark.parametrize("group", ["", "../x", "a b", "x" * 73, "é", "a\x1b"])
def test_a_group_must_have_a_plain_name(store: KeyStore, group: str) -> None:
    with pytest.raises(ConfigurationError, match="group"):
        store.draw(group, "forms", NOW)


def test_an_unknown_mark_or_key_is_said_with_what_there_is(store: KeyStore) -> None:
    with pytest.raises(ConfigurationError, match="green1"):
        store.draw("a", "gumbel", NOW)
    with pytest.raises(ConfigurationError, match="no key k-1"):
        store.open_key("k-1")


def test_words_of_keys_are_drawn_as_those_of_decoys_are(store: KeyStore) -> None:
    """Bits of true keys are balanced, as uniform 128-bit decoys are: 40 keys, 5120 bits, five standard deviations."""
    words = np.stack([store.open_key(_new(store, f"g{n}")).words for n in range(40)])
    assert (words.shape, words.dtype) == (random_words(np.random.default_rng(0), 40).shape, np.uint32)
    ones = int(np.bitwise_count(words).sum())
    assert abs(ones - 2560) < 5 * math.sqrt(1280)
