"""A measure is proposed: choose it, fill in what it takes, look at whom it would hit, propose exactly that.

Writes through ``app.measures.deciding`` alone, as ``stillwatch decide propose`` does. What is proposed is what was
looked at: the preview's digest comes back with the proposal, and where the preview is another one by then nothing is
written and the new one is shown.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from stillwatch.app.derive_marking import with_key
from stillwatch.app.measures import deciding
from stillwatch.app.measures.request import DecisionRequest, Preview
from stillwatch.console.asking import SCOPES, asked_of, request_of
from stillwatch.console.inertly import inertly
from stillwatch.console.pages.decisions import desk
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.feed.catalogue import LADDER, Measure, measure_of, takes_two
from stillwatch.feed.decision import REASONING
from stillwatch.keyring import stillwatch_home
from stillwatch.measures.rules import LONGEST
from stillwatch.report.wording import title

SHOWN = 200
USUAL_DAYS = 30
_LABELS = {
    "requests_per_minute": "Requests per minute",
    "burst": "Requests at once",
    "logprobs": "Log probabilities",
    "max_choices": "Choices at most",
    "max_tokens": "Tokens at most",
    "reasoning": "Reasoning",
    "batch": "Batches",
    "tier": "Tier",
    "mark_id": "Mark, or empty for the campaign's own",
}
_CHOICES = {
    "logprobs": (("false", "none"),),
    "batch": (("false", "none"),),
    "reasoning": tuple((word, word) for word in REASONING[1:]),
}


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter as a form asks for it: one of ``choices`` (value, words), or typed where there are none."""

    name: str
    label: str
    needed: bool
    choices: tuple[tuple[str, str], ...]


def measure(visit: Visit) -> Response:
    """The form of one measure; without one, the ladder to choose from."""
    asked = {name: visit.request.query_params.get(name, "")[:256] for name in ("scope", "value", "tenant", "measure")}
    if asked["scope"] not in SCOPES:
        raise RefusalError(404, f"a measure is decided for one of: {', '.join(SCOPES)}")
    chosen = measure_of(asked["measure"])
    return visit.show(
        "measure.html.j2",
        asked=asked,
        shown=inertly(asked),
        ladder=[(rung, takes_two(rung.name)) for rung in LADDER],
        chosen=chosen,
        inputs=list(_inputs(visit, chosen)) if chosen else [],
        days=(USUAL_DAYS, LONGEST.days),
    )


def propose(visit: Visit) -> Response:
    """Shows whom it would hit; with the digest of exactly that, writes it."""
    asked = asked_of(visit.form)
    request = _request(visit, asked)
    # What the rules refuse is said now, not after the look.
    preview = deciding.propose(desk(visit, asked["why"], dry_run=True), request).preview
    assert preview is not None
    digest, confirmed = _digest(preview, asked), visit.form.get("confirm")
    if confirmed == digest:
        done = deciding.propose(desk(visit, asked["why"]), request)
        return RedirectResponse(f"/decisions/{quote(done.entries[0].about, safe='')}", 303)
    return visit.show(
        "preview.html.j2",
        409 if confirmed else 200,
        asked=asked,
        shown=inertly(asked),
        told=inertly(preview.document),
        rows=inertly(preview.accounts[:SHOWN]),
        total=len(preview.accounts),
        changed=bool(confirmed),
        digest=digest,
    )


def _inputs(visit: Visit, chosen: Measure) -> Iterator[Input]:
    tiers = visit.console.casebook.sight().docket.tiers
    choices = {**_CHOICES, "tier": tuple((tier.name, tier.name) for tier in tiers.tiers) if tiers else ()}
    for name in (*chosen.needs, *chosen.takes):
        # A campaign's own mark is taken where none is named.
        needed = name in chosen.needs and name != "mark_id"
        yield Input(name, _LABELS.get(name, title(name)), needed, choices.get(name, ()))


def _request(visit: Visit, asked: Mapping[str, str]) -> DecisionRequest:
    in_run = asked["scope"] == "campaign" and any(
        c.campaign_id == asked["value"] for c in visit.snapshot.report.campaigns
    )
    request = request_of(asked, visit.console.order, visit.now, in_run=in_run)
    return with_key(request, stillwatch_home(os.environ))


def _digest(preview: Preview, asked: Mapping[str, str]) -> str:
    """Of everything that was shown and filled in, but the moment at which it would begin."""
    told = {name: value for name, value in preview.document.items() if name not in ("starts_at", "expires_at")}
    return hashlib.sha256(json.dumps([told, asked], sort_keys=True).encode()).hexdigest()
