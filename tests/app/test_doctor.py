"""Every check can say well and unwell, and none of them leaves a trace."""

from __future__ import annotations

import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from stillwatch.app import doctor as module
from stillwatch.app.doctor import CHECKS, Check, doctor
from stillwatch.keyring import FILE_NAME, load_keyring


def _check(home: Path, name: str) -> Check:
    return next(check for check in doctor(home) if check.name == name)


def test_a_fresh_machine_is_fit_and_stays_untouched(home: Path) -> None:
    checks = doctor(home)
    assert len({check.name for check in checks}) == len(CHECKS)
    assert "fail" not in {check.status for check in checks}
    assert all(check.advice for check in checks if check.status != "ok")
    assert not home.exists()


def test_a_used_home_shows_its_keyring_but_not_the_key(home: Path) -> None:
    keyring = load_keyring(home)
    check = _check(home, "keyring")
    assert check.status == "ok"
    assert keyring.key_id in check.found
    assert keyring.keys[0].secret.hex() not in repr(doctor(home))
    assert [p.name for p in home.iterdir()] == [FILE_NAME]


def test_an_exposed_keyring_fails_with_the_command_to_run(home: Path) -> None:
    load_keyring(home)
    (home / FILE_NAME).chmod(0o644)
    check = _check(home, "keyring")
    assert check.status == "fail"
    assert "chmod 600" in check.advice


def test_an_old_python_fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert _check(home, "python").status == "fail"


def test_old_and_missing_packages_fail(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ["click>=999.1", "not-a-package-at-all>=1", "pytest>=999 ; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda name: declared)
    check = _check(home, "packages")
    assert check.status == "fail"
    assert "is older than 999.1" in check.found
    assert "not-a-package-at-all is missing" in check.found
    assert "pytest" not in check.found


def test_a_home_below_a_file_still_gets_an_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert _check(tmp_path / "file" / "home", "home").found.endswith("(made by the first scan)")


@pytest.mark.parametrize(("least", "status"), [("EXHAUSTED_BYTES", "fail"), ("SCARCE_BYTES", "warn")])
def test_little_space_is_told(home: Path, monkeypatch: pytest.MonkeyPatch, least: str, status: str) -> None:
    monkeypatch.setattr(module, least, 1 << 62)
    assert _check(home, "free space").status == status


def test_a_clock_in_the_past_fails_and_a_skewed_one_warns(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    assert _check(home, "clock").status == "warn"
    monkeypatch.setattr(time, "time", lambda: 86400.0)
    assert _check(home, "clock").status == "fail"


def test_compiled_kernels_are_counted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert _check(home, "kernels").status == "warn"
    (home / "kernels" / "x").mkdir(parents=True)
    (home / "kernels" / "x" / "kernel.nbc").write_bytes(b"")
    assert _check(home, "kernels").found.startswith("1 compiled")


def test_a_check_that_cannot_be_made_is_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shutil.disk_usage", broken)
    check = _check(home, "free space")
    assert (check.status, "Input/output error" in check.found) == ("warn", True)
