"""A session for all tests here, where Spark is installed; a log that both engines have scanned."""

from __future__ import annotations

import fcntl
import gc
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.spark.logs import Lake
from tests.spark.standalone import JAVA

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """PySpark leaves it to Python to close the sockets that results came through."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def _sockets_are_closed_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """And not during a later test, which would be blamed for it."""
    yield
    if {"session", "lake"} & set(request.fixturenames):
        gc.collect()


@pytest.fixture(scope="session")
def spark_is_there() -> None:
    """Skip, or fail where everything is to be tested."""
    if not (all(map(importlib.util.find_spec, ("pyspark", "pandas"))) and shutil.which("java")):
        why = "Spark is absent: needs java, and pip install 'stillwatch[spark]'"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@pytest.fixture(scope="session")
def session(spark_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark with two threads of this machine."""
    from stillwatch.spark.session import connected

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", JAVA)
        if jar := os.environ.get("ICEBERG_JAR"):
            words = [f"--conf={name}={value}" for name, value in _lake(tmp_path_factory.mktemp("lake")).items()]
            patch.setenv("PYSPARK_SUBMIT_ARGS", " ".join(["--jars", jar, *words, "pyspark-shell"]))
        with connected("local[2]", 2, tmp_path_factory.mktemp("spark")) as made:
            yield made


def _lake(folder: Path) -> dict[str, str]:
    """A catalogue of Iceberg's in a folder."""
    name = "spark.sql.catalog.lake"
    return {name: "org.apache.iceberg.spark.SparkCatalog", f"{name}.type": "hadoop", f"{name}.warehouse": str(folder)}


@pytest.fixture(scope="session")
def lake(spark_is_there: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Made by the first test worker that asks; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "both-engines"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            request.getfixturevalue("session")
            folder.mkdir()
            Lake(folder).make()
    return Lake(folder)
