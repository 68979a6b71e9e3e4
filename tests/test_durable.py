"""A secret that others could have read or replaced is refused, with one piece of advice for every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.durable import made_once, read_private
from stillwatch.errors import StoreError


@pytest.mark.parametrize(("of_file", "of_folder"), [(0o600, 0o700), (0o400, 0o755), (0o600, 0o1777)])
def test_a_secret_of_ones_own_is_read(tmp_path: Path, of_file: int, of_folder: int) -> None:
    key = tmp_path / "key"
    assert made_once(key, lambda: b"secret") == b"secret"
    key.chmod(of_file)
    tmp_path.chmod(of_folder)
    assert read_private(key) == b"secret"
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("of_file", "of_folder", "advice"),
    [(0o640, 0o700, "chmod 600"), (0o602, 0o700, "count it as known"), (0o600, 0o770, "chmod go-w")],
)
def test_a_secret_within_others_reach_is_refused(tmp_path: Path, of_file: int, of_folder: int, advice: str) -> None:
    key = tmp_path / "key"
    made_once(key, lambda: b"secret")
    key.chmod(of_file)
    tmp_path.chmod(of_folder)
    with pytest.raises(StoreError, match=advice):
        read_private(key)
    tmp_path.chmod(0o700)
