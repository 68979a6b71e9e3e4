"""Which personal data the declared tables hold: a category for every column, and what becomes of every table.

Contract: a column is classified by its name, one meaning for all tables. A column that nobody classified counts as
personal and shows as ``unclassified``, so a new column can be overlooked by a person but not by the record. Everything
in a row about an account is about its holder; ``NEUTRAL`` names the columns that by themselves speak of nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stillwatch.model.tables import ACCOUNTS, EXCHANGES, SKETCHES, TABLES, Table

UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Category:
    """A category of personal data; ``fides_key`` is the nearest one of the fideslang taxonomy."""

    name: str
    words: str
    fides_key: str
    people: str
    columns: frozenset[str]


def _category(name: str, words: str, fides_key: str, people: str, columns: str) -> Category:
    return Category(name, words, fides_key, people, frozenset(columns.split()))


CATEGORIES: tuple[Category, ...] = (
    _category(
        "account",
        "identifiers of accounts and organisations, plans and permissions",
        "user.account",
        "account_holders",
        "account_id account_a account_b tenant_id org_id project_id plan created_at valid_from "
        "identity_verified data_generation_permitted",
    ),
    _category(
        "credential", "hashes of credentials", "user.authorization.credentials", "account_holders", "api_key_hash"
    ),
    _category("payment", "pseudonyms of means of payment", "user.payment", "account_holders", "payment_id"),
    _category("contact", "pseudonyms of mail domains", "user.contact.email", "account_holders", "email_domain_hash"),
    _category(
        "end_user",
        "identifiers of end users and sessions as callers supply them",
        "user.unique_id.pseudonymous",
        "end_users",
        "end_user_id end_user session_id session",
    ),
    _category(
        "network",
        "network addresses, ranges and systems",
        "user.device.ip_address",
        "account_holders",
        "client_ip client_asn client_addr client_net addresses nets",
    ),
    _category(
        "country",
        "country of an address or an account",
        "user.location.imprecise",
        "account_holders",
        "client_country country",
    ),
    _category(
        "client",
        "client software and its traits",
        "user.device",
        "account_holders",
        "user_agent ja4 client_headers agents",
    ),
    _category(
        "content",
        "requests, instructions and answers, and sketches of them",
        "user.content.private",
        "people_in_texts",
        "system_instructions input_messages output_messages content_state prompt_words system_words prompt_exact "
        "prompt_open prompt_close prompt_skeleton prompt_minhash prompt_bag system_exact system_skeleton cues prompts",
    ),
    _category(
        "usage",
        "when and how much an account asked, of which model, with which parameters and result",
        "user.behavior",
        "account_holders",
        "event_id ts hour closed_at duration_ms ttft_ms operation provider model_request model_response temperature "
        "top_p max_tokens choice_count top_logprobs seed stream reasoning_effort response_format tool_count "
        "input_tokens output_tokens reasoning_tokens cached_tokens finish_reasons http_status error_type turns "
        "exchanges served refused shed sessions with_history end_users requests",
    ),
    _category(
        "finding",
        "membership in groups and the evidence for it",
        "user.x_finding",
        "account_holders",
        "campaign_id state authorised kind proposed_at alarmed_at log10_e_independence alpha_independence p_cohort "
        "alpha_cohort cohorts role membership_prob joined_by left_out since named_at weight shared part name value",
    ),
    _category("reject", "keyed hashes of rows that could not be read", "user", "account_holders", "row_hash"),
)
NEUTRAL = frozenset(("file", "line", "reason", "population", "accounts"))
"""Columns about a file, or counts over many accounts."""

PASSING: tuple[Table, ...] = (EXCHANGES, ACCOUNTS, SKETCHES)
"""Tables that are read or made during a run and gone with it."""
KEPT: tuple[Table, ...] = tuple(table for table in TABLES if table not in PASSING)
"""Tables that a run folder may hold: all others, so that a new one counts as kept until somebody says otherwise."""


def category_of(column: str) -> str:
    """The name of a column's category; empty for a neutral one."""
    if column in NEUTRAL:
        return ""
    return next((c.name for c in CATEGORIES if column in c.columns), UNCLASSIFIED)


def named(name: str) -> Category:
    """The category of that name."""
    found = next((c for c in CATEGORIES if c.name == name), None)
    return found or Category(UNCLASSIFIED, "columns that nobody classified yet", "user", "account_holders", frozenset())


def held_in(tables: Iterable[Table]) -> dict[str, list[str]]:
    """The columns of ``tables`` by category, in the order of the catalogue."""
    found: dict[str, list[str]] = {name: [] for name in (*(c.name for c in CATEGORIES), UNCLASSIFIED)}
    for table in tables:
        for column in table.column_names:
            if name := category_of(column):
                found[name].append(column)
    return {name: columns for name, columns in found.items() if columns}
