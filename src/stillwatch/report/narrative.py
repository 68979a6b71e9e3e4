"""Prose, rendered last and from values only.

Contract: pure functions of the read model that return plain sentences; nothing here is read back by any code. The words
keep apart what was observed and what was inferred, and never name an operator.

Deliberately not done: markup, and any sentence that a number of the page does not carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stillwatch.report import wording
from stillwatch.report.view import Campaign, Drift, Gate, Report, Run

NULL_LABELS = {"independence": "Independence", "cohort": "Benign cohort"}
NULL_MEANINGS = {
    "independence": "these accounts act independently of one another",
    "cohort": "they are coordinated the way harmless groups are: a firm, a plugin, a class, a benchmark",
}
SINGLE_LABEL = "Harmless busy account"
SINGLE_MEANING = "this account is busy the way harmless ones are: a pipeline, a benchmark, a product"

UNLIKE = 1.3
"""Power of ten of the evidence from which it is told that groups are unlike the calibration set: odds of 20 to 1."""

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Exchange", "One request to the model together with its response."),
    ("Account", "The party that holds the contract. The person behind it is not known to the log."),
    ("Group", "Accounts that were found together. Being a group is no accusation."),
    ("Campaign", "A group for which both nulls were rejected within the budget."),
    (
        "Null",
        "A harmless story that the data may contradict. There are two: the accounts are independent of one another, "
        "or they belong together the way harmless groups do.",
    ),
    (
        "e-value",
        "How strongly the data contradict independence. If the accounts were independent, an e-value of 1,000 or more "
        "would turn up at most once in 1,000 such groups, however long one keeps looking. Shown as its power of ten: "
        "log10 e = 3 is an e-value of 1,000.",
    ),
    (
        "p cohort",
        "Rank of the group among harmless coordinated groups that also passed the first test. 0.01 means that about "
        "one in a hundred of those looks at least this much like a harvest.",
    ),
    (
        "Budget",
        "The number of false campaigns that may be expected in a month. It is set before looking, divided among all "
        "groups, and shown as spent. What it cannot carry is watched, not alarmed.",
    ),
    (
        "Calibration set",
        "The harmless groups that p cohort compares with. Its size limits how small p can get; the kinds of group in "
        "it limit what the promise covers.",
    ),
    ("Proposed", "When the group was first found. Only what came after counts as evidence."),
    ("Alarmed at", "The end of the period in which the evidence crossed the threshold; never dated with hindsight."),
    ("Named at", "The same for one account: from then on its membership was established."),
    ("Compromised", "The account's key is used by others. Its owner is a victim; measures belong to the key."),
    ("Link", "A rare thing that two accounts share. It explains why they were looked at; it convicts nobody."),
    ("Harvest", "Taking a model's behaviour in bulk through its API, for instance to train another model on it."),
)

LIMITS: tuple[str, ...] = (
    "A harvester with enough accounts, wording that differs everywhere and no retries is statistically invisible in a "
    "log. No finding is no proof of absence. A rehearsal on your own traffic shows how small a harvest could hide.",
    "What the log does not hold cannot be judged: other providers, resellers, requests outside the span, text that was "
    "truncated or hashed before it was written.",
    "Who is behind a campaign cannot be seen. Accounts, keys and addresses are not persons, and shared infrastructure "
    "is not a shared operator. Naming one is the decision of a person, outside this report.",
    "What the outputs were used for cannot be seen either. That a model was trained on them is a separate question "
    "with separate tests on that model.",
    "The error rate holds for harmless groups of the kinds in the calibration set. A kind never seen there can alarm "
    "more often than promised.",
)

CONTEST: tuple[str, ...] = (
    "Ask for the campaign id, the run id and the configuration hash on this page. With the same log and the same key "
    "the scan gives the same result.",
    "Show the innocent explanation and what supports it: a register entry, a contract, a plugin's source, a course, a "
    "benchmark's name. Each piece of evidence above lists explanations that fit it.",
    "If you hold permission to generate data, have it entered in the account register with the date from which it was "
    "valid. The next scan treats the accounts as authorised from that time on.",
    "If a key was stolen, say so. The account is then treated as compromised and measures move to the key.",
    "The decision about an account belongs to a person who has read the evidence, not to this report.",
)


def headline(report: Report) -> str:
    """What the scan found, in one line."""
    alarmed, watched = len(report.alarmed), len(report.watched)
    found = wording.plural(alarmed, "campaign") if alarmed else "No campaign"
    rest = f", {wording.plural(watched, 'group')} watched" if watched else ""
    return f"{found} alarmed{rest}"


def alarm_meaning(run: Run) -> tuple[str, ...]:
    """What an alarm says and what it does not."""
    return (
        "An alarm means that two harmless stories were both rejected by traffic that came after the group was found: "
        "that the accounts act independently, and that they are coordinated the way harmless groups are.",
        _promise(run),
        "An alarm does not say who operates the accounts, why, or whether the law was broken. Nobody is accused by "
        "coordination alone: groups that are merely coordinated are watched or left in peace.",
    )


def _promise(run: Run) -> str:
    known = [b.per_month for b in run.budgets if b.per_month is not None]
    if not known:
        return "The document does not state the budget of false campaigns, so no error rate can be given for this scan."
    total = wording.decimal(sum(known))
    return (
        f"The budget is {total} expected false campaigns a month over all groups of this installation, provided that "
        "its harmless groups are like the ones used for calibration. It is a rate over many months, not a verdict on "
        "one case."
    )


def calibration(run: Run) -> str:
    """How far the second gate can see, where the document says it."""
    known = run.calibration
    if known is None or known.cohorts is None:
        return ""
    floor = f"; p cannot go below {wording.p_value(known.floor)}" if known.floor is not None else ""
    return f"{wording.plural(known.cohorts, 'harmless cohort')} to compare with{floor}"


def drift(run: Run) -> tuple[str, ...]:
    """What speaks against the comparison with the calibration set; nothing where nothing does."""
    said = run.drift
    if said is None:
        return ()
    sentences = []
    if said.statement in ("widened", "suspended"):
        sentences.append(f"{_drifted(said)} {_drift_answer(said)}")
    if (said.log10_e_unlike or 0.0) >= UNLIKE:
        sentences.append(
            f"The ordinary groups of this log are not spread as the calibration set says (evidence of "
            f"10^{wording.power(said.log10_e_unlike)}): the budget's promise rests on a likeness that is not there. "
            "Have groups reviewed before an alarm is acted upon."
        )
    return tuple(sentences)


def _drifted(said: Drift) -> str:
    days = "" if said.window_days is None else f" of the last {wording.plural(said.window_days, 'day')}"
    return (
        f"Of {wording.count(said.ordinary)} ordinary groups{days} {wording.count(said.near)} stand next to the "
        f"conspicuous ones, where {wording.decimal(said.expected)} were to be expected."
    )


def _drift_answer(said: Drift) -> str:
    since = "For now" if said.since is None else f"Since {wording.moment(said.since)} UTC"
    if said.statement == "widened" and said.factor is not None:
        return f"{since} the groups of these days are held to levels divided by {said.factor:g}."
    return f"{since} no group of these days is alarmed: what would be is watched, and says so."


def gate_label(campaign: Campaign, gate: Gate) -> str:
    """Name of the null that a gate tests for this campaign."""
    return SINGLE_LABEL if campaign.kind == "single" else NULL_LABELS[gate.null]


def gate_meaning(campaign: Campaign, gate: Gate) -> str:
    """That null as a clause."""
    return SINGLE_MEANING if campaign.kind == "single" else NULL_MEANINGS[gate.null]


def gate_reading(gate: Gate) -> str:
    """A gate in words."""
    if gate.strength is None:
        return "not tested"
    if gate.required is None:
        return "stands; no level was given"
    if gate.passed:
        return "rejected"
    return f"stands; {wording.power(gate.missing)} powers of ten short"


def summary(campaign: Campaign) -> tuple[str, ...]:
    """A campaign in a few sentences, each carried by a figure above it."""
    sentences = (_who(campaign), _independence(campaign), _cohort(campaign), _dates(campaign), _relations(campaign))
    return tuple(s for s in sentences if s)


def _who(c: Campaign) -> str:
    victims = sum(a.compromised for a in c.accounts)
    who = wording.plural(len(c.accounts), "account")
    exchanges, tokens = wording.figure(c.exchanges), wording.figure(c.output_tokens)
    sent = f"{who} sent {exchanges} exchanges and received {tokens} output tokens"
    owner = "belongs to a victim" if victims == 1 else "belong to victims"
    told = f"{sent}." if not victims else f"{sent}; {victims} of these accounts {owner} whose key is used by others."
    doubted = sum(a.doubted for a in c.accounts)
    stand = "name of one is" if doubted == 1 else f"names of {doubted} are"
    return told if not doubted else f"{told} The {stand} no longer supported by what came since."


def _independence(c: Campaign) -> str:
    if c.log10_e is None or c.log10_e < 1 or c.kind == "single":
        return ""
    return (
        f"If the accounts were independent of one another, evidence this strong would turn up in at most "
        f"{wording.odds(c.log10_e)} such groups."
    )


def _cohort(c: Campaign) -> str:
    if c.p_cohort is None:
        return ""
    known = f" of calibration set {c.calibration_id}" if c.calibration_id else ""
    share = wording.p_value(c.p_cohort)
    among = "busy accounts" if c.kind == "single" else "coordinated groups"
    return f"Among the harmless {among}{known}, a share of {share} looks at least as much like a harvest."


def _dates(c: Campaign) -> str:
    if c.alarmed_at is None:
        return ""
    late = f", {wording.duration(c.alarmed_at - c.proposed_at)} after the group was found" if c.proposed_at else ""
    open_epoch = " The period is still open, so the alarm may change." if c.standing.name == "provisional" else ""
    return (
        f"The thresholds were crossed in the period that ended on {wording.moment(c.alarmed_at)} UTC{late}.{open_epoch}"
    )


def _relations(c: Campaign) -> str:
    return " ".join(relations(c.predecessor, c.shared_infrastructure_with, c.also_named_in, c.kinds_of_work))


def relations(
    predecessor: str, shared_with: Sequence[str], also_named: Sequence[tuple[str, int]], kinds: Sequence[int]
) -> Iterator[str]:
    """What relates a campaign to others of the log, and its accounts to one another; all ids inert."""
    if predecessor:
        yield f"It took up the machinery of {predecessor} after the accounts of that campaign had stopped."
    if shared_with:
        yield (
            f"It shares rare infrastructure (address ranges, clients or means of payment) with "
            f"{', '.join(shared_with)}, which does not make them one operator."
        )
    for other, accounts in also_named:
        yield (
            f"{wording.plural(accounts, 'account')} of it {'is' if accounts == 1 else 'are'} named by {other} too: "
            "count them once. One operator may be behind both, or several behind each."
        )
    if kinds:
        *most, least = (f"{n:,}" for n in kinds)
        yield (
            f"Its accounts do {len(kinds)} kinds of work ({', '.join(most)} and {least} accounts): "
            "they may be several operators', or one operator's who does several things."
        )


def innocent(c: Campaign) -> tuple[str, ...]:
    """Every innocent explanation that the evidence allows, with the tests it could explain and how many those are."""
    tests: dict[str, list[str]] = {}
    for e in c.evidence:
        for explanation in e.could_be:
            tests.setdefault(explanation, []).append(e.title)
    whole = wording.plural(len(c.evidence), "finding")
    return tuple(f"{name}: could explain {', '.join(found)} ({len(found)} of {whole})" for name, found in tests.items())


def innocent_reading(c: Campaign) -> str:
    """Why they fail or hold. No explanation is tested by itself: the second gate weighs them together."""
    return f"{_weighed(c)} One that is named for some findings is not known to explain the others."


def _weighed(c: Campaign) -> str:
    gate = c.cohort
    if gate.strength is None or c.p_cohort is None:
        return "None of them has been weighed yet: the group was not compared with harmless ones."
    p, limit = wording.p_value(c.p_cohort), wording.p_value(gate.limit)
    if gate.passed:
        return (
            f"They fail as far as harmless groups of these kinds were at hand to compare with: a share of {p} of those "
            f"looks at least as much like a harvest, where at most {limit} was asked. One that is not of a kind in the "
            "calibration set may still hold."
        )
    held = f"at most {limit} was asked" if gate.required is not None else "the budget gave it no level to be held to"
    return f"They hold: a share of {p} of harmless groups looks at least as much like a harvest, and {held}."


def would_decide(c: Campaign) -> tuple[str, ...]:
    """What would turn a watched group into a campaign or clear it."""
    return tuple(s for s in (_first_gate_lacks(c), _second_gate_lacks(c), _permission(c)) if s)


def _first_gate_lacks(c: Campaign) -> str:
    gate, null = c.independence, NULL_LABELS["independence"].lower()
    if c.kind == "single":
        return ""
    if gate.strength is None:
        return f"Traffic after the proposal: {null} has not been tested yet."
    if gate.passed or gate.missing is None:
        return ""
    return (
        f"More traffic of the same kind: the evidence against {null} lacks {wording.power(gate.missing)} powers of "
        "ten. If it stops growing, nothing speaks against that null."
    )


def _second_gate_lacks(c: Campaign) -> str:
    if c.cohort.passed or not (c.independence.passed or c.kind == "single"):
        return ""
    if c.kind == "single":
        return "A comparison with harmless accounts of the same habits, such as evaluations and nightly batches."
    if c.cohort.strength is None:
        return "A comparison with harmless coordinated groups; coordination is established, harm is not."
    return (
        "Coordination is established, harm is not. A declared organisation, plugin or course behind the accounts would "
        "clear them; traffic shaped for training under concealed identities would speak against them."
    )


def _permission(c: Campaign) -> str:
    if c.kind == "single":
        return "A look at the register: permission to generate data settles it."
    return "A look at the register: one organisation behind all accounts, with permission to generate data, settles it."
