"""The keyring: made once, private, never replaced, never printed."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import StoreError
from stillwatch.keyring import (
    FILE_NAME,
    PURPOSES,
    STEADY,
    Key,
    Keyring,
    _create,
    _hkdf,
    drop_retired,
    load_keyring,
    read_keyring,
    rotate,
    stillwatch_home,
)


def _keyring(secret: bytes) -> Keyring:
    return Keyring((Key(1, "2025-01-01T00:00:00Z", secret),))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_first_use_makes_a_private_keyring_and_later_uses_read_it(home: Path) -> None:
    first = load_keyring(home)
    assert load_keyring(home) == first
    assert _mode(home) == 0o700
    assert _mode(home / FILE_NAME) == 0o600
    assert [p.name for p in home.iterdir()] == [FILE_NAME]


def test_a_generous_umask_changes_nothing(home: Path) -> None:
    before = os.umask(0)
    try:
        load_keyring(home)
    finally:
        os.umask(before)
    assert _mode(home) == 0o700
    assert _mode(home / FILE_NAME) == 0o600


def _start_and_load(home: Path, barrier, results) -> None:  # type: ignore[no-untyped-def]
    barrier.wait()
    results.put(load_keyring(home).key_id)


def test_processes_that_start_together_agree_on_one_key(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_start_and_load, args=(home, barrier, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    ids = {results.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    results.close()
    results.join_thread()
    assert ids == {load_keyring(home).key_id}


def test_a_process_that_comes_late_does_not_replace_the_key(home: Path) -> None:
    first = load_keyring(home)
    _create(home, home / FILE_NAME)  # it saw no keyring before the first one was there
    assert load_keyring(home) == first
    assert [p.name for p in home.iterdir()] == [FILE_NAME]


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    assert load_keyring(tmp_path / "a").key_id != load_keyring(tmp_path / "b").key_id


@given(st.binary(min_size=32, max_size=32))
def test_purposes_have_unrelated_keys_that_depend_on_the_secret_alone(secret: bytes) -> None:
    derived = [_keyring(secret).derive(purpose) for purpose in PURPOSES]
    assert len({*derived, secret}) == len(PURPOSES) + 1
    assert {len(key) for key in derived} == {32}
    assert derived == [_keyring(secret).derive(purpose) for purpose in PURPOSES]


def test_derivation_is_hkdf_as_published() -> None:
    published = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"  # RFC 5869, A.3, first block
    assert _hkdf(b"\x0b" * 22, "").hex() == published


def test_derivation_is_pinned_because_a_change_orphans_every_stored_sketch() -> None:
    assert _keyring(bytes(range(32))).derive("sketch").hex()[:16] == "eb06cb824a2e1610"


def test_an_unknown_purpose_has_no_key() -> None:
    with pytest.raises(ValueError, match="there are sketch, pseudonym"):
        _keyring(bytes(32)).derive("sketches")


def test_the_last_version_is_current(home: Path) -> None:
    load_keyring(home)
    path = home / FILE_NAME
    document = json.loads(path.read_text())
    document["keys"].append({"version": 2, "created_at": "2025-02-01T00:00:00Z", "secret": "ab" * 32})
    path.write_text(json.dumps(document))
    assert load_keyring(home).derive("ids") == _keyring(bytes.fromhex("ab" * 32)).derive("ids")


def test_nothing_shows_the_secret(home: Path) -> None:
    keyring = load_keyring(home)
    secret = keyring.keys[0].secret
    assert secret.hex() not in repr(keyring)
    assert repr(secret) not in repr(keyring)
    assert keyring.key_id not in secret.hex()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_keyring_open_to_others_is_refused_and_left_alone(home: Path, mode: int) -> None:
    load_keyring(home)
    path = home / FILE_NAME
    path.chmod(mode)
    with pytest.raises(StoreError, match=rf"mode 0{mode:o}.*chmod 600"):
        load_keyring(home)
    assert _mode(path) == mode


def test_a_folder_in_which_others_can_swap_the_keyring_is_refused(home: Path) -> None:
    load_keyring(home)
    home.chmod(0o770)
    with pytest.raises(StoreError, match="chmod go-w"):
        load_keyring(home)


_KEY = {"version": 1, "created_at": "2025-01-01T00:00:00Z", "secret": "00" * 32}
_SCHEMA = "stillwatch.keyring/1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'"text"',
        json.dumps({"schema": _SCHEMA}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": []}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [{**_KEY, "secret": "00" * 31}]}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [{**_KEY, "secret": "zz" * 32}]}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [{**_KEY, "secret": 7}]}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [_KEY, _KEY]}).encode(),
        json.dumps({"schema": "stillwatch.keyring/9", "keys": [_KEY]}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [_KEY], "steady": {"journal": "00"}}).encode(),
        json.dumps({"schema": _SCHEMA, "keys": [_KEY], "steady": 7}).encode(),
    ],
)
def test_a_corrupt_keyring_is_refused_with_advice_and_never_replaced(home: Path, content: bytes) -> None:
    load_keyring(home)
    path = home / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(StoreError, match="Restore it from a backup") as refusal:
        load_keyring(home)
    assert path.read_bytes() == content
    assert "zz" * 32 not in str(refusal.value)


def test_a_home_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="STILLWATCH_HOME"):
        load_keyring(tmp_path / "home")


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Root may read everything; tests of permissions need somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_keyring_is_a_store_error(home: Path, request: pytest.FixtureRequest) -> None:
    load_keyring(home)
    (home / FILE_NAME).chmod(0)
    request.getfixturevalue("ordinary_user")
    with pytest.raises(StoreError, match="Give this user access"):
        load_keyring(home)


def test_what_a_killed_process_left_aside_is_swept(home: Path) -> None:
    load_keyring(home)
    left = home / ".keyring-abc.new"
    left.write_text("half")
    load_keyring(home)
    assert not left.exists()


NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=90)


def test_a_rotation_draws_a_new_key_and_keeps_the_old_one_for_looking_up(home: Path) -> None:
    old = load_keyring(home)
    new = rotate(home, NOW, LATER)
    assert load_keyring(home) == new
    assert [(key.version, key.retires_at) for key in new.keys] == [(1, "2026-05-30T00:00:00Z"), (2, "")]
    assert new.key_id != old.key_id
    for purpose in set(PURPOSES) - set(STEADY):
        assert new.derive_all(purpose) == (new.derive(purpose), old.derive(purpose))
    assert _mode(home / FILE_NAME) == 0o600


def test_what_must_be_read_for_ever_keeps_its_key(home: Path) -> None:
    old = load_keyring(home)
    rotate(home, NOW, NOW)
    newest = rotate(home, NOW, NOW)
    drop_retired(home, NOW)
    found = load_keyring(home)
    assert [key.version for key in found.keys] == [3]
    for purpose in STEADY:
        assert found.derive_all(purpose) == (old.derive(purpose),)
        assert newest.derive(purpose) == old.derive(purpose)


def test_a_keyring_can_be_seen_as_it_was_under_an_older_key(home: Path) -> None:
    old = load_keyring(home)
    new = rotate(home, NOW, LATER)
    before = new.under(old.key_id)
    assert before is not None
    assert before.derive("sketch") == old.derive("sketch")
    assert new.under(new.key_id) == new
    assert new.under("0" * 16) is None


def test_a_retired_key_is_forgotten_when_its_time_is_over(home: Path) -> None:
    assert drop_retired(home, LATER) == ()
    old = load_keyring(home)
    rotate(home, NOW, LATER)
    assert drop_retired(home, LATER - timedelta(seconds=1)) == ()
    assert drop_retired(home, LATER) == (1,)
    assert old.keys[0].secret.hex() not in (home / FILE_NAME).read_text()
    assert drop_retired(home, LATER) == ()


def test_rotations_at_the_same_time_lose_no_key(home: Path) -> None:
    load_keyring(home)
    with ThreadPoolExecutor(4) as pool:
        rotated = [ring.keys[-1].version for ring in pool.map(lambda _: rotate(home, NOW, LATER), range(4))]
    assert sorted(rotated) == [2, 3, 4, 5]
    assert [key.version for key in load_keyring(home).keys] == [1, 2, 3, 4, 5]


def test_a_rotation_that_was_killed_leaves_the_keyring_and_its_rest_is_swept(home: Path) -> None:
    before = load_keyring(home)
    left = home / ".keyring.lock.0123456789ab"
    left.write_text("half a secret")
    assert load_keyring(home) == before
    rotate(home, NOW, LATER)
    assert not left.exists()


def test_reading_makes_nothing(home: Path) -> None:
    assert read_keyring(home / FILE_NAME) is None
    assert not home.exists()


def test_home_is_the_variable_or_the_users_data_folder() -> None:
    assert stillwatch_home({"STILLWATCH_HOME": "~/x"}) == Path.home() / "x"
    assert stillwatch_home({"STILLWATCH_HOME": "rel"}) == Path.cwd() / "rel"
    assert stillwatch_home({"STILLWATCH_HOME": ""}) == stillwatch_home({})
    assert stillwatch_home({}).is_absolute()
    assert stillwatch_home({}).name == "stillwatch"
