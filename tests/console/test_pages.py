"""What pages say, and to whom."""

from __future__ import annotations

import re

import pytest

from stillwatch.app.cases.desk import look
from stillwatch.cases.acts import Assigned, Started
from tests.app.cases.conftest import CASE, Desk
from tests.console.served import Served

CAMPAIGN = "/campaigns/c-0a0a0a0a0a0a"


@pytest.fixture(scope="module", autouse=True)
def opened(store_and_run: Desk) -> None:
    store_and_run.open()
    store_and_run.do("ana", Assigned("ana"))
    store_and_run.do("ana", Started())


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/cases",
        f"/cases/{CASE}",
        CAMPAIGN,
        "/account?id=acc-1",
        "/data",
        "/data/run",
        "/settings",
        "/decisions",
        "/cases",
        "/passkeys",
    ],
)
def test_every_page_states_mode_age_run_and_configuration(console: Served, page: str) -> None:
    answer = console.person("vi").get(page)
    assert answer.status == 200
    for stated in ("observe", "Data until", "ago", "r-1", "Configuration"):
        assert stated in answer.text
    assert "<script src=" in answer.text
    assert not re.search(r"<script>|<style|\son\w+=|style=", answer.text)


def test_every_figure_of_a_campaign_leads_to_rows_that_are_there(console: Served) -> None:
    person = console.person("ana")
    page = person.get(CAMPAIGN).text
    addresses = set(re.findall(rf'href="({CAMPAIGN}/rows/\w+)"', page))
    assert {a.rpartition("/")[2] for a in addresses} == {"timeline", "campaigns", "evidence", "links"}
    for address in addresses:
        rows = person.get(address)
        assert (rows.status, "0 rows" in rows.text) == (200, False)
    figures = re.search(r'<dl class="stats">(.*?)</dl>', page, re.S)
    assert figures
    assert figures[1].count("<dd>") == figures[1].count('<dd><a class="figure" href=')


@pytest.mark.parametrize("page", ["/", f"/cases/{CASE}", CAMPAIGN, "/data"])
def test_every_large_figure_leads_to_rows_that_are_there(console: Served, page: str) -> None:
    person = console.person("ana")
    shown = person.get(page).text
    stats = re.search(r'<dl class="stats">(.*?)</dl>', shown, re.S)
    assert stats
    assert stats[1].count("<dd>") == stats[1].count('<dd><a class="figure"')
    for address in sorted(set(re.findall(r'<a class="figure" href="([^"]+)"', shown)))[:12]:
        if address.startswith("#"):
            assert f'id="{address[1:]}"' in shown
        else:
            assert person.get(address.replace("&amp;", "&").partition("#")[0]).status == 200


def test_the_rows_of_the_run_can_be_narrowed_down_to_those_behind_a_figure(console: Served) -> None:
    person = console.person("vi")
    whole, part = (person.get(f"/data/rows/campaigns{q}&as=csv").text for q in ("?", "?campaign_id=c-0a0a0a0a0a0a"))
    assert 1 < len(part.splitlines()) < len(whole.splitlines())
    assert "0 rows" in person.get("/data/rows/campaigns?campaign_id=none").text
    assert "the run, part budget" in person.get("/data/rows/evidence?part=budget").text
    assert "config_hash" in person.get("/data/run").text


def test_accounts_are_put_in_the_order_that_is_asked_for(console: Served) -> None:
    def order(query: str) -> list[str]:
        page = console.person("vi").get(f"{CAMPAIGN}/accounts?{query}").text
        return re.findall(r'<tr><td><a href="/account\?id=([^"]+)"', page)

    names = order("sort=account")
    assert names == sorted(names)
    assert order("sort=account&down=1") == names[::-1]
    assert sorted(order("sort=nothing")) == names


def test_rows_come_as_a_table_for_other_tools(console: Served) -> None:
    answer = console.person("vi").get(f"{CAMPAIGN}/rows/campaigns?as=csv")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0].startswith("campaign_id,")
    assert len(lines) > 8
    assert all(line.startswith("c-0a0a0a0a0a0a,") for line in lines[1:])


def test_accounts_are_found_and_paged(console: Served) -> None:
    person = console.person("vi")
    found = person.get(f"{CAMPAIGN}?search=acc-3").text.partition('id="accounts"')[2]
    assert re.findall(r'<tr><td><a href="/account\?id=([^"]+)"', found) == ["acc-3"]
    assert "0 accounts" in person.get(f"{CAMPAIGN}?search=nobody").text
    assert person.get(f"{CAMPAIGN}?page=99999").status == 200


def test_an_account_says_why_it_was_named_and_what_it_sent(console: Served) -> None:
    answer = console.person("vi").get("/account?id=acc-1")
    assert "Groups it was in (1)" in answer.text
    assert console.person("vi").get("/account/rows?id=acc-1").status == 200


@pytest.mark.parametrize(
    "page",
    ["/campaigns/c-none", "/cases/k-none", "/account?id=nobody", f"{CAMPAIGN}/rows/facts", "/data/rows/x", "/nowhere"],
)
def test_what_is_not_there_is_said_in_words(console: Served, page: str) -> None:
    answer = console.person("vi").get(page)
    assert answer.status == 404
    assert "Not done" in answer.text


def test_examples_are_shown_after_the_journal_says_so_and_not_to_viewers(console: Served, store_and_run: Desk) -> None:
    text = "Grade the answer from"
    person = console.person("ana")
    assert text not in person.get(CAMPAIGN).text
    assert console.person("vi").post(f"{CAMPAIGN}/examples", {}).status == 403
    before = len(look(store_and_run.store).entries)
    assert text in person.post(f"{CAMPAIGN}/examples", {}).text
    after = look(store_and_run.store).entries
    assert len(after) == before + 1
    last = after[-1]
    assert (last.kind, last.about, last.who.name, last.who.via) == ("look.examples", CASE, "ana", "console")
    assert last.body["run_id"] == "r-1"
    assert last.body["events"]
    assert "examples were shown" in person.get(f"/cases/{CASE}").text


def test_names_of_members_and_typed_text_are_for_analysts(console: Served) -> None:
    assert "acc-3" in console.person("ana").get(f"/cases/{CASE}").text
    assert "acc-3" not in console.person("vi").get(f"/cases/{CASE}").text


def test_settings_say_where_each_came_from_and_whether_the_run_had_the_same(console: Served) -> None:
    page = console.person("vi").get("/settings").text
    assert page.count("<td><bdi>default</bdi></td>") > 10
    assert "other settings" in page
