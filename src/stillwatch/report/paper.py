"""A paper (record, answers, receipts) as one HTML file, as Markdown, or as lines for a terminal.

Contract: pure functions of the document; every text in them is inert, whoever wrote it. The page is of the family of
the scan's report and needs nothing but itself. Markdown escapes whatever could be markup, a link or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stillwatch.report.document import PROSE_LIMIT, Record, open_as
from stillwatch.report.page import page

SCHEMA = "stillwatch.paper/1"
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&:@]|^[-=]|(?<=www)\.|(?<=^\d)\.")


def render_paper(document: Mapping[str, Any]) -> str:
    """The page; ``InputError`` where the document is of another schema."""
    record = open_as(document, SCHEMA, "a paper")
    return page("paper.html.j2", "paper.css", paper=record, prose=PROSE_LIMIT)


def paper_markdown(document: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    return "\n".join(_lines(open_as(document, SCHEMA, "a paper"), escaped)) + "\n"


def paper_lines(document: Mapping[str, Any]) -> list[str]:
    """The same for a terminal: Markdown without its escapes."""
    return list(_lines(open_as(document, SCHEMA, "a paper"), lambda text: text))


def _lines(paper: Record, shown: Callable[[str], str]) -> Iterator[str]:
    def plain(record: Record, key: str) -> str:
        return shown(record.text(key, PROSE_LIMIT))

    yield from (f"# {plain(paper, 'title')}", "", plain(paper, "subtitle"), "")
    yield from (f"- {plain(f, 'label')}: {plain(f, 'value')}" for f in paper.records("facts"))
    yield f"- Made: {plain(paper, 'generated_at')}"
    if missing := paper.records("open"):
        yield from ("", f"## Open: {len(missing)}", "")
        yield from (f"- {plain(o, 'label')}: {plain(o, 'what')} ({plain(o, 'where')})" for o in missing)
    for part in paper.records("parts"):
        yield from ("", f"## {plain(part, 'title')}", "", plain(part, "rule"), "")
        for row in part.records("items"):
            said = "; ".join(map(shown, row.texts("values")))
            gap = f"{' ' if said else ''}**open: {plain(row, 'open')}**" if row.raw("open") else ""
            where = f" ({plain(row, 'read_from')})" if row.raw("read_from") else ""
            yield f"- {plain(row, 'label')}: {said}{gap}{where}"
    if notes := paper.texts("notes"):
        yield from ("", "## Notes", "")
        yield from (f"- {shown(note)}" for note in notes)


def escaped(text: str) -> str:
    """Inert text without any meaning in Markdown: no markup, no HTML, no address that turns into a link."""
    return _MARKUP.sub(lambda match: "\\" + match.group(), text)
