"""One page, self-contained, inert and modest in size."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from stillwatch.model.tables import LINKS, TIMELINE, arrow_schema
from stillwatch.report.render import OTHERS_DETAILED, render_report
from tests.report import sample


def page_of(document: dict[str, Any]) -> str:
    return render_report(document, sample.links(document), sample.timeline(document), generated_at=sample.GENERATED_AT)


def bare_page(document: dict[str, Any]) -> str:
    links, timeline = arrow_schema(LINKS).empty_table(), arrow_schema(TIMELINE).empty_table()
    return render_report(document, links, timeline, generated_at=sample.GENERATED_AT)


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(sample.document())


class Tags(HTMLParser):
    """Every start tag with its attributes, and all ids and local links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_same_input_same_bytes(page: str) -> None:
    assert page_of(sample.document()) == page


def test_nothing_is_loaded_and_nothing_runs_inline(page: str) -> None:
    tags = Tags(page).tags
    assert not [t for t, a in tags if t in ("iframe", "object", "embed", "form", "base", "img", "audio", "video")]
    assert not [(t, k) for t, a in tags for k in a if k.startswith("on") or k in ("src", "srcset", "style", "action")]
    assert {a["href"] for t, a in tags if t in ("a", "link", "use") and not (a["href"] or "").startswith("#")} == {
        "data:,"
    }
    assert len([t for t, _ in tags if t == "script"]) == len([t for t, _ in tags if t == "style"]) == 1


def test_policy_allows_exactly_the_style_and_script_of_the_page(page: str) -> None:
    (policy,) = [a["content"] or "" for t, a in Tags(page).tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for element in ("style", "script"):
        (body,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy


def test_local_links_lead_somewhere_and_ids_are_unique(page: str) -> None:
    tags = Tags(page).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(set(ids)) == len(ids)
    assert {(a["href"] or "")[1:] for t, a in tags if t in ("a", "use")} <= set(ids)


@pytest.mark.parametrize("payload", [p for p in sample.PAYLOADS if "<" in p])
def test_hostile_text_is_shown_as_text(page: str, payload: str) -> None:
    assert payload not in page
    shown = html.unescape(page)
    assert payload in shown


def test_invisible_characters_do_not_reach_the_page(page: str) -> None:
    assert not set(page) & set("\x1b\x07\u202e\u200b")
    assert "{{ 7*7 }}" in page  # data is no template


def test_every_campaign_stands_in_queue_and_section(page: str) -> None:
    for campaign in sample.document()["campaigns"]:
        assert page.count(f'href="#campaign-{campaign["campaign_id"]}"') == 2  # contents and queue
        assert f'id="campaign-{campaign["campaign_id"]}"' in page


def test_optional_keys_render_nothing_when_absent() -> None:
    document = sample.document()
    for key in ("calibration", "rejects_by_reason", "notes"):
        del document["run"][key]
    document["campaigns"] = [sample.campaign("c", "watched", 3, 1.0, None)]
    page = bare_page(document)
    for heading in (
        "Rejected rows by reason",
        "Notes of the run",
        "Why it is not alarmed",
        "<dt>Score</dt>",
        'note">Calibration',
    ):
        assert heading not in page


def test_an_empty_scan_says_what_that_means() -> None:
    page = bare_page({"schema": "stillwatch.campaigns/1", "run": {}, "campaigns": []})
    assert "No campaign alarmed" in page
    assert "That is no proof that there is none" in page


def test_more_watched_groups_than_fit_are_counted_and_kept_in_the_queue() -> None:
    document = sample.document()
    document["campaigns"] = [sample.campaign(f"w{n:02}", "watched", 2, 1.0, None) for n in range(OTHERS_DETAILED + 5)]
    page = bare_page(document)
    assert page.count("<article") == OTHERS_DETAILED
    assert "5 further groups of lower rank" in page
    assert all(f"w{n:02}" in page for n in range(OTHERS_DETAILED + 5))


def test_thirty_campaigns_of_two_hundred_accounts_fit_into_an_email() -> None:
    document = sample.document()
    document["campaigns"] = [sample.campaign(f"c-{n:08x}", "alarmed", 200, 12.0, 0.001) for n in range(30)]
    assert len(page_of(document).encode()) < 1_500_000
