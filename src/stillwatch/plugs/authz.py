"""What a proxy is told that asks before it lets a request through: nginx's auth_request, Envoy's ext_authz.

Contract: a question is the head of a request, and its body where the proxy sends one; the answer is a refusal in the
dialect of the path, or the headers that go up with the request. The proxy cannot change requests and answers here, so
limits are out of reach, and counted so; which model is asked for is seen only where the body is.

Deliberately knows no protocol: ``authz_http`` and ``authz_grpc`` do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from stillwatch.gateway import bodies, headers, identity
from stillwatch.gateway.admission import RefusedError
from stillwatch.gateway.answers import Answer, refused
from stillwatch.gateway.identity import Caller
from stillwatch.gateway.operations import Operation
from stillwatch.plugs.plug import Plug, operation


@dataclass(frozen=True, slots=True)
class Question:
    """A request that a proxy asks about. ``headers`` have small names.

    ``body`` is ``None`` where none was sent whole; then ``cut`` says that there is one, too large to be sent.

    ``peer``: the proxy. ``address``: the client, as a proxy says that is believed anyway; else headers are looked at.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    peer: str
    cut: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """``up``: what the request goes up with. An empty value takes away what a client said."""

    up: Mapping[str, str]


def asked(plug: Plug, question: Question) -> Allowed | Answer:
    """The answer to a question."""
    now, began = time.time(), time.perf_counter()
    path = question.path.partition("?")[0]
    found = operation(question.method, path)
    try:
        answer = _judged(plug, question, path, found, now)
    except RefusedError as error:
        answer = refused(error.refusal, found.dialect)
    status = answer.status if isinstance(answer, Answer) else 200
    plug.metrics.observe(found.name, status, time.perf_counter() - began)
    return answer


def _judged(plug: Plug, question: Question, path: str, found: Operation, now: float) -> Allowed | Answer:
    seen = identity.client(question.peer, question.headers, plug.trusted)
    if question.address is not None:
        seen = identity.Client(question.address, seen.ja4, seen.account_id)
    caller = plug.admit(path, seen, question.headers, now)
    if caller is None:
        return Allowed({headers.MARK: ""})
    caller = _with_every_key(plug, caller, question)
    body = _body(plug, question) if found.reads_body and plug.gate.held.tiers is not None else {}
    verdict = plug.gate.rule(caller, lambda: bodies.asked(found, body), now)
    if verdict.refusal is not None:
        return refused(verdict.refusal, found.dialect)
    return Allowed({headers.MARK: headers.safe(verdict.mark or "")})


def _with_every_key(plug: Plug, caller: Caller, question: Question) -> Caller:
    """The caller, with the decisions about every key that the request carries.

    The server behind may look at another one than we do, and nothing can be taken away from the request here.
    """
    scopes = dict.fromkeys(caller.scopes)
    nobody = identity.Client("", None, None)
    for name in headers.CREDENTIALS:
        for piece in question.headers.get(name, "").split(","):
            hashed = identity.key_hash({name: piece.strip()})
            holder = plug.keys.get(hashed) if plug.keys is not None and hashed is not None else None
            if hashed is not None and (other := identity.caller(hashed, holder, nobody)) is not None:
                scopes.update(dict.fromkeys(other.scopes))
    return replace(caller, scopes=tuple(scopes))


def _body(plug: Plug, question: Question) -> bodies.Body:
    """The body, where release tiers make it matter which model is asked for."""
    if question.cut:
        # Else a body that is padded would get any model.
        raise RefusedError(413, "body_too_large", "The body is too large to be judged.")
    if not question.body:
        plug.gate.counts["release-tier", "out_of_reach"] += 1
        return {}
    try:
        return bodies.read(question.body)
    except bodies.UnreadableBodyError as error:
        raise RefusedError(400, "unreadable_body", str(error)) from None
