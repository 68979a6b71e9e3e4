"""A real standalone cluster of Spark on this machine: one master, two workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port

JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""What runs for seconds is not worth compiling twice."""
WORKERS = 2
_PATIENCE_S = 120


@dataclass
class Standalone:
    """``folder`` keeps the logs, and below ``worker-N`` what each worker unpacked and ran."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    page: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Without what would lead workers to this process's package or kernels."""
        kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
        return kept | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "JAVA_TOOL_OPTIONS": JAVA}

    def start(self) -> None:
        address = ("--host", "127.0.0.1", "--port", str(self.port), "--webui-port", str(self.page))
        self._run("master", "org.apache.spark.deploy.master.Master", *address)
        for n in range(WORKERS):
            own = (
                "--cores",
                "1",
                "--memory",
                "700m",
                "--webui-port",
                "0",
                "--work-dir",
                str(self.folder / f"worker-{n}"),
            )
            self._run(f"worker-{n}", "org.apache.spark.deploy.worker.Worker", self.url, "--host", "127.0.0.1", *own)
        for _ in range(_PATIENCE_S * 2):
            if self._alive() == WORKERS:
                return
            time.sleep(0.5)
        raise AssertionError("the workers did not come: " + "".join(p.read_text() for p in self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def _run(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [str(tool("spark-class")), *words]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=self.environment))

    def _alive(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/json/", timeout=5) as answer:
                return int(json.load(answer)["aliveworkers"])
        except OSError:
            return 0


@contextmanager
def standalone(folder: Path) -> Iterator[Standalone]:
    """A running cluster."""
    made = Standalone(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def tool(name: str) -> Path:
    """A program of Spark's."""
    import pyspark

    return Path(pyspark.__file__).parent / "bin" / name
