"""A session for all tests here, where Spark is installed; a small log that both engines read."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.scans import Workplace

MISSING = importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("pandas") is None


def need_spark() -> None:
    """Skip, or fail where everything is to be tested."""
    if MISSING or not shutil.which("java"):
        why = "Spark is absent: needs java, and pip install 'stillwatch[spark]'"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark with two threads of this process's machine."""
    need_spark()
    # What runs for seconds is not worth compiling twice.
    os.environ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    from stillwatch.spark.session import connected

    with connected("local[2]", 2, tmp_path_factory.mktemp("spark")) as made:
        yield made


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The small world; its log and register on disk."""
    return Workplace.make(tmp_path_factory.mktemp("world"))
