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
    "single_harvester": "asks for reasoning alone",
    "shot_list": "a list of plain questions",
    "replay": "sends real users' sessions again",
    "low_and_slow": "a few plain tasks a day",
}
_ENOUGH = 6
"""Fewer of a kind bound a rate at less than a half."""
_CLASSES = {0: "under 100", 100: "100 to 299", 300: "300 to 999", 1_000: "1,000 to 2,999", 3_000: "3,000 to 9,999"}


def wordings(number: int) -> str:
    """``1 wording``, ``30 wordings``; none is work without any."""
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


def _days(log: Record) -> str:
    days = log.number("days") or 0.0
    return f"{wording.decimal(days)} {'day' if round(days, 2) == 1 else 'days'}"


def sentences(record: Record) -> Iterator[str]:
    """What was done and what came of it."""
    log, design, everything = (record.record(name) for name in ("log", "design", "all"))
    yield (
        f"Your log of {wording.count(log.number('exchanges'))} exchanges and {wording.count(log.number('accounts'))} "
        f"accounts over {_days(log)} was scanned "
        f"{wording.count(design.number('copies'))} times, each time with a few made-up campaigns slipped into a copy, "
        f"{wording.count(design.number('campaigns'))} in all. Each account of theirs sends "
        f"{wording.count(design.number('requests_per_account_and_day'))} requests a day; "
        f"{wording.count(design.number('requests_of_low_and_slow'))} where it goes low and slow, "
        f"{wording.count(design.number('requests_of_one_alone'))} where it works alone."
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
    """The smallest harvest that could hide, by care and by whether a wording is shared."""
    for entry in record.records("hidden"):
        who = "with a wording" if entry.flag("worded") else "without one"
        yield f"{entry.text('care').capitalize()}, {who}: {_hiding(entry)}"


def _hiding(entry: Record) -> str:
    n, missed = entry.count("n") or 0, entry.count("missed") or 0
    smallest, largest, found = (
        entry.record(f"{name}") for name in ("smallest_missed", "largest_missed", "smallest_found")
    )
    if not missed:
        return f"all {n} planted were found, from {_harvest(found)} up. A smaller harvest was not tried."
    least = f"the smallest harvest that hid was {_harvest(smallest)}"
    if missed == n:
        return (
            f"{least}; none of the {n} planted was found, up to {_harvest(largest)}. A harvest of any size could hide."
        )
    return (
        f"{least}; the smallest that was found, {_harvest(found)}; the largest that hid, {_harvest(largest)}. "
        + _above(entry)
    )


def _harvest(shown: Record) -> str:
    method = shown.raw("method")
    parts = [METHODS.get(method, shown.text("method"))]
    if shown.count("wordings"):
        parts.append(wordings(shown.count("wordings") or 0))
    cover = 1 - (shown.number("share") or 0.0)
    parts += [f"{wording.share(cover)} cover"] if cover > 0 else []
    return (
        f"{wording.plural(shown.count('harvest') or 0, 'answer')} over "
        f"{wording.plural(shown.count('accounts') or 0, 'account')} ({', '.join(parts)})"
    )


def _above(entry: Record) -> str:
    """What lay above the largest that hid."""
    larger = entry.count("larger_all_found") or 0
    if not larger:
        return "None that was larger was found: size alone gives nobody away."
    if larger < _ENOUGH:
        return f"Larger ones were found, {larger} of {larger}: too few to rely on."
    low = wording.share(entry.number("larger_low"))
    return f"Larger ones were all found, {larger} of {larger}, which bounds their rate at {low} or more."


def _held(number: int) -> str:
    return (
        f"{wording.plural(number, 'campaign')} missed a level that it would have reached alone"
        if number
        else ("No campaign missed a level for want of budget")
    )


def limits(record: Record) -> Iterator[str]:
    """What the map does not say."""
    log, design, between = (record.record(name) for name in ("log", "design", "interference"))
    yield (
        "No alarm is no proof of absence. The planted campaigns are made up by nine methods and two degrees of care; "
        "a real harvester may be more careful than any of them, or find a tenth way."
    )
    yield (
        "Made-up words in a real log can be easier to tell apart than a real harvester's, and harder where your "
        "customers write of quite other things. Read the map as an order of magnitude."
    )
    yield (
        f"Your log covers {_days(log)}. Evidence grows with time: over a longer log "
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
        f"{wording.share(design.number('most_planted_share'))} of the log's accounts, so that one scan measures "
        "several. They share the budget and shift a little what is rare, so a verdict near its level can fall either "
        f"way. {_held(between.count('held_back') or 0)} and "
        f"{wording.plural(between.count('mixed') or 0, 'campaign')} stood with another in one group that was compared."
    )
    yield (
        "The intervals cover the drawing of the campaigns over this one log. Another week of your traffic can differ "
        "by more."
    )
