"""Make ``payloads.jsonl``: what LiteLLM's proxy hands to its callbacks, in three dialects, streamed and not.

Needs ``litellm[proxy]`` in an environment of its own, whose ``litellm`` is the argument; the version used is in
``../README.md``. The proxy is the real one; the model behind it is ``tests/plugs/model.py``.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.plugs.model import serving
from tests.plugs.test_litellm import ASKED, AUTH, CHAT, started

CALLBACK = """
import json
from litellm.integrations.custom_logger import CustomLogger


class Keep(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        with open("payloads.jsonl", "a") as file:
            file.write(json.dumps(kwargs["standard_logging_object"], default=str) + "\\n")


keep = Keep()
"""
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]


def main(litellm: str) -> None:
    with tempfile.TemporaryDirectory() as name, serving() as (_, port):
        folder, upstream = Path(name), f"http://127.0.0.1:{port}"
        models = {"large": ("openai/large", "/v1"), "claude": ("anthropic/claude", "")}
        listed = [
            {"model_name": name, "litellm_params": {"model": of, "api_base": upstream + base, "api_key": "sk-upstream"}}
            for name, (of, base) in models.items()
        ]
        (folder / "auth.py").write_text(AUTH)
        (folder / "keep.py").write_text(CALLBACK)
        settings = "general_settings: {custom_auth: auth.known}\nlitellm_settings: {callbacks: [keep.keep]}\n"
        with started(litellm, folder, f"model_list: {json.dumps(listed)}\n{settings}") as proxy:
            for path, more in (*((path, {}) for path in ASKED), (CHAT, {"tools": TOOLS})):
                for stream in (False, True):
                    assert proxy.ask("one", path, stream=stream, **more)[0] == 200
                    time.sleep(2)  # callbacks run beside the call; their order is to be that of the calls
        shutil.copy(folder / "payloads.jsonl", Path(__file__).parent / "payloads.jsonl")


if __name__ == "__main__":
    main(sys.argv[1])
