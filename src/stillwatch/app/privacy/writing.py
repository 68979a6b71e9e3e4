"""Papers as files: HTML, PDF, Markdown, JSON, by the end of the file's name.

Contract: each file is written completely or not at all; all mistakes in the names are listed before one is written.
A PDF is the page as Chromium prints it; where there is no Chromium that is said, and nothing else stands in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.report.paper import paper_markdown, render_paper
from stillwatch.store.files import write_atomic

FORMATS = (".html", ".pdf", ".md", ".json")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 300
_NO_BROWSER = "a PDF is printed by Chromium, and there is none on this machine: write .html and print it"


def write_papers(document: Mapping[str, Any], outs: Sequence[Path], as_json: Mapping[str, Any] | None = None) -> None:
    """Write the paper to every one of ``outs``; ``as_json``: what JSON holds, if not the paper itself."""
    mistakes = [f"--out {out}: must end in {', '.join(FORMATS)}" for out in outs if out.suffix not in FORMATS]
    browser = _browser()
    if browser is None and any(out.suffix == ".pdf" for out in outs):
        mistakes.append(_NO_BROWSER)
    mistakes += [f"--out {out}: there is no folder {out.parent}" for out in outs if not out.parent.is_dir()]
    if mistakes:
        raise ConfigurationError(*mistakes)
    for out in outs:
        if out.suffix == ".json":
            write_json(document if as_json is None else as_json, out)
        else:
            write_atomic(out, _content(document, out.suffix, browser or ""))


def as_pdf(document: Mapping[str, Any]) -> bytes:
    """The paper as PDF."""
    browser = _browser()
    if browser is None:
        raise ConfigurationError(_NO_BROWSER)
    return _printed(render_paper(document), browser)


def write_json(document: Mapping[str, Any], out: Path) -> None:
    write_atomic(out, json.dumps(document, indent=1, ensure_ascii=True) + "\n")


def _content(document: Mapping[str, Any], suffix: str, browser: str) -> str | bytes:
    if suffix == ".md":
        return paper_markdown(document)
    page = render_paper(document)
    return page if suffix == ".html" else _printed(page, browser)


def _browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _printed(page: str, browser: str) -> bytes:
    """The page as PDF. The browser gets a profile of its own, no network and a file that needs none."""
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as work:
        source, target = Path(work) / "paper.html", Path(work) / "paper.pdf"
        source.write_text(page, "utf-8")
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={work}/profile",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium has no sandbox for root
            source.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise StoreError(f"Chromium could not print the paper: {error}. Write .html and print it.") from error
