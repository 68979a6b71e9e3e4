"""A campaign explained line by line: its dates, both gates, the evidence, its accounts, what kept it from an alarm.

Pure functions of what the run folder holds. Words: an account is *named* or *not named*, a group is *watched* or not;
nothing here says what somebody did or wanted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from stillwatch.app.naming import shown
from stillwatch.app.runfolder import Group, Member
from stillwatch.app.telling_links import Row, tell_group_links, tell_relations
from stillwatch.campaigns.document import NO_SHARE
from stillwatch.campaigns.membership import NAMED_PROB, is_doubted
from stillwatch.campaigns.standing import WATCHED_P
from stillwatch.evidence.conformal import floor
from stillwatch.report.document import Record
from stillwatch.report.wording import count, moment, odds, p_value, plural, power, probability, title

MOST_ACCOUNTS = 40


def tell_campaign(group: Group, entry: Record | None, links: Sequence[Row]) -> Iterator[str]:
    """All lines about a group; ``entry`` is its place in campaigns.json, where it has one, ``links`` its LINKS."""
    yield from _opening(group, entry)
    yield from tell_relations(entry)
    yield from ("", "When (UTC)", *_indented(_dates(group, entry)))
    yield from ("", "First gate: could these accounts act independently of one another?")
    yield from _indented(first_gate(group))
    yield from ("", "Second gate: could it be one of the groups that are coordinated and harmless?")
    yield from _indented(second_gate(group))
    yield from ("", "Evidence", *_indented(_evidence(entry)))
    if group.kind != "single":
        yield from ("", "Links between its accounts", *_indented(tell_group_links(links)))
    yield from ("", f"Accounts ({len(group.members):,} were ever in the group)", *_indented(_accounts(group)))
    if group.state != "alarmed":
        told = entry.text("why_not_alarmed", 500) if entry is not None else ""
        yield from ("", "What kept it from an alarm", *_indented([told or why_not(group)]))


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _opening(group: Group, entry: Record | None) -> Iterator[str]:
    yield f"Campaign {shown(group.campaign_id)}: {_MEANINGS.get(group.state, 'in a state this version does not know')}"
    if group.authorised:
        yield (
            "It is authorised: all its accounts belonged to one declared organisation that had permission to generate "
            "data. Nothing is to be done about it."
        )
    if group.state == "alarmed":
        named = sum(member.named_at is not None for member in group.members)
        ever = f"{len(group.members):,} that were ever in the group"
        yield f"{plural(named, 'account is', 'accounts are')} named, of {ever}."
    if entry is not None:
        requests, tokens = count(entry.number("exchanges")), count(entry.number("output_tokens"))
        what = "were counted" if group.kind == "single" else "carried what the accounts have in common"
        yield f"{requests} requests {what}; they received {tokens} output tokens."


_MEANINGS = {
    "alarmed": "alarmed. Two harmless stories were both rejected within the budget",
    "provisional": "provisional. It would alarm if the period that is still open ended as it stands",
    "watched": "watched, not alarmed. The evidence does not carry a name within the budget",
    "proposed": "found as a group, nothing more. Being a group is no accusation",
    "retracted": "withdrawn. It was alarmed once and is no longer",
}


def _dates(group: Group, entry: Record | None) -> Iterator[str]:
    if group.kind == "single":
        yield f"{moment(group.proposed_at)}  compared with harmless busy accounts"
    else:
        yield f"{moment(group.proposed_at)}  found as a group; only requests after this count as evidence"
    if group.alarmed_at is not None:
        yield f"{moment(group.alarmed_at)}  alarmed: the end of the period in which the second gate was passed"
    if entry is not None:
        first, last = moment(entry.moment("first_seen_at")), moment(entry.moment("last_seen_at"))
        yield f"{first} to {last}  requests that count"


def first_gate(group: Group) -> Iterator[str]:
    """The gate of independence in plain words."""
    have, asked = group.log10_e_independence, group.log10_e_asked
    if have is None:
        yield "One busy account, judged for itself: there is nobody it could depend on, so this is not asked."
        return
    if not group.independence_rejected and math.isinf(asked):
        found = "Nothing counted yet, and" if math.isinf(have) else f"Evidence 10^{power(have)}, but"
        yield f"{found} the budget was spent when the group was found: it cannot pass."
        return
    if math.isinf(have):
        yield f"Nothing counted yet of the 10^{power(asked)} asked: it sent too little since it was found. Not passed."
        yield _share_given(asked)
        return
    answer = "passed" if group.independence_rejected else f"not passed, {power(asked - have)} powers of ten short"
    yield f"Evidence 10^{power(have)} of the 10^{power(asked)} asked: {answer}."
    if have >= 1:
        yield f"Were they independent, evidence this strong would turn up in at most {odds(have)} such groups."
    else:
        yield "So far the requests are about as likely from independent accounts."
    yield _share_given(asked)


def _share_given(asked: float) -> str:
    return f"The budget for false alarms gave this group a share of {odds(asked)}, fixed when it was found."


def second_gate(group: Group) -> Iterator[str]:
    """The gate of harmless coordination in plain words."""
    if group.kind == "single":
        yield "A pipeline, a benchmark or a product sends as much; this gate tells them apart."
    else:
        yield "A firm with many keys, a plugin or a class passes the first gate too; this one tells them apart."
    if group.p_cohort is None:
        yield (
            "Not asked: it is only asked behind the first gate, once the group has sent enough after it and its "
            "accounts prove interchangeable."
        )
        return
    yield f"{_cohort_figures(group)}: {'passed' if group.alarmed_at is not None else 'not passed'}."
    if group.cohorts is not None:
        what = "accounts" if group.kind == "single" else "groups"
        alike, least = p_value(group.p_cohort), p_value(floor(group.cohorts))
        yield (
            f"Of the {group.cohorts:,} harmless {what} it was compared with, a share of about {alike} looks at least "
            f"as much like a harvest. With so many to compare with, p cannot go below {least}."
        )
    if group.alarmed_at is None and group.p_cohort > WATCHED_P:
        yield f"Above {WATCHED_P} a group looks like an ordinary harmless one and is not even watched."


def _evidence(entry: Record | None) -> Iterator[str]:
    rows = entry.records("evidence") if entry is not None else ()
    if not rows:
        yield "Kept only for groups that are alarmed, provisional or watched; the gates above are all there is."
    for row in rows:
        against = "independence" if row.text("null") == "independence" else "a harmless group"
        yield f"{title(row.text('test'))} (against {against})"
        yield f"  observed: {row.text('observed', 400)}"
        figures = _figures(row)
        if figures:
            yield f"  {figures}"
        others = ", or ".join(row.texts("could_be", 200))
        yield f"  could be: {others or 'no harmless story is recorded for it'}"


def _figures(row: Record) -> str:
    statistic, expected, weight = row.number("statistic"), row.number("expected"), row.number("log10_e")
    parts = [f"value {statistic:,.4g}" if statistic is not None else ""]
    parts.append(f"expected {expected:,.4g}" if expected is not None else "")
    parts.append(f"evidence 10^{power(weight)}" if weight is not None else "")
    cohort_weight = row.number("weight")
    if cohort_weight is not None:
        direction = "towards a harvest" if cohort_weight > 0 else "towards a harmless group"
        parts.append(f"weight {abs(cohort_weight):.2g} {direction}" if cohort_weight else "weighs nothing")
    return "; ".join(part for part in parts if part)


def _accounts(group: Group) -> Iterator[str]:
    if group.state == "alarmed":
        yield f"Named is whose membership is at least {NAMED_PROB}; whoever only shares some of the traffic is not."
    else:
        yield "No account is named for a group that is not alarmed."
    for member in group.members[:MOST_ACCOUNTS]:
        yield f"{shown(member.account_id)}: {_standing(group, member)}; {share(member)}"
    if len(group.members) > MOST_ACCOUNTS:
        yield f"… and {len(group.members) - MOST_ACCOUNTS:,} more (campaigns.parquet lists all)"


def _standing(group: Group, member: Member) -> str:
    is_named = member.named_at is not None and group.state == "alarmed"
    named = f"named {moment(member.named_at)}" if is_named else "not named"
    role = ", its key seems to be used by others" if member.role == "compromised" else ""
    role += ", which is no longer supported" if is_named and is_doubted(member.membership_prob) else ""
    return f"{named}{role}, membership {probability(member.membership_prob)}"


def share(member: Member) -> str:
    """How much of an account's traffic is the group's."""
    if not member.requests:
        return f"no request counted since it joined on {moment(member.since)}"
    return (
        f"{member.exchanges:,} of its {plural(member.requests, 'request')} since {moment(member.since)} "
        "carry what the group has in common"
    )


def _cohort_figures(group: Group) -> str:
    """The p-value of the look at a group and the level it was given."""
    against = "harmless busy accounts" if group.kind == "single" else "benign cohorts"
    given = f"with α = {p_value(group.alpha_cohort)} asked" if group.alpha_cohort else f"but {NO_SHARE}"
    return f"p = {p_value(group.p_cohort)} against {against}, {given}"


def why_not(group: Group) -> str:
    """From the figures alone, which gate the group stands at and what would decide."""
    if group.state == "provisional":
        return "The period in which it passed is still open. Its end decides."
    if group.state == "retracted":
        return "It was alarmed and then withdrawn."
    if group.log10_e_independence is not None and not group.independence_rejected:
        if math.isinf(group.log10_e_asked):
            return "The first gate was shut: the budget was spent when the group was found, so nothing could pass."
        short = group.log10_e_asked - group.log10_e_independence
        if math.isinf(short):
            return "Nothing counted at the first gate yet: it sent too little since it was found. Later requests count."
        return (
            f"The first gate was not passed: {power(short)} powers of ten are missing, and only later requests add any."
        )
    if group.p_cohort is None:
        return (
            "It passed the first gate, but was not compared with harmless groups: it sent too little since, or its "
            "accounts have habits of their own."
        )
    passed = "It did not pass" if group.kind == "single" else "It passed the first gate, but not"
    return f"{passed} the second, so the harmless story stands. {_cohort_figures(group)}. A person's look decides."
