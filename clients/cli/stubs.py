"""The services' rpcs by name, found in the generated descriptors: a new rpc needs no line here."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from uuid import uuid4

import aftercare.notifications.v1
import aftercare.quality_complaints.v1
import aftercare.returns.v1
import aftercare.shipping_issues.v1
import grpc
from aftercare.admin.v1 import admin_pb2
from aftercare.casework.v1 import approvals_pb2
from aftercare.common.v1 import access_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from clients.cli import money
from clients.cli.session import SERVICES, Session


def _modules(package: ModuleType) -> tuple[Any, ...]:
    """Every generated module of one service's contract, its own service first."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__) if found.name.endswith("_pb2")]
    names.sort(key=lambda name: (name != "service_pb2", name))
    return tuple(importlib.import_module(f"{package.__name__}.{name}") for name in names)


_MODULES: dict[str, tuple[Any, ...]] = {
    "returns": _modules(aftercare.returns.v1),
    "shipping_issues": _modules(aftercare.shipping_issues.v1),
    "quality_complaints": _modules(aftercare.quality_complaints.v1),
    "notifications": _modules(aftercare.notifications.v1),
}

WITH_APPROVALS = ("returns", "shipping_issues", "quality_complaints")
"""Those in which a second person decides."""

TIMEOUT = 15.0
"""Seconds a call may take."""


class UnknownRpc(Exception):
    """No service has an rpc of that name; the message lists near ones."""


def services_of(service: str) -> list[ServiceDescriptor]:
    """The gRPC services that one of our services serves: its own, the customers', approvals and the operators'."""
    own = [d for module in _MODULES[service] for d in module.DESCRIPTOR.services_by_name.values()]
    desk = [approvals_pb2.DESCRIPTOR.services_by_name["ApprovalService"]] if service in WITH_APPROVALS else []
    return [*own, *desk, admin_pb2.DESCRIPTOR.services_by_name["AdminService"]]


def methods(service: str) -> Iterator[MethodDescriptor]:
    """Every rpc of one service."""
    for descriptor in services_of(service):
        yield from descriptor.methods


def find(service: str, rpc: str) -> MethodDescriptor:
    """The rpc by its name, whatever its case."""
    for method in methods(service):
        if method.name.lower() == rpc.lower().replace("-", "").replace("_", ""):
            return method
    names = ", ".join(sorted(m.name for m in methods(service)))
    raise UnknownRpc(f"{service} has no rpc {rpc}; it has {names}")


def rule(method: MethodDescriptor) -> access_pb2.AccessRule:
    """Who may call it and whether it changes anything."""
    return method.GetOptions().Extensions[access_pb2.access]


def request(method: MethodDescriptor, values: dict[str, Any]) -> Message:
    """A request of `method` from plain values; a mutating one gets a request id where none is given.

    Raises ValueError naming the field that does not fit.
    """
    message = GetMessageClass(method.input_type)()
    fields = method.input_type.fields_by_name
    if "request_id" in fields and "request_id" not in values:
        values = values | {"request_id": str(uuid4())}
    for name in values:
        if name not in fields:
            raise ValueError(f"{method.name} has no field {name}; it has {', '.join(fields)}")
    try:
        json_format.ParseDict({name: _typed(fields[name], value) for name, value in values.items()}, message)
    except json_format.ParseError as error:
        raise ValueError(f"{method.name}: {error}") from None
    return message


def _typed(field: FieldDescriptor, value: Any) -> Any:
    """Text from the command line as the field wants it: money as ``12.50 EUR``, lists separated by commas."""
    if not isinstance(value, str):
        return value
    if field.message_type is not None and field.message_type.full_name == "aftercare.common.v1.Money":
        return money.read(value)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return value.lower() in ("1", "true", "yes")
    if field.is_repeated and field.message_type is None:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class Channels:
    """Open connections to the services of one session. A patient caller waits for a service that is starting."""

    def __init__(self, session: Session, *, patient: bool = False) -> None:
        self._session, self._patient = session, patient
        self._open: dict[str, grpc.Channel] = {}

    def __enter__(self) -> "Channels":
        return self

    def __exit__(self, *_: object) -> None:
        for channel in self._open.values():
            channel.close()

    def call(self, service: str, rpc: str, **values: Any) -> Any:
        """Call one rpc and wait for its answer. Raises grpc.RpcError, UnknownRpc, ValueError, NotLoggedIn."""
        method = find(service, rpc)
        return self.send(service, method, request(method, values))

    def send(self, service: str, method: MethodDescriptor, message: Message) -> Any:
        """Call with a ready request."""
        if method.server_streaming or method.client_streaming:
            raise ValueError(f"{method.name} is a stream; it has a command of its own")
        stub: Any = self._channel(service).unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        metadata = (("authorization", f"Bearer {self._session.bearer()}"),)
        return stub(message, timeout=TIMEOUT, metadata=metadata, wait_for_ready=self._patient)

    def stream(self, service: str, rpc: str, **values: Any) -> Iterator[Any]:
        """Call an rpc that answers in a stream, for as long as it takes; ending the iteration cancels it."""
        method = find(service, rpc)
        stub: Any = self._channel(service).unary_stream(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        metadata = (("authorization", f"Bearer {self._session.bearer()}"),)
        call = stub(request(method, values), metadata=metadata, wait_for_ready=self._patient)
        try:
            yield from call
        finally:
            call.cancel()

    def _channel(self, service: str) -> grpc.Channel:
        if service not in self._open:
            self._open[service] = grpc.insecure_channel(self._session.address(service))
        return self._open[service]

    @property
    def services(self) -> tuple[str, ...]:
        """Every service, in the order they are asked."""
        return SERVICES


def each(channels: Channels, service: str) -> tuple[str, ...]:
    """The one service that was asked for, or all of them."""
    return (service,) if service else channels.services
