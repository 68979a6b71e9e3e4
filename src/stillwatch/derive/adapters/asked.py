"""What a request asks, and the same request with a word to the model about its habits.

Contract: ``asked_in`` is the text that an answer answers: the last message of the user, or the prompt. ``with_system``
adds a paragraph to the system prompt, after what is there, and makes one where there is none; text completions have no
system prompt and stay as they are. Both take any JSON object and change nothing else.
"""

from __future__ import annotations

from typing import Any

from stillwatch.derive.adapters.answers import Body, Dialect

_SYSTEM = ("system", "developer")


def asked_in(body: Body, dialect: Dialect) -> str:
    """The text that is to be answered; empty where there is none."""
    if dialect == "completions":
        prompt = body.get("prompt")
        return prompt if isinstance(prompt, str) else _text(prompt[:1] if isinstance(prompt, list) else None)
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            return _text(message.get("content"))
    return ""


def with_system(body: Body, dialect: Dialect, told: str) -> Body:
    """The request with ``told`` at the end of its system prompt."""
    if dialect == "messages":
        return {**body, "system": _longer(body.get("system"), told)}
    messages = body.get("messages")
    if dialect != "chat" or not isinstance(messages, list):
        return body
    first = messages[0] if messages else None
    if isinstance(first, dict) and first.get("role") in _SYSTEM:
        return {**body, "messages": [{**first, "content": _longer(first.get("content"), told)}, *messages[1:]]}
    return {**body, "messages": [{"role": "system", "content": told}, *messages]}


def _longer(content: Any, told: str) -> Any:
    if isinstance(content, list):
        return [*content, {"type": "text", "text": told}]
    return f"{content}\n\n{told}" if isinstance(content, str) and content else told


def _text(content: Any) -> str:
    """A message's text, be it one string or parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None for part in parts)
    return "\n".join(text for text in texts if isinstance(text, str))
