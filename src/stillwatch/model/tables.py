"""Every table that stages exchange, declared once.

A stage reads named tables and writes named tables; it never imports another stage to get at its data. The types are
engine-neutral words (see ``Column.type``) so that importing this module costs nothing; ``arrow_schema`` turns a
declaration into Arrow. All hashes are signed 64-bit because Spark has no unsigned type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SKELETON_SIZE = 16
"""Smallest keyed shingle hashes kept per part of a request."""
MINHASH_SIZE = 64
"""Slots of the MinHash signature of a prompt."""
BAG_SIZE = 128
"""Buckets of the hashed bag of words of a prompt."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type as a word, whether every row must have it, and what it means."""

    name: str
    type: str  # string | int64 | int32 | float64 | bool | timestamp | strings | int64s | binary
    doc: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table. ``name`` is its name in every engine."""

    name: str
    doc: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a declared table; timestamps are UTC microseconds."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "int32": pa.int32(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "strings": pa.list_(pa.string()),
        "int64s": pa.list_(pa.int64()),
        "binary": pa.binary(),
    }
    return pa.schema([pa.field(c.name, types[c.type], nullable=not c.required) for c in table.columns])


EXCHANGES = Table(
    "exchanges",
    "The canonical log: one row is one request with its response. Never stored by a scan; it ends at the sketch.",
    (
        Column(
            "event_id", "string", "identity of the exchange; a keyed hash of the row where the source has none", True
        ),
        Column("ts", "timestamp", "start of the request", True),
        Column("account_id", "string", "contracting party", True),
        Column("tenant_id", "string", "installation's tenant; links never cross it"),
        Column("duration_ms", "int64", "from start to last byte"),
        Column("ttft_ms", "int64", "from start to first token"),
        Column("api_key_hash", "string", "credential used"),
        Column("org_id", "string", "declared organisation"),
        Column("project_id", "string", "declared project"),
        Column("end_user_id", "string", "supplied by the caller, can be forged: never identity"),
        Column("session_id", "string", "supplied by the caller, can be forged: never identity"),
        Column("client_ip", "string", "IPv4 or IPv6 text"),
        Column("client_asn", "int64", "autonomous system of the address"),
        Column("client_country", "string", "carried for reports of transfers, never scored"),
        Column("user_agent", "string", "client's own name for itself"),
        Column("ja4", "string", "TLS client fingerprint"),
        Column("client_headers", "string", "JSON object of further client headers"),
        Column("operation", "string", "OpenTelemetry gen_ai.operation.name"),
        Column("provider", "string", "OpenTelemetry gen_ai.provider.name"),
        Column("model_request", "string", "model asked for"),
        Column("model_response", "string", "model that answered"),
        Column("temperature", "float64", "sampling temperature"),
        Column("top_p", "float64", "nucleus threshold"),
        Column("max_tokens", "int64", "cap on output tokens"),
        Column("choice_count", "int64", "completions asked for"),
        Column("top_logprobs", "int64", "log probabilities asked for"),
        Column("seed", "int64", "sampling seed"),
        Column("stream", "bool", "answer streamed"),
        Column("reasoning_effort", "string", "effort asked for"),
        Column("response_format", "string", "text, json_object, json_schema"),
        Column("tool_count", "int64", "tools offered"),
        Column("system_instructions", "string", "JSON messages, OpenTelemetry parts form"),
        Column("input_messages", "string", "JSON messages, OpenTelemetry parts form"),
        Column("output_messages", "string", "JSON messages, OpenTelemetry parts form"),
        Column("content_state", "string", "full, truncated, hashed, absent"),
        Column("input_tokens", "int64", ""),
        Column("output_tokens", "int64", ""),
        Column("reasoning_tokens", "int64", ""),
        Column("cached_tokens", "int64", ""),
        Column("finish_reasons", "strings", ""),
        Column("http_status", "int64", ""),
        Column("error_type", "string", "shed_experiment marks a request refused by the keyed coin"),
    ),
)

ACCOUNTS = Table(
    "accounts",
    "The account register, joined as of a request's time; a later valid_from is invisible to earlier epochs.",
    (
        Column("account_id", "string", "contracting party", True),
        Column("tenant_id", "string", "installation's tenant"),
        Column("api_key_hash", "string", "credential"),
        Column("org_id", "string", "declared organisation"),
        Column("plan", "string", "price plan"),
        Column("created_at", "timestamp", "when the account was opened"),
        Column("payment_id", "string", "pseudonym of the means of payment"),
        Column("email_domain_hash", "string", "pseudonym of the mail domain"),
        Column("country", "string", "carried for reports, never scored"),
        Column("identity_verified", "bool", "the owner's identity was checked"),
        Column("data_generation_permitted", "bool", "written permission to generate training data"),
        Column("valid_from", "timestamp", "when this row became true; null = from the beginning"),
    ),
)

REJECTS = Table(
    "rejects",
    "Rows that could not be read. The text is not kept: a keyed hash of it is.",
    (
        Column("file", "string", "file as named by the user; '-' is standard input", True),
        Column("line", "int64", "1-based line, or 1-based row of a columnar file; 0 = the file as a whole", True),
        Column("reason", "string", "short reason, shown to people", True),
        Column("row_hash", "string", "keyed hash of the raw row"),
    ),
)

LATE = Table(
    "late",
    "Requests that arrived after their epoch was closed: counted and shown, never judged.",
    (
        Column("event_id", "string", "identity of the exchange", True),
        Column("ts", "timestamp", "start of the request", True),
        Column("tenant_id", "string", "installation's tenant"),
        Column("account_id", "string", "contracting party", True),
        Column("closed_at", "timestamp", "end of the epoch that was closed when it arrived", True),
        Column("file", "string", "where it was read", True),
    ),
)

SKETCHES = Table(
    "sketches",
    "One row per exchange with every text replaced by keyed sketches; means nothing without the key.",
    (
        Column("event_id", "string", "identity of the exchange", True),
        Column("ts", "timestamp", "start of the request", True),
        Column("account_id", "string", "contracting party", True),
        Column("tenant_id", "string", "installation's tenant"),
        Column("api_key_hash", "string", "credential used"),
        Column("org_id", "string", "declared organisation"),
        Column("end_user", "int64", "keyed hash of the caller's end user id; null = none given"),
        Column("session", "int64", "keyed hash of the caller's session id; null = none given"),
        Column("client_addr", "int64", "keyed hash of the client address"),
        Column("client_net", "string", "address range: IPv4 /24 or IPv6 /48"),
        Column("client_asn", "int64", "autonomous system"),
        Column("user_agent", "string", "client's own name for itself, cut at 120 characters"),
        Column("ja4", "string", "TLS client fingerprint"),
        Column("model_request", "string", "model asked for"),
        Column("temperature", "float64", ""),
        Column("max_tokens", "int64", ""),
        Column("choice_count", "int64", ""),
        Column("top_logprobs", "int64", ""),
        Column("stream", "bool", ""),
        Column("reasoning_effort", "string", ""),
        Column("tool_count", "int64", ""),
        Column("input_tokens", "int64", ""),
        Column("output_tokens", "int64", ""),
        Column("http_status", "int64", ""),
        Column("error_type", "string", ""),
        Column(
            "turns", "int32", "messages before the prompt in the request (history), system instructions not counted"
        ),
        Column("prompt_words", "int32", "tokens of the last user message; 0 = no text"),
        Column("system_words", "int32", "tokens of the system instructions; 0 = none"),
        Column("prompt_exact", "int64", "hash of the whole normalised prompt; 0 = no text"),
        Column("prompt_open", "int64", "hash of its first 8 tokens; 0 = no text"),
        Column("prompt_close", "int64", "hash of its last 8 tokens; 0 = no text"),
        Column("prompt_skeleton", "int64s", "up to 16 smallest distinct shingle hashes, ascending"),
        Column("prompt_minhash", "binary", "64 little-endian int32 slots; empty = no text"),
        Column("prompt_bag", "binary", "128 uint8 counts of hashed tokens, saturating; empty = no text"),
        Column("system_exact", "int64", "hash of the normalised system instructions; 0 = none"),
        Column("system_skeleton", "int64s", "up to 16 smallest distinct shingle hashes, ascending"),
        Column("cues", "int64", "bit mask over the cue catalogue, prompt and system instructions together"),
    ),
)

FACTS = Table(
    "facts",
    "Per account and hour: volume, results, clients and content habits.",
    (
        Column("account_id", "string", "", True),
        Column("tenant_id", "string", ""),
        Column("hour", "timestamp", "start of the hour", True),
        Column("exchanges", "int64", "requests", True),
        Column("served", "int64", "answered requests", True),
        Column("refused", "int64", "requests refused with a status of 400 or more", True),
        Column("shed", "int64", "requests refused by the keyed coin", True),
        Column("output_tokens", "int64", "", True),
        Column("addresses", "int64", "distinct client addresses", True),
        Column("nets", "int64", "distinct address ranges", True),
        Column("agents", "int64", "distinct clients", True),
        Column("prompts", "int64", "distinct prompts", True),
        Column("sessions", "int64", "distinct sessions", True),
        Column("with_history", "int64", "requests that carry earlier turns", True),
        Column("end_users", "int64", "distinct end users", True),
    ),
)

LINKS = Table(
    "links",
    "Why two accounts of a group are believed to belong together; sampled for display, weighed by rarity.",
    (
        Column("campaign_id", "string", "", True),
        Column("account_a", "string", "the smaller account id", True),
        Column("account_b", "string", "the larger account id", True),
        Column(
            "kind",
            "string",
            "template, system, near_duplicate, payment, domain, network, client, onset, succession, likeness",
            True,
        ),
        Column("weight", "float64", "match weight: log10 odds against chance", True),
        Column("shared", "int64", "how many values they share", True),
        Column("population", "int64", "accounts that hold the rarest shared value", True),
    ),
)

TIMELINE = Table(
    "timeline",
    "Per campaign and hour: how much its accounts sent.",
    (
        Column("campaign_id", "string", "", True),
        Column("hour", "timestamp", "start of the hour", True),
        Column("exchanges", "int64", "", True),
        Column("accounts", "int64", "accounts active in the hour", True),
        Column("output_tokens", "int64", "", True),
    ),
)

CAMPAIGNS = Table(
    "campaigns",
    "campaigns.parquet: one row per campaign and account, for joins in the reader's own tools.",
    (
        Column("campaign_id", "string", "", True),
        Column("state", "string", "proposed, watched, provisional, alarmed, retracted", True),
        Column("authorised", "bool", "", True),
        Column("kind", "string", "coordinated, single", True),
        Column("proposed_at", "timestamp", "", True),
        Column("alarmed_at", "timestamp", "end of the epoch in which the budgeted threshold was crossed"),
        Column("log10_e_independence", "float64", "evidence against independence"),
        Column("alpha_independence", "float64", "level that the first gate was given"),
        Column("p_cohort", "float64", "conformal p-value against benign cohorts; null = not asked"),
        Column("alpha_cohort", "float64", "level that the second gate was given so far"),
        Column("cohorts", "int64", "benign cohorts that p_cohort ranks it among; it cannot go below 1 / (cohorts + 1)"),
        Column("tenant_id", "string", "installation's tenant"),
        Column("account_id", "string", "", True),
        Column("role", "string", "member, compromised", True),
        Column("membership_prob", "float64", "", True),
        Column(
            "left_out",
            "string",
            "why it is not judged or named with the group: apart = ways of its own, open = shows whose it is, "
            "stays = keeps to a few address ranges where others move",
        ),
        Column("joined_by", "string", "work = it joined because its work seems to come from a pool of the group's"),
        Column("since", "timestamp", "first exchange under the group", True),
        Column("named_at", "timestamp", "end of the epoch in which the membership was established"),
        Column("exchanges", "int64", "requests with the group's machinery or from its pool since it joined", True),
        Column("requests", "int64", "all requests since it joined", True),
    ),
)

EVIDENCE = Table(
    "evidence",
    "The figures behind every group, unrounded: what a stranger needs to recompute a score, a p-value, a budget.",
    (
        Column("campaign_id", "string", "", True),
        Column("part", "string", "independence, profile, gate, budget", True),
        Column("name", "string", "test, feature or figure", True),
        Column("value", "float64", "independence: natural log of the e-value, -inf = nothing seen", True),
    ),
)

TABLES: tuple[Table, ...] = (EXCHANGES, ACCOUNTS, REJECTS, LATE, SKETCHES, FACTS, LINKS, TIMELINE, CAMPAIGNS, EVIDENCE)
