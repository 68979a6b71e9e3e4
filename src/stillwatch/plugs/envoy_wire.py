"""The messages of Envoy's external authorization, version 3, as far as they are used: field numbers and types.

What is on the wire of ``envoy.service.auth.v3.Authorization`` and of the messages it refers to, under their published
field names and numbers. The subset stands here because packages of the published protos bring whole namespaces of other
projects along. Fields that are not declared are skipped on reading, as Protobuf does. Names of messages are not on the
wire; a map is a list of its entries.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CHECK = "/envoy.service.auth.v3.Authorization/Check"
_PACKAGE = "stillwatch.envoy"
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Status": ((1, "code", "int32"), (2, "message", "string")),
    "HttpStatus": ((1, "code", "int32"),),
    "HeaderValue": ((1, "key", "string"), (2, "value", "string"), (3, "raw_value", "bytes")),
    "HeaderMap": ((1, "headers", "*HeaderValue"),),
    "HeaderValueOption": ((1, "header", "HeaderValue"), (3, "append_action", "int32")),
    "SocketAddress": ((2, "address", "string"),),
    "Address": ((1, "socket_address", "SocketAddress"),),
    "Peer": ((1, "address", "Address"),),
    "Entry": ((1, "key", "string"), (2, "value", "string")),
    "HttpRequest": (
        (2, "method", "string"),
        (3, "headers", "*Entry"),
        (4, "path", "string"),
        (11, "body", "string"),
        (12, "raw_body", "bytes"),
        (13, "header_map", "HeaderMap"),
    ),
    "Request": ((2, "http", "HttpRequest"),),
    "AttributeContext": ((1, "source", "Peer"), (4, "request", "Request")),
    "CheckRequest": ((1, "attributes", "AttributeContext"),),
    "DeniedHttpResponse": ((1, "status", "HttpStatus"), (2, "headers", "*HeaderValueOption"), (3, "body", "string")),
    "OkHttpResponse": ((2, "headers", "*HeaderValueOption"), (5, "headers_to_remove", "*string")),
    "CheckResponse": (
        (1, "status", "Status"),
        (2, "denied_response", "DeniedHttpResponse"),
        (3, "ok_response", "OkHttpResponse"),
    ),
}
_TYPES = {"int32": 5, "string": 9, "bytes": 12}
_MESSAGE, _ONE, _MANY = 11, 1, 3


def _built() -> dict[str, Any]:
    """A class for each message, in a pool of their own."""
    file = descriptor_pb2.FileDescriptorProto(name="stillwatch/envoy.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            plain = kind.removeprefix("*")
            message.field.add(
                name=field,
                number=number,
                label=_MANY if kind != plain else _ONE,
                type=_TYPES.get(plain, _MESSAGE),
                type_name=None if plain in _TYPES else f".{_PACKAGE}.{plain}",
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


_CLASSES = _built()
CheckRequest = _CLASSES["CheckRequest"]
CheckResponse = _CLASSES["CheckResponse"]
