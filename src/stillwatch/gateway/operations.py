"""Which requests a gateway lets through at all, and what each of them is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Dialect = Literal["chat", "completions", "responses", "messages", "results", "other"]
"""How a body says what it asks for, or an answer what it says; ``other`` bodies are neither read nor edited.

``results``: a file, which may hold the answers to a batch, one a line.
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` as in OpenTelemetry where it has one; ``reads_body``: it is JSON, bounded and looked at.

    ``upload``: its body may hold the requests of a batch, one a line.
    """

    name: str
    methods: tuple[str, ...]
    path: re.Pattern[str]
    dialect: Dialect = "other"
    reads_body: bool = False
    captured: bool = False
    batch: bool = False
    export: bool = False
    upload: bool = False


def _operation(name: str, methods: str, path: str, **rest: object) -> Operation:
    return Operation(name, tuple(methods.split()), re.compile(path), **rest)  # type: ignore[arg-type]


_ID = r"[A-Za-z0-9._:/@-]{1,200}"
_MODEL = {"reads_body": True, "captured": True}

OPERATIONS: tuple[Operation, ...] = (
    _operation("chat", "POST", r"/v1/chat/completions", dialect="chat", **_MODEL),
    _operation("text_completion", "POST", r"/v1/completions", dialect="completions", **_MODEL),
    _operation("responses", "POST", r"/v1/responses", dialect="responses", **_MODEL),
    _operation("messages", "POST", r"/v1/messages", dialect="messages", **_MODEL),
    _operation("count_tokens", "POST", r"/v1/messages/count_tokens", dialect="messages", reads_body=True),
    _operation("embeddings", "POST", r"/v1/embeddings", reads_body=True, captured=True),
    _operation("batch", "POST", r"/v1/(?:batches|messages/batches)", reads_body=True, batch=True),
    _operation("stored", "GET POST DELETE", rf"/v1/responses/{_ID}", dialect="responses"),
    _operation("stored", "GET POST DELETE", rf"/v1/(?:batches|messages/batches)/{_ID}", dialect="results"),
    _operation("batches", "GET", r"/v1/(?:batches|messages/batches)"),
    _operation("models", "GET", rf"/v1/models(?:/{_ID})?"),
    _operation("upload", "POST", rf"/v1/files(?:/{_ID})?", upload=True),
    _operation("files", "GET DELETE", rf"/v1/files(?:/{_ID})?", dialect="results"),
    _operation("fine_tuning", "GET POST", rf"/v1/fine_tuning/{_ID}", export=True),
)


_LITERAL = {
    (method, operation.path.pattern): operation
    for operation in OPERATIONS
    if re.fullmatch(r"[a-z0-9/_]+", operation.path.pattern)
    for method in operation.methods
}
"""Operations whose path is one: nearly every request is one of these."""


def operation_of(method: str, path: str) -> Operation | None:
    """The operation of a request; ``None`` where a gateway does not let it through."""
    return _LITERAL.get((method, path)) or next((o for o in OPERATIONS if method in o.methods and _fits(o, path)), None)


def knows_path(path: str) -> bool:
    return any(_fits(operation, path) for operation in OPERATIONS)


def _fits(operation: Operation, path: str) -> bool:
    return operation.path.fullmatch(path) is not None and ".." not in path
