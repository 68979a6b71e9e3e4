"""What may be told to a partner about a case: a plain value that the exports write in their own words.

Contract: accounts appear under names that only mean something to who holds the exchange's key (``keyed``); two partners
with different keys cannot join what they were sent. Nothing that was typed leaves except through an attribution that
two people carried. No prompt, no country; keyed machinery and address ranges only where a person asked for them.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from stillwatch.cases.acts import Disposition, Sighting
from stillwatch.cases.machinery import Machinery
from stillwatch.cases.state import Case

TECHNIQUE, TECHNIQUE_NAME = "AML.T0024.002", "Extract AI Model"
TECHNIQUE_URL = "https://atlas.mitre.org/techniques/AML.T0024.002"


@dataclass(frozen=True, slots=True)
class Shared:
    """A case as a partner is told it. ``changed_at``: the last entry about it."""

    case_id: str
    opened_at: str
    changed_at: str
    closed: bool
    disposition: Disposition | None
    retracted: bool
    campaigns: tuple[Sighting, ...]
    accounts: tuple[str, ...]
    machinery: Machinery | None = None
    ranges: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence that says what is known and what is not."""
        if self.retracted:
            return "The alarm was retracted: disregard what was sent about this group."
        word = {"confirmed": "Confirmed", "benign": "Found harmless", "inconclusive": "Not decided"}
        status = word[self.disposition] if self.disposition else "Under review"
        return (
            f"{status}: {len(self.accounts)} accounts of one API act together and unlike harmless groups. "
            "Group flagged, operator not named here."
        )


def shared(case: Case, changed_at: str, accounts: tuple[str, ...]) -> Shared:
    """A case for a partner; ``accounts`` are keyed names."""
    return Shared(
        case.case_id,
        case.opened_at,
        changed_at,
        case.state == "closed",
        case.disposition,
        case.retraction is not None,
        tuple(case.sightings.values()),
        accounts,
    )


def keyed(key: bytes, account: str) -> str:
    """An account's name in one exchange: a partner with the same key finds its own accounts by making it again."""
    return hmac.digest(key, b"stillwatch/1/exchange\x1e" + account.encode("utf-8", "surrogatepass"), "sha256").hex()[
        :32
    ]
