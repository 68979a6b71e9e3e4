"""An account explained line by line: what it sent, every group it was in, why it was or was not named in each.

Pure functions of what the run folder holds. An account that was not named is not under suspicion: the lines say which
gate, or which share of its own traffic, stands between it and a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stillwatch.app.naming import shown
from stillwatch.app.runfolder import Group, Member
from stillwatch.app.telling_campaign import first_gate, share, why_not
from stillwatch.app.telling_links import Row, tell_account_links
from stillwatch.app.traffic import Traffic
from stillwatch.campaigns.membership import LEAST_REQUESTS, NAMED_PROB, is_doubted
from stillwatch.report.wording import count, moment, p_value, plural, power, probability
from stillwatch.report.wording import share as percent

_LEFT_OUT = {
    "apart": "it has ways of its own, in wording or in kind of work, as somebody who merely shares a phrase, so it "
    "was left out of what the group was judged by",
    "open": "it shows whose it is, by an organisation that it shares or a permission, and the group mostly does not, "
    "so it was left out of what the group was judged by",
    "stays": "it keeps to a few address ranges, as people do, where a quarter of the accounts or more come from "
    "another one with most of their requests",
}


def tell_account(account: str, traffic: Traffic, groups: Sequence[Group], links: Sequence[Row] = ()) -> Iterator[str]:
    """All lines about an account; ``groups`` are those it was ever in, ``links`` its LINKS."""
    yield f"Account {shown(account)}: {_verdict(account, groups)}"
    yield from ("", "What it sent (UTC)", *(f"  {line}" for line in _traffic(traffic)))
    yield ""
    if not groups:
        yield (
            "It was never in a group: too few other accounts of this log used the same prompt machinery at the same "
            "time. There was nothing to weigh, so nothing was."
        )
        return
    yield f"Groups it was in ({len(groups):,})"
    for group in groups:
        member = _member(account, group)
        yield f"  {shown(group.campaign_id)}, {_state(group)}, found {moment(group.proposed_at)}"
        yield from (f"    {line}" for line in _place(group, member))
    if links:
        yield from ("", "What links it to other accounts (no evidence, only why they were looked at together)")
        yield from (f"  {line}" for line in tell_account_links(account, links))


def _member(account: str, group: Group) -> Member:
    return next(m for m in group.members if m.account_id == account)


def _named(account: str, groups: Sequence[Group]) -> list[Group]:
    return [g for g in groups if _member(account, g).named_at is not None and g.state == "alarmed"]


def _verdict(account: str, groups: Sequence[Group]) -> str:
    named = _named(account, groups)
    if not named:
        return "not named"
    ids = ", ".join(shown(g.campaign_id) for g in named)
    permitted = " (authorised: permission to generate data is registered)" if all(g.authorised for g in named) else ""
    return f"named in {ids}{permitted}"


def _state(group: Group) -> str:
    plain = {"proposed": "a group that was found and neither alarmed nor watched"}.get(group.state, group.state)
    return f"{plain}, authorised" if group.authorised else plain


def _place(group: Group, member: Member) -> Iterator[str]:
    """Why the account is or is not named in this group."""
    if member.role == "compromised":
        yield (
            "Its owner is probably a victim: most of its requests are its own kind from its own places, and those with "
            "the group's machinery come from the group's. Measures belong to the key, not to the owner."
        )
    if group.state == "alarmed" and member.named_at is not None:
        yield _standing_name(moment(member.named_at), member.membership_prob)
    elif group.state in ("alarmed", "provisional"):
        yield _not_named_in_alarm(group, member)
    elif group.state == "retracted":
        yield "Not named: the group was withdrawn."
    elif not group.independence_rejected:
        yield "Not named: the group did not pass the first gate; its accounts may act independently of one another."
        yield from first_gate(group)
    else:
        yield f"Not named: the group is not alarmed. {why_not(group)}"
    if member.joined_by == "work":
        yield (
            "It joined because its work seems to come from the same pool of prompts as theirs, whether it uses their "
            "wording or not; that alone names nobody."
        )
    yield f"{_first_upper(share(member))}; membership {probability(member.membership_prob)}."
    if group.p_cohort is not None and group.state == "alarmed":
        yield (
            f"Behind it: evidence 10^{power(group.log10_e_independence)} of the 10^{power(group.log10_e_asked)} asked "
            f"against independence, p = {p_value(group.p_cohort)} against harmless groups. "
            f"Explain {shown(group.campaign_id)} to read more."
        )


def _standing_name(when: str, prob: float) -> str:
    if is_doubted(prob):
        return (
            f"Named on {when}, when its membership was at least {NAMED_PROB}. By all that it has sent since it is "
            f"{probability(prob)}: the name is no longer supported. Do nothing to the account because of it."
        )
    return f"Named on {when}: membership {probability(prob)} where {NAMED_PROB} is asked."


def _not_named_in_alarm(group: Group, member: Member) -> str:
    if member.left_out is not None:
        return f"Not named: {_LEFT_OUT[member.left_out]}."
    if member.membership_prob < NAMED_PROB:
        return (
            f"Not named: membership {probability(member.membership_prob)} is below the {NAMED_PROB} asked. Too little "
            "of its own traffic is the group's, as with somebody who copied a prompt or whose key was borrowed: a "
            "bystander."
        )
    if member.exchanges < LEAST_REQUESTS:
        return f"Not named: fewer than {LEAST_REQUESTS} of its requests carry what the group has in common."
    if group.state == "provisional":
        return "Not named yet: the alarm rests on a period that is still open, and nobody is named before it ends."
    return "Not named: by the end of the last complete period its membership was not established."


def _traffic(traffic: Traffic) -> Iterator[str]:
    total, most = traffic.total, traffic.most
    requests = max(total["exchanges"], 1)
    yield (
        f"{plural(total['exchanges'], 'request')} in {traffic.active_hours:,} of the log's "
        f"{plural(traffic.log_hours, 'hour')}, from {moment(traffic.first_hour)} to the hour of "
        f"{moment(traffic.last_hour)}; half of all accounts sent {count(traffic.typical_requests)} or fewer"
    )
    shed = f", {count(total['shed'])} of these by the keyed coin" if total["shed"] else ""
    yield (
        f"{count(total['served'])} answered, {count(total['refused'])} refused{shed}; "
        f"{count(total['output_tokens'])} output tokens"
    )
    yield (
        f"within one hour at most {_several(most['addresses'], 'address', 'addresses')}, "
        f"{_several(most['nets'], 'address range')}, {_several(most['agents'], 'client')}, "
        f"{_several(most['sessions'], 'session')}, {_several(most['end_users'], 'end user')}"
    )
    yield (
        f"{percent(total['prompts'] / requests)} of its requests brought a prompt that was new in their hour, "
        f"{percent(total['with_history'] / requests)} carried earlier turns"
    )


def _several(number: int, singular: str, several: str = "") -> str:
    return plural(number, singular, several) if number else f"no {singular} given"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
