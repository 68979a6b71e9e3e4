"""The cost of a command is the command's own."""

import sys
from pathlib import Path

import pytest
from benchmarks.range.measure import Measured, measured


def run(tmp_path: Path, code: str) -> Measured:
    return measured([sys.executable, "-S", "-c", code], tmp_path / "out", tmp_path / "err")


def test_reports_exit_code_and_output(tmp_path: Path) -> None:
    cost = run(tmp_path, "import sys; print('said'); sys.exit(10)")
    assert cost.exit_code == 10
    assert (tmp_path / "out").read_text() == "said\n"


def test_a_killed_command_has_a_negative_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)").exit_code == -9


def test_time_is_the_commands_own(tmp_path: Path) -> None:
    assert run(tmp_path, "import time; time.sleep(0.3)").seconds == pytest.approx(0.35, abs=0.3)


def test_memory_is_not_inherited_from_a_large_caller(tmp_path: Path) -> None:
    ballast = bytearray(b"x" * 200 * 2**20)
    assert run(tmp_path, "pass").peak_mib < 100
    assert run(tmp_path, "held = b'x' * 150 * 2**20").peak_mib > 150
    assert len(ballast) == 200 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_a_mapped_file_is_no_memory_of_the_commands_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 150 * 2**20)
    name = str(tmp_path / "file")
    opened = f"import mmap, time; f = open({name!r}); m = mmap.mmap(f.fileno(), 0, access=1)"
    cost = run(tmp_path, f"{opened}; sum(m[::4096]); time.sleep(0.5)")
    assert cost.own_mib < 50 < 150 < cost.peak_mib
    assert run(tmp_path, "import time; held = b'x' * 150 * 2**20; time.sleep(0.5)").own_mib > 150
