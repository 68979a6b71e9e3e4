"""What a request's body asks for, and the body with less in it.

Contract: ``read`` takes any bytes; what is no JSON object raises ``UnreadableBodyError``. A request that something was
judged about goes on as it was read, spelled anew: what a second parser makes of doubled names cannot differ. A field of
an unexpected type is left for the upstream to refuse, except where it would slip past a limit: then the limit replaces
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from stillwatch.feed.decision import Parameters
from stillwatch.feed.verdict import Asked
from stillwatch.gateway.operations import Dialect, Operation

Body = dict[str, Any]
_decoder = msgspec.json.Decoder()
_CAPS: dict[Dialect, tuple[str, ...]] = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
    "messages": ("max_tokens",),
    "results": (),
    "other": (),
}
_LOGPROBS = ("logprobs", "top_logprobs")
_WITH_LOGPROBS = "message.output_text.logprobs"
_CHOICES = ("n", "best_of")


class UnreadableBodyError(ValueError):
    """A body that is no JSON object; the text says why and shows nothing of it."""


def read(raw: bytes) -> Body:
    """The object of a body."""
    try:
        body = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBodyError(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise UnreadableBodyError("the body is not a JSON object")
    return body


def asked(operation: Operation, body: Body) -> Asked:
    """What the body asks for."""
    model = body.get("model")
    caps = [found for name in _CAPS[operation.dialect] if (found := _whole(body.get(name))) is not None]
    choices = max((_whole(body.get(name)) or 1 for name in _CHOICES), default=1)
    return Asked(
        model if isinstance(model, str) else None,
        operation.batch,
        operation.export,
        _asks_logprobs(body),
        choices,
        min(caps, default=None),
        tuple({model for p in batched(body) if isinstance(model := p.get("model"), str)}) if operation.batch else (),
    )


def batched(body: Body) -> Iterator[Body]:
    """The requests that a batch holds in itself, as Messages has it."""
    requests = body.get("requests")
    params = [r.get("params") for r in requests if isinstance(r, dict)] if isinstance(requests, list) else []
    return (p for p in params if isinstance(p, dict))


def edited(operation: Operation, body: Body, limits: Parameters | None) -> bytes:
    """The body under limits, spelled anew."""
    return spelled(limited(operation, body, limits))


def limited(operation: Operation, body: Body, limits: Parameters | None) -> Body:
    """The body under limits."""
    if limits is None or not _CAPS[operation.dialect]:
        return body
    changed = dict(body)
    if limits.logprobs is False:
        _strip_logprobs(changed)
    if limits.max_choices is not None:
        for name in _CHOICES:
            if name in changed and not _at_most(changed[name], limits.max_choices):
                changed[name] = limits.max_choices
    if limits.max_tokens is not None:
        _cap_tokens(changed, _CAPS[operation.dialect], limits.max_tokens)
    return changed


def _cap_tokens(body: Body, names: tuple[str, ...], most: int) -> None:
    """Cap whichever name is given; where none is, set the first, because upstreams default to their own most."""
    given = [name for name in names if body.get(name) is not None]
    for name in given or names[:1]:
        if not _at_most(body.get(name), most):
            body[name] = most


def _strip_logprobs(body: Body) -> None:
    for name in _LOGPROBS:
        body.pop(name, None)
    include = body.get("include")
    if isinstance(include, list) and _WITH_LOGPROBS in include:
        body["include"] = [entry for entry in include if entry != _WITH_LOGPROBS]


def _asks_logprobs(body: Body) -> bool:
    include = body.get("include")
    return any(body.get(name) for name in _LOGPROBS) or (isinstance(include, list) and _WITH_LOGPROBS in include)


def _at_most(value: Any, most: int) -> bool:
    found = _whole(value)
    return found is not None and found <= most


def _whole(value: Any) -> int | None:
    """A whole number; JSON's true is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def spelled(body: Body) -> bytes:
    return msgspec.json.encode(body)
