"""A real server on a loopback port for the tests of what stands before and behind every handler."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import self_service_pb2, self_service_pb2_grpc, service_pb2, service_pb2_grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis.domain import NotFound
from chassis.grpc import GrpcServer, GrpcService, Principal, current_principal
from chassis.grpc.tokens import TokenVerifier
from infra.local.tokens import AUDIENCE, ISSUER, Issuer

Answer = Callable[[Any], Awaitable[command_pb2.Receipt]]

OWNERS = {"rma-anna": "anna", "rma-ben": "ben"}


async def nothing(_: Any) -> command_pb2.Receipt:
    return command_pb2.Receipt(id="done")


class Agents(service_pb2_grpc.ReturnsServiceServicer):
    """Answers CancelReturn by `answer`, and remembers who asked."""

    def __init__(self) -> None:
        self.answer: Answer = nothing
        self.asked_by: list[Principal] = []

    async def CancelReturn(
        self, request: service_pb2.CancelReturnRequest, context: Any
    ) -> service_pb2.CancelReturnResponse:
        self.asked_by.append(current_principal())
        return service_pb2.CancelReturnResponse(receipt=await self.answer(request))


class Customers(self_service_pb2_grpc.ReturnsSelfServiceServicer):
    """Knows two returns of two customers of one shop."""

    async def GetMyReturn(
        self, request: self_service_pb2.GetMyReturnRequest, context: Any
    ) -> self_service_pb2.GetMyReturnResponse:
        owner = OWNERS.get(request.rma_id)
        if owner is None:
            raise NotFound("return", request.rma_id)
        current_principal().must_see("return", request.rma_id, shop_id="shop-1", customer_id=owner)
        return self_service_pb2.GetMyReturnResponse()


@dataclass
class Served:
    """The server with what is needed to call it."""

    server: GrpcServer
    issuer: Issuer
    agents: Agents
    channel: grpc.aio.Channel

    def token(self, *roles: str, **more: Any) -> str:
        return self.issuer.issue("somebody", roles, **more)

    def stub(self) -> Any:
        """Of the agents' service, for calls with deadlines of their own."""
        return service_pb2_grpc.ReturnsServiceStub(self.channel)

    def headers(self, token: str | None) -> tuple[tuple[str, str], ...]:
        return headers(token)

    async def cancel(self, token: str | None, request: service_pb2.CancelReturnRequest | None = None) -> str:
        """Call as an agent would; the receipt's id."""
        stub = service_pb2_grpc.ReturnsServiceStub(self.channel)
        asked = request or service_pb2.CancelReturnRequest(request_id="r1", rma_id="rma-1")
        answer = await stub.CancelReturn(asked, metadata=headers(token), timeout=10)
        return str(answer.receipt.id)

    async def get_mine(self, token: str, rma_id: str) -> None:
        stub = self_service_pb2_grpc.ReturnsSelfServiceStub(self.channel)
        await stub.GetMyReturn(self_service_pb2.GetMyReturnRequest(rma_id=rma_id), metadata=headers(token), timeout=10)


def headers(token: str | None) -> tuple[tuple[str, str], ...]:
    return () if token is None else (("authorization", f"Bearer {token}"),)


@asynccontextmanager
async def serving(folder: Path, *, answer: Answer = nothing, **options: Any) -> AsyncIterator[Served]:
    issuer = Issuer.at(folder)
    agents = Agents()  # type: ignore[abstract]  # the other rpcs answer UNIMPLEMENTED
    agents.answer = answer
    server = GrpcServer(
        [
            GrpcService(
                service_pb2.DESCRIPTOR.services_by_name["ReturnsService"],
                agents,
                service_pb2_grpc.add_ReturnsServiceServicer_to_server,
            ),
            GrpcService(
                self_service_pb2.DESCRIPTOR.services_by_name["ReturnsSelfService"],
                Customers(),  # type: ignore[abstract]  # as above
                self_service_pb2_grpc.add_ReturnsSelfServiceServicer_to_server,
            ),
        ],
        TokenVerifier(issuer.jwks, issuer=ISSUER, audience=AUDIENCE),
        address="127.0.0.1:0",
        **options,
    )
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield Served(server, issuer, agents, channel)
    finally:
        await server.stop(0)


@dataclass(frozen=True)
class Refusal:
    """What a refused caller can read."""

    code: grpc.StatusCode
    reason: str
    facts: dict[str, str]
    fields: dict[str, str]
    retry: bool
    message: str


async def refusal_of(call: Awaitable[Any]) -> Refusal:
    """The rich status of a call that must be refused."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it has what is asked for
        assert status is not None, f"no rich status with {error.code()}: {error.details()}"
        return read(status, error.code())
    raise AssertionError("the call was not refused")


def read(status: status_pb2.Status, code: grpc.StatusCode) -> Refusal:
    info, fields, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), False
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(fields)
        retry = retry or detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR)
    assert info.domain == "aftercare"
    violations = {violation.field: violation.reason for violation in fields.field_violations}
    return Refusal(code, info.reason, dict(info.metadata), violations, retry, status.message)
