"""A proposed pool, followed: what its members ask after the proposal, kept for one test.

``Followup.start`` freezes everything that led to the proposal: the directions, the members' means, the habits of
comparable outside accounts. ``observe`` then adds up first messages made later, a few dozen numbers per member, so
nothing is used twice. The test itself is ``evidence.dealt``. ``component`` says which requests are the pool's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stillwatch.evidence import dealt
from stillwatch.evidence.dealt import Floats, Habits
from stillwatch.groups.leanings import WORDING, Means, features
from stillwatch.groups.likeness import LEAST_TEXTS, Likeness, Space
from stillwatch.model.frame import Codes, Frame, Ints


@dataclass
class Followup:
    """Sums of later first messages of ``accounts`` (ascending), who all had a mean at the proposal."""

    accounts: Codes
    space: Space
    past: dealt.Means
    near: Habits | None
    sums: Floats
    texts: Floats

    @staticmethod
    def start(likeness: Likeness, groups: list[Codes]) -> list[Followup | None]:
        """Follow each of ``groups`` from now on; ``None`` for one too few of whose accounts have a mean yet."""
        means = likeness.leanings.means(LEAST_TEXTS)
        space = likeness.space(means, WORDING)
        if space is None:
            return [None] * len(groups)
        place = space.place(means.mean)
        return [_follow(means, space, place, group, likeness.kin(group)) for group in groups]

    def observe(self, frame: Frame, first: Ints) -> None:
        """Take in one epoch after the proposal; ``first``: rows of first messages, of these accounts at least."""
        rows = first[np.isin(frame.account[first], self.accounts)]
        if len(rows):
            who = np.searchsorted(self.accounts, frame.account[rows])
            np.add.at(self.sums, who, self.space.place(features(frame, rows)))
            self.texts += np.bincount(who, minlength=len(self.texts))

    def component(self, frame: Frame, rows: Ints) -> Ints:
        """Those of ``rows``, first messages, that are likelier dealt from this pool than from anywhere else.

        By words and lengths alone: settings are an account's, not a message's.
        """
        place = self.space.place(features(frame, rows))
        # The median member, because a few members with other work must not move the pool.
        middle = np.median(self.past.place, axis=0)
        anywhere = 1.0 + self.space.spread
        ratio = (place**2 / anywhere + np.log(anywhere) - (place - middle) ** 2).sum(axis=1)
        dealt_rows: Ints = rows[ratio > 0]
        return dealt_rows

    def likely(self) -> Codes:
        """Those of the accounts that are likelier dealt from the pool than in the habits of anybody else, ascending."""
        found: Codes = self.accounts[dealt.likely(self.past, self.near, self.space.spread)]
        return found

    def log_e(self) -> float:
        """Log e-value against habits of their own, from what was taken in so far; to be asked once."""
        place = self.sums / np.maximum(self.texts, 1.0)[:, None]
        return dealt.log_e(self.past, dealt.Means(place, self.texts), self.near, self.space.spread)


def _follow(means: Means, space: Space, place: Floats, group: Codes, kin: Codes) -> Followup | None:
    inside = np.isin(means.accounts, group)
    if int(inside.sum()) < dealt.LEAST_MEMBERS:
        return None
    # Other pieces of the same pool are no strangers to compare with.
    outside = ~inside & ~np.isin(means.accounts, kin)
    past = dealt.Means(place[inside], means.texts[inside])
    near = dealt.comparable(past, dealt.Means(place[outside], means.texts[outside]), space.spread)
    members = means.accounts[inside]
    return Followup(members, space, past, near, np.zeros_like(past.place), np.zeros(len(members)))
