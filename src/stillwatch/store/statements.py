"""Statements that every engine runs as they stand here: what DuckDB and Spark both understand.

Each reads a table under the name it has below, and promises no order.
"""

FACTS_SQL = """
SELECT account_id, tenant_id, date_trunc('hour', ts) AS hour,
       count(*) AS exchanges,
       count(*) FILTER (WHERE coalesce(http_status, 200) < 400) AS served,
       count(*) FILTER (WHERE http_status >= 400) AS refused,
       count(*) FILTER (WHERE error_type = 'shed_experiment') AS shed,
       coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
       count(DISTINCT client_addr) AS addresses,
       count(DISTINCT client_net) AS nets,
       count(DISTINCT user_agent) AS agents,
       count(DISTINCT nullif(prompt_exact, 0)) AS prompts,
       count(DISTINCT session) AS sessions,
       count(*) FILTER (WHERE turns > 0) AS with_history,
       count(DISTINCT end_user) AS end_users
FROM epoch GROUP BY ALL
"""
