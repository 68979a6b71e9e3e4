"""Which names of the outside world mean which canonical column: one table, read by every format.

A name is compared after lower-casing and with ``-`` and blanks as ``_``. A canonical name always wins; where a row
has several names of one column, the first that is not null counts, in the order written here.

Deliberately absent: ``user_id`` and ``id`` (who they name differs between systems; a wrong guess would merge accounts
or exchanges), and anything nested, which is the business of a format's own mapping.
"""

from __future__ import annotations

from stillwatch.model.tables import EXCHANGES

ALIASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("event_id", ("request_id", "x_request_id", "gen_ai.response.id")),
    ("ts", ("timestamp", "@timestamp", "time", "start_time", "starttime", "request_time", "created_at")),
    ("account_id", ("account", "customer_id", "user.account.id")),
    ("tenant_id", ("tenant",)),
    ("duration_ms", ("latency_ms", "response_time_ms")),
    ("ttft_ms", ("time_to_first_token_ms",)),
    ("api_key_hash", ("key_hash", "hashed_api_key")),
    ("org_id", ("organization_id", "organisation_id", "organization", "organisation")),
    ("project_id", ("project",)),
    ("end_user_id", ("end_user", "user", "enduser.id")),
    ("session_id", ("conversation_id", "gen_ai.conversation.id", "session.id")),
    ("client_ip", ("ip", "ip_address", "remote_addr", "client.address", "client.ip", "source.ip")),
    ("client_asn", ("asn", "source.as.number", "client.as.number")),
    ("client_country", ("country", "client.geo.country_iso_code", "source.geo.country_iso_code")),
    ("user_agent", ("useragent", "user_agent.original", "http.user_agent")),
    ("ja4", ("tls.client.ja4",)),
    ("client_headers", ("headers", "request_headers")),
    ("operation", ("gen_ai.operation.name",)),
    ("provider", ("gen_ai.provider.name", "gen_ai.system")),
    ("model_request", ("model", "requested_model", "gen_ai.request.model")),
    ("model_response", ("response_model", "gen_ai.response.model")),
    ("temperature", ("gen_ai.request.temperature",)),
    ("top_p", ("gen_ai.request.top_p",)),
    ("max_tokens", ("max_completion_tokens", "max_output_tokens", "gen_ai.request.max_tokens")),
    ("choice_count", ("n", "gen_ai.request.choice.count")),
    ("top_logprobs", ("gen_ai.request.top_logprobs",)),
    ("seed", ("gen_ai.request.seed", "gen_ai.openai.request.seed")),
    ("stream", ("streaming", "gen_ai.request.stream")),
    ("reasoning_effort", ("gen_ai.request.reasoning_effort",)),
    ("response_format", ("gen_ai.output.type", "gen_ai.openai.request.response_format")),
    ("tool_count", ()),
    ("system_instructions", ("system_prompt", "gen_ai.system_instructions")),
    ("input_messages", ("messages", "prompt", "gen_ai.input.messages", "gen_ai.prompt")),
    ("output_messages", ("response", "completion", "gen_ai.output.messages", "gen_ai.completion")),
    ("content_state", ()),
    ("input_tokens", ("prompt_tokens", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")),
    ("output_tokens", ("completion_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")),
    ("reasoning_tokens", ("gen_ai.usage.reasoning.output_tokens",)),
    ("cached_tokens", ("cached_input_tokens", "gen_ai.usage.cache_read.input_tokens")),
    ("finish_reasons", ("finish_reason", "gen_ai.response.finish_reasons")),
    ("http_status", ("status_code", "status", "http.response.status_code", "http.status_code")),
    ("error_type", ("error.type", "error_code")),
)

_RANKED: dict[str, tuple[str, int]] = {
    name: (canonical, rank)
    for canonical, others in ALIASES
    for rank, name in enumerate((canonical, *others))
}  # fmt: skip


def meaning(name: str) -> tuple[str, int] | None:
    """The canonical column a source's column stands for and its rank (0 = canonical), or None for neither."""
    return _RANKED.get(name) or _RANKED.get(name.strip().lower().replace("-", "_").replace(" ", "_"))


def names_for(canonical: str) -> tuple[str, ...]:
    """Every name read as ``canonical``, best first; for messages that say what was looked for."""
    return (canonical, *dict(ALIASES)[canonical])


assert tuple(canonical for canonical, _ in ALIASES) == EXCHANGES.column_names
