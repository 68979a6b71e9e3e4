"""The pages that people wrote, and what can be read off them: links, headings, code blocks, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tree import ROOT

GENERATED = ROOT / "docs" / "reference"
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")])
WRITTEN = [page for page in PAGES if GENERATED not in page.parents]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, which may be empty, and its text."""

    language: str
    text: str


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    return [Block(language, body) for language, body in _FENCE.findall(text)]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as they are commonly made: lower case, blanks as hyphens, no punctuation."""
    titles = re.findall(r"^#{1,6} (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path, text: str) -> list[str]:
    """Relative links and images of a page that lead nowhere."""
    broken = []
    for link in _LINK.findall(_CODE.sub("", prose(text))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        found = target.is_file() or (target.is_dir() and not anchor)
        if not found or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    return broken


def commands(text: str) -> Iterator[list[str]]:
    """Every call of the program as its words: in consoles, in shell blocks, and in code within sentences."""
    lines = [line for b in blocks(text) if b.language == "sh" for line in b.text.splitlines()]
    consoles = [line for b in blocks(text) if b.language == "console" for line in b.text.splitlines()]
    lines += [line.removeprefix("$ ") for line in consoles if line.startswith("$ ")]
    lines += _CODE.findall(prose(text))
    for line in lines:
        for call in re.split(r"\s*(?:&&|\|)\s*", line):
            if call.startswith("stillwatch "):
                yield shlex.split(call, comments=True)
