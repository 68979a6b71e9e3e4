"""Questions of Envoy over gRPC: the service ``envoy.service.auth.v3.Authorization``.

The client's address is the one Envoy saw; what its headers say of an account is believed if Envoy is a trusted proxy.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import grpc

from stillwatch.gateway.answers import Answer
from stillwatch.plugs.authz import Allowed, Question, asked
from stillwatch.plugs.envoy_wire import CHECK, CheckRequest, CheckResponse
from stillwatch.plugs.plug import Plug

_SERVICE, _METHOD = CHECK.strip("/").split("/")
_PARTIAL = "x-envoy-auth-partial-body"
_PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED.value[0]
_OVERWRITE = 2
"""Envoy's OVERWRITE_IF_EXISTS_OR_ADD."""


def service(plug: Plug) -> grpc.GenericRpcHandler:
    """The service that answers from ``plug``."""

    async def check(request: Any, context: grpc.aio.ServicerContext) -> Any:
        await plug.ready()
        return _response(asked(plug, _question(request, context.peer())))

    handler = grpc.unary_unary_rpc_method_handler(
        check, request_deserializer=CheckRequest.FromString, response_serializer=CheckResponse.SerializeToString
    )
    return grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler})


def _question(request: Any, peer: str) -> Question:
    attributes = request.attributes
    http = attributes.request.http
    headers = {entry.key.lower(): entry.value for entry in http.headers}
    for header in http.header_map.headers:
        headers[header.key.lower()] = (header.raw_value or header.value.encode()).decode("latin-1")
    cut = headers.get(_PARTIAL) == "true"
    body = None if cut else http.raw_body or http.body.encode()
    address = attributes.source.address.socket_address.address or None
    return Question(http.method, http.path, headers, body, _host(peer), cut, address)


def _host(peer: str) -> str:
    """The address in gRPC's name of a connection, such as ``ipv4:192.0.2.1:4711`` or ``ipv6:%5B::1%5D:4711``."""
    kind, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""


def _response(answer: Allowed | Answer) -> Any:
    response = CheckResponse()
    if isinstance(answer, Answer):
        response.status.code = _PERMISSION_DENIED
        response.denied_response.status.code = answer.status
        response.denied_response.body = answer.body.decode()
        _add(response.denied_response.headers, answer.headers)
        return response
    response.ok_response.headers_to_remove.extend(name for name, value in answer.up.items() if not value)
    _add(response.ok_response.headers, {name: value for name, value in answer.up.items() if value})
    return response


def _add(to: Any, headers: Any) -> None:
    for name, value in headers.items():
        option = to.add(append_action=_OVERWRITE)
        option.header.key, option.header.value = name, value
