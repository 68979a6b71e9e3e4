"""What detection loses where a column of a log is missing: one sentence per column, told before a scan is run.

The one table behind ``stillwatch ingest --explain``. The weight says how much: ``required`` (no scan without it),
``blind`` (no groups), ``weaker`` (evidence or explanations are lost) or ``none`` (a detail of the report).
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.model.tables import EXCHANGES

WEIGHTS = ("required", "blind", "weaker", "none")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one missing column costs."""

    column: str
    weight: str
    sentence: str


COSTS: tuple[Cost, ...] = (
    Cost("event_id", "weaker", "Ids are made from the row, so two requests equal in every column count as one."),
    Cost("ts", "required", "A request without a time is rejected."),
    Cost("account_id", "required", "A request without an account is rejected."),
    Cost("tenant_id", "none", "All requests count as one tenant, which is right unless several share the log."),
    Cost("duration_ms", "none", "Nothing is detected by it."),
    Cost("ttft_ms", "none", "Nothing is detected by it."),
    Cost("api_key_hash", "none", "A stolen key cannot be told from its owner's other keys by a person who looks."),
    Cost("org_id", "none", "Accounts of one organisation are told only by the account register."),
    Cost("project_id", "none", "Nothing is detected by it."),
    Cost("end_user_id", "none", "How many people an account says it serves is not counted."),
    Cost("session_id", "none", "How many conversations an account holds is not counted."),
    Cost("client_ip", "weaker", "No ties through address ranges and no churn of addresses: groups are cut less well."),
    Cost("client_asn", "none", "Networks are told by address ranges alone."),
    Cost("client_country", "none", "It is carried for reports of transfers and never scored."),
    Cost("user_agent", "weaker", "No ties through clients: hands that share a wrapper are not told apart by them."),
    Cost("ja4", "weaker", "Clients are told apart only by what they call themselves."),
    Cost("client_headers", "none", "Nothing is detected by them; --join then finds the request id only in event_id."),
    Cost("operation", "none", "Nothing is detected by it."),
    Cost("provider", "none", "Nothing is detected by it."),
    Cost("model_request", "weaker", "Groups found by the likeness of their work lose the model as a trait."),
    Cost("model_response", "none", "Nothing is detected by it."),
    Cost("temperature", "weaker", "Groups found by the likeness of their work lose the sampling setting as a trait."),
    Cost("top_p", "none", "Nothing is detected by it."),
    Cost("max_tokens", "weaker", "Groups found by the likeness of their work lose the cap on length as a trait."),
    Cost("choice_count", "none", "Nothing is detected by it."),
    Cost("top_logprobs", "none", "Nothing is detected by it."),
    Cost("seed", "none", "Nothing is detected by it."),
    Cost("stream", "weaker", "Groups found by the likeness of their work lose streaming as a trait."),
    Cost("reasoning_effort", "none", "Nothing is detected by it."),
    Cost("response_format", "none", "Nothing is detected by it."),
    Cost("tool_count", "weaker", "Groups found by the likeness of their work lose the use of tools as a trait."),
    Cost("system_instructions", "weaker", "A wrapper in the system prompt is seen only among the messages."),
    Cost("input_messages", "blind", "No groups at all: they are found through text and nothing else."),
    Cost("output_messages", "none", "Nothing is detected by them: groups are found through what was asked."),
    Cost("content_state", "none", "Texts are taken to be whole; cut or hashed ones pass for short prompts."),
    Cost("input_tokens", "none", "Nothing is detected by them."),
    Cost(
        "output_tokens",
        "weaker",
        "The size of a harvest is not stated, and work is compared without the length of answers.",
    ),
    Cost("reasoning_tokens", "none", "Nothing is detected by them."),
    Cost("cached_tokens", "none", "Nothing is detected by them."),
    Cost("finish_reasons", "none", "Nothing is detected by them."),
    Cost("http_status", "weaker", "Refused requests count as answered."),
    Cost(
        "error_type",
        "none",
        "Refusals by the provider's own coin (shed_experiment) cannot be tested; without a coin nothing is lost.",
    ),
)

assert tuple(cost.column for cost in COSTS) == EXCHANGES.column_names
