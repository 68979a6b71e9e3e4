"""The verdict on a demonstration, on one screen: planted, found, missed and why, spared, and what to do next.

Contract: at most ``MOST_LINES`` lines of at most ``WIDTH`` columns, as long as the folder's name is short; every figure
comes from the run. What was missed and who was wrongly accused is said as plainly as what was found.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from stillwatch.app.judging import OperatorVerdict, Verdict
from stillwatch.app.runfolder import Group
from stillwatch.report.wording import count, p_value, plural, power, share
from stillwatch.worlds.world import World

WIDTH = 80
MOST_LINES = 24
_MOST_FALSE = 2

METHODS: Mapping[str, str] = {
    "fixed_template": "one template over a long list of items",
    "elicitation": "asks for reasoning and for grades",
    "shot_list": "works off a list mixed of many tasks",
    "prompt_mill": "has tasks and prompts written for it",
    "live_relay": "passes on its own customers' chats",
    "replay": "replays others' conversations",
    "cleaning": "has training text cleaned and judged",
    "low_and_slow": "few requests each, a person's words",
    "single_harvester": "one account asks for reasoning",
}
"""What each planted operator does, in plain words."""

LOOKALIKES: Mapping[str, str] = {
    "products": "products",
    "declared_firm": "a declared firm",
    "undeclared_pool": "an undeclared pool",
    "moving_firm": "a firm that moves",
    "plugin": "a plugin",
    "front_end": "a chat app",
    "classroom": "a class",
    "benchmark_runs": "benchmark teams",
    "evaluation_team": "an evaluation team",
    "nightly_checks": "nightly tests",
    "backfill": "an index filler",
    "coding_tool": "a coding tool",
    "aggregator": "a reseller",
    "licensed_generator": "a licensed generator",
    "viral_prompt": "a viral prompt",
    "launch_day": "launch day",
    "safety_researchers": "safety researchers",
    "franchise": "a franchise",
    "translators": "translators",
    "shared_door": "one shared door",
    "annotators": "crowd workers",
    "tutors": "tutors",
    "individuals": "individuals",
    "scripts": "small scripts",
}
"""Whom a harvest is easily confused with, in plain words."""


def tell_demo(verdict: Verdict, world: World, seed: int, out: Path) -> Iterator[str]:
    """All lines."""
    requests, accounts = world.exchanges.num_rows, world.truth.num_rows
    yield f"A day of made-up traffic (seed {seed}): {requests:,} requests of {accounts:,} accounts."
    yield (
        f"Planted: {plural(len(verdict.operators), 'operator')} that harvest the model, "
        f"{len(verdict.lookalikes)} kinds of harmless look-alikes."
    )
    yield ""
    for operator in verdict.operators:
        yield from _operator(operator)
    yield ""
    yield from _accused(verdict)
    yield from _lookalikes(verdict)
    yield ""
    yield from _next(verdict, out)


def _operator(operator: OperatorVerdict) -> Iterator[str]:
    size = f"{operator.accounts:,} accounts, {operator.requests:,} requests"
    yield f"{_WORD[operator.found]:<7} {METHODS[operator.kind]:<39} {size:>32}"
    yield f"        {_outcome(operator)}"


_WORD = {True: "FOUND", False: "MISSED"}


def _outcome(operator: OperatorVerdict) -> str:
    if operator.found and operator.nearest is not None:
        named = f"named {operator.named:,} of {operator.accounts:,} accounts"
        return f"{operator.nearest.campaign_id}: {named}, after {share(operator.harvested)} of its harvest"
    if operator.nearest is None:
        each = operator.requests / operator.accounts
        return f"below what can be seen: {each:.1f} requests each, too little in common"
    return f"{operator.nearest.campaign_id} ({operator.nearest.state}): {_why_missed(operator, operator.nearest)}"


def _why_missed(operator: OperatorVerdict, nearest: Group) -> str:
    """What stands between the nearest group and a find."""
    if nearest.state in ("alarmed", "provisional"):
        held = f"{len(nearest.members):,} of its {operator.accounts:,} accounts"
        return f"{held}, too few for a find" if nearest.state == "alarmed" else f"{held}, not settled yet"
    if not nearest.independence_rejected:
        return f"evidence 10^{power(nearest.log10_e_independence)} of 10^{power(nearest.log10_e_asked)}"
    if nearest.p_cohort is None:
        return "coordinated, not yet compared with cohorts"
    return f"coordinated; p = {p_value(nearest.p_cohort)}, {p_value(nearest.alpha_cohort)} asked"


def _accused(verdict: Verdict) -> Iterator[str]:
    for alarm in verdict.false_alarms[:_MOST_FALSE]:
        whose = LOOKALIKES.get(alarm.kinds[0], "victims of stolen keys")
        yield f"FALSE   {alarm.campaign_id}: {alarm.innocent:,} of {alarm.accounts:,} accounts innocent ({whose})"
    if len(verdict.false_alarms) > _MOST_FALSE:
        yield f"FALSE   and {plural(len(verdict.false_alarms) - _MOST_FALSE, 'more campaign')}"
    if verdict.accused:
        no_false = "" if verdict.false_alarms else "No campaign is false, but "
        yield f"{no_false}{plural(verdict.accused, 'innocent account')} named in all."
    else:
        yield "No campaign is false, and no innocent account is named."


def _lookalikes(verdict: Verdict) -> Iterator[str]:
    """Every kind with its accounts; who was accused is said in place."""
    parts = []
    for kind in verdict.lookalikes:
        accused = f", {kind.accused} ACCUSED" if kind.accused else ""
        parts.append(f"{LOOKALIKES[kind.kind]} ({count(kind.accounts)}{accused})")
    title = "Look-alikes" if any(kind.accused for kind in verdict.lookalikes) else "Spared look-alikes"
    text = f"{title} (accounts): {', '.join(parts)}"
    yield from textwrap.wrap(text, WIDTH, subsequent_indent="        ")


def _next(verdict: Verdict, out: Path) -> Iterator[str]:
    found = [o.nearest.campaign_id for o in verdict.operators if o.found and o.nearest is not None]
    seen = [o.nearest.campaign_id for o in verdict.operators if o.nearest is not None]
    yield f"Report: {out / 'run' / 'report.html'}"
    yield f"Why:    stillwatch explain {next(iter(found or seen), 'ACCOUNT')} --run {out / 'run'}"
    yield "Yours:  stillwatch scan YOUR-LOG --accounts YOUR-REGISTER --out my-run"
