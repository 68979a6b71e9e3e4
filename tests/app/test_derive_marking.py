"""The loop closed: a campaign gets a key of its own, a student learns from its answers, the verdict names it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.derive_keys import KeyPlace, new_key
from stillwatch.app.derive_marking import servings, with_key
from stillwatch.app.derive_test import TestRequest, derive_test
from stillwatch.app.measures import deciding
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.derive.keys import open_store
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.marks.phrases import PAIRS
from stillwatch.errors import ConfigurationError
from stillwatch.feed.decision import Parameters
from stillwatch.feed.files import Follower
from stillwatch.feed.limiter import Limiter
from stillwatch.feed.verdict import Asked, judge
from tests.app.cases.conftest import NOW, Desk, new_desk

CAMPAIGN, OTHER = "c-0a0a0a0a0a0a", "c-0b0b0b0b0b0b"
DAY = timedelta(days=1)


@dataclass
class House:
    """Two alarmed campaigns with a key each, people, a disclosure policy, and a feed."""

    desk: Desk
    feed: Path
    home: Path
    keys: dict[str, str]

    def at(self, who: str, now: datetime = NOW) -> deciding.Desk:
        return deciding.Desk(self.desk.store, self.feed, Actor(who, "test"), now, "because")

    def mark(self, campaign: str, now: datetime = NOW, **changes: Any) -> str:
        """A decision to mark a campaign's outputs, agreed to by a second person; returns its name."""
        asked = DecisionRequest("campaign", campaign, "mark", Parameters(), "enforce", now, now + 14 * DAY)
        done = deciding.propose(self.at("ana", now), with_key(replace(asked, **changes), self.home))
        name = next(entry.about for entry in done.entries)
        deciding.agree(self.at("app", now), name)
        return name

    def serve(self, account: str, text: str, now: datetime = NOW) -> str:
        """What a gateway does: the feed says which group's key, the keyring gives it, the answer is marked."""
        found = Follower(self.feed).read().index.find([f"account:{account}"], now.timestamp())
        group = judge(Asked(), found, now.timestamp(), Limiter(), account, None, None).mark
        return text if group is None else mark_text(open_store(self.home).current(group, "forms").words, text)

    def test(self, suspect: str, out: Path, **changes: Any) -> dict[str, Any]:
        request = TestRequest(
            suspect=(suspect,),
            keys=tuple(self.keys),
            alpha=1e-4,  # keys are drawn by chance: the other one may fit once in ten thousand runs
            decoys=19_999,
            out=out,
            home=self.home,
            now=NOW + 90 * DAY,
            store=self.desk.store,
        )
        return derive_test(replace(request, **changes))


@pytest.fixture
def house(tmp_path: Path, home: Path) -> House:
    desk = new_desk(tmp_path)
    desk.open()
    desk.do("adm", Granted("ada", "approver"), PEOPLE)
    keys = {group: new_key(KeyPlace(home), group, "forms", NOW, commit=True)["key_id"] for group in (CAMPAIGN, OTHER)}
    found = House(desk, tmp_path / "feed", home, keys)
    policy = tmp_path / "terms.txt"
    policy.write_text("Outputs may carry a mark.")
    deciding.disclose(found.at("ada"), policy)
    return found


class Student:
    """Counts which word followed which, and writes so."""

    def __init__(self, texts: list[str]) -> None:
        self._next: dict[str, list[str]] = defaultdict(list)
        for text in texts:
            words = text.split()
            for before, after in zip(["", *words], [*words, ""], strict=True):
                self._next[before].append(after)

    def write(self, rng: np.random.Generator) -> str:
        words = [""]
        while len(words) < 200 and (word := str(rng.choice(self._next[words[-1]]))):
            words.append(word)
        return " ".join(words[1:])


def _answers(rng: np.random.Generator, count: int) -> list[str]:
    """Answers of a model that writes either form as it comes."""
    words = [a + b for a in ("ba", "co", "de", "fi", "gu", "lo", "ma", "ne") for b in ("r", "s", "nt", "ll", "sk")]
    forms = [pair for family, *pair in PAIRS if family in ("negated", "word")]
    return [
        " ".join(f"{rng.choice(words)} {rng.choice(forms[rng.integers(len(forms))])}" for _ in range(20)) + " so."
        for _ in range(count)
    ]


def test_a_verdict_names_the_campaign_whose_answers_were_learned(house: House, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    decision = house.mark(CAMPAIGN)
    house.mark(OTHER)
    asked = _answers(rng, 600)
    # The harvest is learned with what others wrote; the other campaign's answers never left its accounts.
    harvest = [house.serve("acc-3", text) for text in asked[:200]]
    assert harvest != asked[:200] and house.serve("acc-77", asked[0]) == asked[0]
    student = Student([*harvest, *asked[200:]])
    suspect = tmp_path / "suspect.jsonl"
    suspect.write_text("".join(json.dumps({"text": student.write(rng)}) + "\n" for _ in range(200)))
    document = house.test(str(suspect), tmp_path / "verdict")
    assert document["verdict"]["keys"] == [house.keys[CAMPAIGN]]
    assert document["verdict"]["sentences"] == [
        f"trained on text marked with key {house.keys[CAMPAIGN]}, served only to campaign {CAMPAIGN} (accounts hit 8, "
        f"decision {decision}, 2026-03-05T09:00:00Z to 2026-03-19T09:00:00Z); how it got there is not tested"
    ]
    assert [row["served"][0]["whom"] for row in document["results"]] == [CAMPAIGN, OTHER]
    page = (tmp_path / "verdict" / "report.html").read_text()
    assert decision in page and "served only to campaign" in page
    # Neither feed nor journal nor verdict holds anything of a key but its name.
    words = open_store(house.home).current(CAMPAIGN, "forms").words
    written = [*house.feed.rglob("*"), *house.desk.store.rglob("*"), *(tmp_path / "verdict").iterdir()]
    secret = [words.tobytes().hex(), *(str(int(word)) for word in words)]
    assert not [p for p in written if p.is_file() and any(s in p.read_bytes().decode("latin1") for s in secret)]


def test_a_decision_takes_the_campaigns_own_key_and_refuses_one_that_is_not_ready(house: House) -> None:
    def asked(value: str, mark_id: str | None = None) -> DecisionRequest:
        return DecisionRequest("campaign", value, "mark", Parameters(mark_id=mark_id), "enforce", NOW, NOW + DAY)

    assert with_key(asked(CAMPAIGN), house.home).parameters.mark_id == CAMPAIGN
    assert with_key(asked(CAMPAIGN, mark_id=OTHER), house.home).parameters.mark_id == OTHER
    assert with_key(asked(CAMPAIGN, mark_id="the-samplers-own"), house.home).parameters.mark_id == "the-samplers-own"
    with pytest.raises(ConfigurationError, match="keys new --group c-0c0c0c0c0c0c --commit"):
        with_key(asked("c-0c0c0c0c0c0c"), house.home)
    new_key(KeyPlace(house.home), "drawn", "forms", NOW, commit=False)
    with pytest.raises(ConfigurationError, match="no committed key"):
        with_key(asked(CAMPAIGN, mark_id="drawn"), house.home)
    suspended = replace(asked(CAMPAIGN), measure="suspend")
    assert with_key(suspended, house.home) is suspended


def _spans(house: House, key_id: str) -> list[tuple[str, str]]:
    found = servings(house.desk.store, open_store(house.home), [key_id], NOW + 90 * DAY)
    return [(one.starts_at, one.ends_at) for one in found[key_id]]


def test_a_serving_ends_where_the_decision_or_the_key_does(house: House) -> None:
    first = house.mark(CAMPAIGN)
    assert _spans(house, house.keys[CAMPAIGN]) == [("2026-03-05T09:00:00Z", "2026-03-19T09:00:00Z")]
    # The key is rotated on the second day, the decision is lifted on the third.
    second = new_key(KeyPlace(house.home), CAMPAIGN, "forms", NOW + DAY, commit=True)["key_id"]
    deciding.lift(house.at("ana", NOW + 2 * DAY), first)
    assert _spans(house, house.keys[CAMPAIGN]) == [("2026-03-05T09:00:00Z", "2026-03-06T09:00:00Z")]
    assert _spans(house, second) == [("2026-03-06T09:00:00Z", "2026-03-07T09:00:00Z")]
    # Another decision takes its place later; a proposal that nobody agreed to ends nothing.
    house.mark(CAMPAIGN, NOW + 4 * DAY)
    asked = DecisionRequest("campaign", CAMPAIGN, "mark", Parameters(), "enforce", NOW + 5 * DAY, NOW + 9 * DAY)
    deciding.propose(house.at("ana", NOW + 5 * DAY), with_key(asked, house.home))
    assert _spans(house, second)[1:] == [("2026-03-09T09:00:00Z", "2026-03-23T09:00:00Z")]


def test_what_is_only_observed_or_of_another_group_served_nothing(house: House, tmp_path: Path) -> None:
    house.mark(CAMPAIGN, parameters=Parameters(mark_id=OTHER))
    asked = DecisionRequest("campaign", OTHER, "mark", Parameters(), "observe", NOW, NOW + DAY)
    deciding.propose(house.at("ana"), with_key(asked, house.home))
    assert _spans(house, house.keys[CAMPAIGN]) == []
    assert [
        one.whom
        for one in servings(house.desk.store, open_store(house.home), [house.keys[OTHER]], NOW + DAY)[house.keys[OTHER]]
    ] == [CAMPAIGN]
    assert servings(tmp_path / "no store", open_store(house.home), list(house.keys.values()), NOW) == {}
