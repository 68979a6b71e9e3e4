"""Attribute names of GenAI telemetry, by canonical column, in the order in which they are believed.

Current names of the OpenTelemetry conventions come first, then their older names, then OpenInference, then
OpenLLMetry (Traceloop) and Langfuse. The conventions rename often and their Python constants are deprecated, so the
names stand here.

Deliberately absent: anything that holds messages, which ``otlp_messages`` reads.
"""

from __future__ import annotations

NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("event_id", ("http.request.header.x-request-id", "gen_ai.response.id", "llm.response.id")),
    (
        "account_id",
        (
            "stillwatch.account_id",
            "account_id",
            "account.id",
            "user.account.id",
            "customer.id",
            "traceloop.association.properties.account_id",
            "user.id",
            "langfuse.user.id",
            "traceloop.association.properties.user_id",
        ),
    ),
    ("tenant_id", ("tenant.id", "tenant_id")),
    ("api_key_hash", ("api_key_hash", "stillwatch.api_key_hash")),
    ("org_id", ("organization.id", "gen_ai.openai.organization", "openai.organization")),
    ("project_id", ("project.id",)),
    ("end_user_id", ("enduser.id", "gen_ai.request.user", "gen_ai.user", "llm.user")),
    (
        "session_id",
        (
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "traceloop.association.properties.session_id",
        ),
    ),
    ("client_ip", ("client.address", "http.client_ip", "client.ip")),
    ("client_country", ("client.geo.country_iso_code",)),
    ("user_agent", ("user_agent.original", "http.user_agent", "http.request.header.user-agent")),
    ("ja4", ("tls.client.ja4",)),
    ("operation", ("gen_ai.operation.name", "llm.request.type", "openinference.span.kind")),
    ("provider", ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")),
    ("model_request", ("gen_ai.request.model", "llm.request.model", "llm.model_name", "embedding.model_name")),
    ("model_response", ("gen_ai.response.model", "llm.response.model")),
    ("temperature", ("gen_ai.request.temperature", "llm.temperature", "llm.request.temperature")),
    ("top_p", ("gen_ai.request.top_p", "llm.top_p", "llm.request.top_p")),
    ("max_tokens", ("gen_ai.request.max_tokens", "llm.request.max_tokens", "llm.max_tokens")),
    ("choice_count", ("gen_ai.request.choice.count",)),
    ("top_logprobs", ("gen_ai.request.top_logprobs",)),
    ("seed", ("gen_ai.request.seed", "gen_ai.openai.request.seed")),
    ("stream", ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming", "llm.request.streaming")),
    ("reasoning_effort", ("gen_ai.request.reasoning_effort", "gen_ai.openai.request.reasoning_effort")),
    ("response_format", ("gen_ai.output.type", "gen_ai.openai.request.response_format")),
    (
        "input_tokens",
        (
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "llm.usage.prompt_tokens",
        ),
    ),
    (
        "output_tokens",
        (
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "llm.usage.completion_tokens",
        ),
    ),
    (
        "reasoning_tokens",
        (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
        ),
    ),
    (
        "cached_tokens",
        (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read",
        ),
    ),
    ("finish_reasons", ("gen_ai.response.finish_reasons", "llm.response.finish_reason", "llm.finish_reason")),
    ("http_status", ("http.response.status_code", "http.status_code")),
    ("error_type", ("error.type", "exception.type")),
)

OPERATIONS = {
    "chat": "chat",
    "completion": "text_completion",
    "text_completion": "text_completion",
    "generate_content": "generate_content",
    "embedding": "embeddings",
    "embeddings": "embeddings",
    "llm": "chat",
    "rerank": None,
}
"""Kinds of work that are requests to a model; ``None`` and every other word is something else."""

PARAMETERS = "llm.invocation_parameters"
"""OpenInference: all request parameters as one JSON text."""
DETAILS = "gen_ai.client.inference.operation.details"
"""The log record that holds a whole request."""
