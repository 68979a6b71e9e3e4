"""Every verb of the command line: its name, where its command lies, and its line in ``--help``.

The module is named, not imported: ``stillwatch --help`` must not load what only a scan needs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb; ``module`` defines its ``command``."""

    name: str
    module: str
    summary: str


VERBS: tuple[Verb, ...] = (
    Verb("demo", "stillwatch.cli.demo", "Make a labelled day of traffic, scan it, open the report."),
    Verb("scan", "stillwatch.cli.scan", "Find the accounts that are harvesting the model in a log."),
    Verb("watch", "stillwatch.cli.watch", "Follow a log as it grows; judge each epoch when it is over."),
    Verb("status", "stillwatch.cli.status", "Say how far watching is, and what its store holds."),
    Verb("rehearse", "stillwatch.cli.rehearse", "Plant made-up campaigns in copies of a log; map what is found."),
    Verb("explain", "stillwatch.cli.explain", "Say why an account was or was not named."),
    Verb("review", "stillwatch.cli.review", "Write down that a group is harmless."),
    Verb("hunt", "stillwatch.cli.hunt", "From a tip, find everything under the same hand."),
    Verb("sight", "stillwatch.cli.sight", "Look for other people's indicators in your own history."),
    Verb("case", "stillwatch.cli.case", "Turn alarms into cases, decide them, hand them out."),
    Verb("deliver", "stillwatch.cli.deliver", "Send case events and notices: signed webhooks, mail."),
    Verb("decide", "stillwatch.cli.decide", "Decide on measures: preview, a second person, an end."),
    Verb("gateway", "stillwatch.cli.gateway", "Stand in front of a model: enforce decisions, write the log."),
    Verb("authz", "stillwatch.cli.authz", "Tell nginx and Envoy which requests a decision stands against."),
    Verb("serve", "stillwatch.cli.serve", "Show a run and its cases in a browser."),
    Verb("derive", "stillwatch.cli.derive", "Test whether a suspect model was trained on text we marked."),
    Verb("ingest", "stillwatch.cli.ingest", "Say which adapter fits a log, what it fills, and what is missing."),
    Verb("privacy", "stillwatch.cli.privacy", "Keep the record of processing, answer a regulator, erase."),
    Verb("guard", "stillwatch.cli.guard", "Find what must not leave for an outside AI service."),
    Verb("doctor", "stillwatch.cli.doctor", "Check that this machine is fit for a scan."),
    Verb("config", "stillwatch.cli.config", "Show the settings and where each came from."),
)
