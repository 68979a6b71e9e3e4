"""Make ``spend_logs.jsonl`` and ``spend_logs.csv``: rows of LiteLLM_SpendLogs as LiteLLM's proxy builds them.

Needs ``litellm[proxy]`` in an environment of its own; the version used is in ``../README.md``. The calls are answered
by ``mock_response``, the rows come from the function with which the proxy fills the table, with prompts stored. Only
the data base is missing: its columns hold what the function returns.
"""

from __future__ import annotations

import csv
import json
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy import proxy_server
from litellm.proxy.spend_tracking.spend_tracking_utils import get_logging_payload

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = []
DONE = threading.Event()
KEYS = (
    {"user_api_key": "8" * 64, "user_api_key_user_id": "user-made-up-1", "user_api_key_team_id": "team-made-up"},
    {"user_api_key": "9" * 64, "user_api_key_user_id": "default_user_id", "user_api_key_team_id": "team-made-up"},
)


class Keep(CustomLogger):
    def log_success_event(self, kwargs: Any, response_obj: Any, start_time: datetime, end_time: datetime) -> None:
        row = get_logging_payload(kwargs, response_obj, start_time, end_time)
        ROWS.append(json.loads(json.dumps(dict(row), default=str)))
        if len(ROWS) == len(KEYS):
            DONE.set()


def main() -> None:
    proxy_server.general_settings["store_prompts_in_spend_logs"] = True
    litellm.callbacks = [Keep()]
    for number, key in enumerate(KEYS):
        messages = [{"role": "user", "content": ("Name a colour.", "Name a tree.")[number]}]
        litellm.completion(
            model="gpt-4o-mini",
            messages=messages,
            temperature=0.2,
            mock_response=("Blue", "Oak")[number],
            metadata={**key, "requester_ip_address": "192.0.2.7"},
            proxy_server_request={"body": {"model": "gpt-4o-mini", "messages": messages, "temperature": 0.2}},
        )
    DONE.wait(timeout=30)  # callbacks run beside the call
    (HERE / "spend_logs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with (HERE / "spend_logs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)


if __name__ == "__main__":
    main()
