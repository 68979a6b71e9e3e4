"""A real headless Chromium, offline, driven over its DevTools pipe: no port, no driver, no network.

``Page`` opens a file, or an address of this machine, collects every console message, log entry, exception and request,
and evaluates expressions.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

OFFLINE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
REPLY_S = 60.0


@contextmanager
def running(command: str, profile: Path) -> Iterator[Pipe]:
    """The browser process; ended with the block."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    # DevTools talks on descriptors 3 and 4; the shell puts ours there.
    script = f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}'
    process = subprocess.Popen(
        [
            "bash",
            "-c",
            script,
            command,
            *OFFLINE,
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        pass_fds=(to_read, from_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(from_write)
    pipe = Pipe(from_read, to_write)
    try:
        yield pipe
    finally:
        pipe.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Pipe:
    """Calls and events of the DevTools protocol, one JSON text after the other with a zero byte between."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read, self._write = read_fd, write_fd
        self._ids = itertools.count(1)
        self._buffer = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") == number:
                assert "error" not in reply, f"{method}: {reply['error']}"
                result: dict[str, Any] = reply["result"]
                return result
            self.events.append(reply)

    def wait_for(self, method: str) -> None:
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + REPLY_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"the browser said nothing for {REPLY_S:.0f} s"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has ended"
            self._buffer += piece
        text, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        return message

    def close(self) -> None:
        os.close(self._write)  # the browser ends when nobody can talk to it any more
        os.close(self._read)


class Page:
    """One tab showing one page, with everything it complained about; a file is opened as if there were no network."""

    def __init__(
        self, pipe: Pipe, place: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False
    ) -> None:
        self._pipe = pipe
        target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._target = target
        self._session = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        if isinstance(place, Path):
            offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
            self.call("Network.emulateNetworkConditions", offline)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.go(place.as_uri() if isinstance(place, Path) else place)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pipe.call("Target.closeTarget", {"targetId": self._target})

    def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._pipe.call(method, params, self._session)

    def go(self, address: str) -> None:
        """Open an address in this tab; what the page before it said is forgotten."""
        self._pipe.events.clear()
        self.call("Page.navigate", {"url": address})
        self._pipe.wait_for("Page.loadEventFired")

    def follow(self, expression: str) -> None:
        """Do something that leaves for another page, and wait until that one is there."""
        self._pipe.events.clear()
        self.evaluate(expression)
        self._pipe.wait_for("Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        reply = self.call("Runtime.evaluate", asked)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """A key stroke; ``text`` is what it would type."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", {"type": kind, "key": key, "text": text if kind == "keyDown" else ""})

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})

    def move(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def complaints(self) -> list[str]:
        """Console messages, log entries and exceptions, whatever their level."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(e["params"])[:400] for e in self._pipe.events if e.get("method") in kinds]

    def requests(self) -> list[str]:
        """Addresses asked for, the page itself included; data addresses are no requests."""
        sent = (e["params"] for e in self._pipe.events if e.get("method") == "Network.requestWillBeSent")
        return [url for p in sent if not (url := str(p["request"]["url"])).startswith("data:")]

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        reply = self.call("Page.captureScreenshot", {"captureBeyondViewport": full})
        path.write_bytes(base64.b64decode(reply["data"]))
