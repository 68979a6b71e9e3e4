"""What every test gets: a private home, shared compiled code, no network, and no silent absence of a real part."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Before numpy is imported: threads of the linear algebra under each test worker would only wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("stillwatch", deadline=None, max_examples=50, derandomize="CI" in os.environ)
settings.load_profile("stillwatch")

_WORLDS = {"place", "full_run", "logged", "scanned"}
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook sees every connection of this process, whichever library makes it."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a Unix socket has no host
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name not in _LOOPBACK:
        raise RuntimeError(f"tests must not use the network; tried {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Before any module of the product is imported: where state lies, and that nothing leaves the machine."""
    for variable in [v for v in os.environ if v.startswith("STILLWATCH_")]:
        del os.environ[variable]
    home = tempfile.mkdtemp(prefix="stillwatch-test-home-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ["STILLWATCH_HOME"] = home
    # Compiling the kernels takes seconds: all workers, and the next run, share them.
    os.environ["NUMBA_CACHE_DIR"] = str(_stable_folder(config) / "kernels")
    # Modules too are compiled once and not in every process that a test starts, whatever the caller's shell says.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    sys.addaudithook(_refuse_network)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that share a scanned world come first: a worker that runs dry takes over from the end of another's tests.

    So the worlds are made by one worker as long as there is other work. Within the two halves the order stays random.
    """
    sharing = {item.path for item in items if not _WORLDS.isdisjoint(getattr(item, "fixturenames", ()))}
    items.sort(key=lambda item: item.path not in sharing)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays to the end: without this every full collection of garbage walks through it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    session.config.add_cleanup(gc.unfreeze)


def _stable_folder(config: pytest.Config) -> Path:
    cache = getattr(config, "cache", None)
    return Path(cache.mkdir("stillwatch") if cache else tempfile.gettempdir() + "/stillwatch-test-cache")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test alone; it does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("STILLWATCH_HOME", str(folder))
    return folder


@pytest.fixture
def real_part() -> Callable[[str, object], Any]:
    """``real_part(name, found)`` returns what was found; its absence skips here and fails on CI."""

    def need(name: str, found: object) -> Any:
        if found:
            return found
        if os.environ.get("CI"):
            pytest.fail(f"{name} is absent, and CI must run every test")
        pytest.skip(f"{name} is not installed")

    return need


@pytest.fixture
def chromium(real_part: Callable[[str, object], Any]) -> str:
    """Path of a headless-capable Chromium."""
    found = next((path for name in _CHROMIUM_NAMES if (path := shutil.which(name))), None)
    return str(real_part("chromium", found))
