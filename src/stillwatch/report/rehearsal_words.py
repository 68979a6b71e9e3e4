"""What a rehearsal's figures mean, in sentences. Pure functions of the document's record, no I/O."""

from __future__ import annotations

from collections.abc import Iterator

from stillwatch.report import wording
from stillwatch.report.document import Record

CARES = {
    "careless": "works round the clock by a clock's ticks from a few machine rooms, accounts a week old, cards in "
    "batches, and takes a refused request to a sibling account",
    "careful": "sends at random moments in waking hours from steady home addresses, accounts half a year old, a card "
    "each, and no sibling retries",
}
METHODS = {
    "fixed_template": "one template over a list",
    "elicitation": "asks for reasoning and grades",
    "prompt_mill": "writes new instructions",
    "cleaning": "repairs and judges reasoning",
    "live_relay": "passes on customers' chats",
    "shot_list": "a list of plain questions",
}
_CLASSES = {0: "under 100", 100: "100 to 299", 300: "300 to 999", 1_000: "1,000 to 2,999", 3_000: "3,000 to 9,999"}


def wordings(number: int) -> str:
    """``1 wording``, ``30 wordings``; none is a list of plain questions."""
    return wording.plural(number, "wording") if number else "no wording"


def value_words(axis: str, entry: Record) -> str:
    """One value of an axis."""
    if axis == "care":
        return entry.text("value")
    if axis == "method":
        return METHODS.get(entry.raw("value"), entry.text("value"))
    number = entry.number("value") or 0.0
    if axis == "harvest":
        return _CLASSES.get(int(number), f"from {number:,.0f}")
    if axis == "share":
        return wording.share(number)
    return wordings(int(number)) if axis == "wordings" else wording.plural(int(number), "account")


def part(entry: Record) -> str:
    """``3 of 5``."""
    return f"{wording.count(entry.number('found'))} of {wording.count(entry.number('n'))}"


def headline(record: Record) -> str:
    return f"Found {part(record.record('all'))} made-up campaigns planted in your own log"


def sentences(record: Record) -> Iterator[str]:
    """What was done and what came of it."""
    log, design, everything = (record.record(name) for name in ("log", "design", "all"))
    yield (
        f"Your log of {wording.count(log.number('exchanges'))} exchanges and {wording.count(log.number('accounts'))} "
        f"accounts over {wording.decimal(log.number('days'))} days was scanned "
        f"{wording.count(design.number('copies'))} times, each time with a few made-up campaigns slipped into a copy, "
        f"{wording.count(design.number('campaigns'))} in all. Each account of theirs sends "
        f"{wording.count(design.number('requests_per_account_and_day'))} requests a day."
    )
    bounds = f"{wording.share(everything.number('low'))} to {wording.share(everything.number('high'))}"
    before = everything.number("harvest_before")
    gone = (
        ""
        if before is None
        else f" Half of those found had sent {wording.share(before)} or more of their harvest before the alarm."
    )
    watched = everything.count("watched") or 0
    yield (
        f"A scan under these rules found {wording.share(everything.number('rate'))} of them ({bounds} with 95 % "
        f"confidence).{gone} {wording.plural(watched, 'further campaign was', 'further campaigns were')} ranked as "
        "watched, for a person to look at."
    )


def hiding(record: Record) -> Iterator[str]:
    """The smallest harvest that could hide, by care."""
    for care in CARES:
        hidden = record.record("hidden").record(care)
        smallest, largest = hidden.record("smallest_missed"), hidden.record("largest_missed")
        if not smallest.values:
            yield f"{care.capitalize()}: no planted campaign was missed, which rules nothing out."
            continue
        yield (
            f"{care.capitalize()}: the smallest harvest that hid was {_harvest(smallest)}; the largest was "
            f"{_harvest(largest)}. {_above(hidden.record('larger_all_found'))}"
        )


def _harvest(shown: Record) -> str:
    return (
        f"{wording.plural(shown.count('harvest') or 0, 'answer')} taken over "
        f"{wording.plural(shown.count('accounts') or 0, 'account')} "
        f"({METHODS.get(shown.raw('method'), shown.text('method'))}, {wordings(shown.count('wordings') or 0)}, "
        f"{wording.share(shown.number('share'))} harvest)"
    )


def _above(larger: Record) -> str:
    n = larger.count("n") or 0
    if not n:
        return "No larger one was found either: harvests of every planted size could hide."
    return (
        f"{wording.plural(n, 'larger one was', 'larger ones were')} planted and all found, so at least "
        f"{wording.share(larger.number('low'))} of such are, with 95 % confidence."
    )


def limits(record: Record) -> Iterator[str]:
    """What the map does not say."""
    log, design, between = (record.record(name) for name in ("log", "design", "interference"))
    yield (
        "No alarm is no proof of absence. The planted campaigns are made up by six methods and two degrees of care; "
        "a real harvester may be more careful than any of them, or find a seventh way."
    )
    yield (
        "Made-up words in a real log can be easier to tell apart than a real harvester's, and harder where your "
        "customers write of quite other things. Read the map as an order of magnitude."
    )
    yield (
        f"Your log covers {wording.decimal(log.number('days'))} days. Evidence grows with time: over a longer log "
        "more is found, and after a smaller share."
    )
    yield (
        "The end of the log is taken as its end: an alarm raised there counts as found, with all of the harvest gone "
        "that had been taken by then."
    )
    if not log.flag("register"):
        yield "No account register was given: ages, payment and organisations of the planted accounts were not seen."
    yield (
        f"{wording.decimal(between.number('per_copy'))} campaigns shared a copy, never two of one method, on at most "
        f"{wording.share(design.number('most_planted_share'))} of the log's accounts. They share the month's budget, "
        "so a campaign alone would be found no less often: "
        f"{wording.count(between.number('held_back'))} missed ones were conspicuous enough for an alarm and were held "
        f"back by the budget, and {wording.count(between.number('mixed'))} stood in one group with accounts of another."
    )
    yield (
        "The intervals cover the drawing of the campaigns over this one log. Another week of your traffic can differ "
        "by more."
    )
