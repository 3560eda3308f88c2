"""A mutating rpc on a real log: sent twice it has one effect and one answer, refused it wrote nothing.

The contract of returns lends its messages: CancelReturn counts `len(units)` on the account that `rma_id` names.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import grpc
import pytest
from aftercare.commands.v1 import commands_pb2, commands_pb2_grpc
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import model_pb2, service_pb2, service_pb2_grpc
from grpc import StatusCode

from chassis.grpc import Commands, GrpcServer, GrpcService
from chassis.grpc.convert import etag_of, id_from_text, receipt_to_proto
from chassis.grpc.tokens import TokenVerifier
from chassis.ids import new_id
from chassis.service import Receipt
from chassis.work import Actor, Work
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account
from tests.unit.chassis.grpc.serving import headers, refusal_of

Db: TypeAlias = "asyncpg.Connection[Any]"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Counting(service_pb2_grpc.ReturnsServiceServicer):
    def __init__(self, commands: Commands) -> None:
        self.commands = commands

    async def CancelReturn(
        self, request: service_pb2.CancelReturnRequest, context: Any
    ) -> service_pb2.CancelReturnResponse:
        account = id_from_text("account", request.rma_id)

        async def decide(work: Work) -> Receipt:
            found = await work.get(Account, account)
            found.count(len(request.units), at=NOW)
            return Receipt(str(account), found.version, {"total": str(found.total), "by": work.actor.id})

        receipt = await self.commands.run(request, context, decide, on=account)
        return service_pb2.CancelReturnResponse(receipt=receipt_to_proto(receipt))


class Caller:
    def __init__(self, channel: grpc.aio.Channel, issuer: Issuer) -> None:
        self.stub, self.issuer = service_pb2_grpc.ReturnsServiceStub(channel), issuer
        self.bulk = commands_pb2_grpc.CommandServiceStub(channel)

    async def count(
        self, account: UUID, amount: int, request_id: str, *, by: str = "anna", **more: Any
    ) -> command_pb2.Receipt:
        request = counting(account, amount, request_id, **more)
        token = self.issuer.issue(by, ["agent"])
        answer = await self.stub.CancelReturn(request, metadata=headers(token), timeout=10)
        receipt: command_pb2.Receipt = answer.receipt
        return receipt

    async def in_bulk(self, account: UUID, *counts: tuple[int, str]) -> Sequence[commands_pb2.Outcome]:
        method = "/aftercare.returns.v1.ReturnsService/CancelReturn"
        commands = [
            commands_pb2.Command(method=method, request=counting(account, *count).SerializeToString())
            for count in counts
        ]
        metadata = headers(self.issuer.issue("anna", ["agent"]))
        answer = await self.bulk.ExecuteBatch(
            commands_pb2.ExecuteBatchRequest(commands=commands), metadata=metadata, timeout=30
        )
        return list(answer.outcomes)


def counting(account: UUID, amount: int, request_id: str, **more: Any) -> service_pb2.CancelReturnRequest:
    units = [model_pb2.UnitRef(line_id="l", unit=n + 1) for n in range(amount)]
    return service_pb2.CancelReturnRequest(request_id=request_id, rma_id=str(account), units=units, **more)


@pytest.fixture
async def caller(core: Core, tmp_path: Path) -> AsyncIterator[Caller]:
    issuer = Issuer.at(tmp_path)
    service = GrpcService(
        service_pb2.DESCRIPTOR.services_by_name["ReturnsService"],
        Counting(Commands(core.units)),  # type: ignore[abstract]  # the other rpcs answer UNIMPLEMENTED
        service_pb2_grpc.add_ReturnsServiceServicer_to_server,
    )
    tokens = TokenVerifier(issuer.jwks, issuer=ISSUER, audience=AUDIENCE)
    server = GrpcServer([service], tokens, address="127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Caller(channel, issuer)
    await server.stop(0)


@pytest.fixture
async def account(core: Core) -> UUID:
    opened = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(opened, limit=10, at=NOW))

    await core.units.run(decide, actor=Actor("test"), cause="test")
    return opened


async def stored(db: Db) -> tuple[int, int]:
    return (await db.fetchval("SELECT count(*) FROM events"), await db.fetchval("SELECT count(*) FROM requests"))


async def test_the_same_request_again_is_answered_by_an_equal_receipt(caller: Caller, account: UUID, db: Db) -> None:
    """Also after the account has moved on."""
    first = await caller.count(account, 3, "r1")
    await caller.count(account, 1, "r2")
    before = await stored(db)
    assert await caller.count(account, 3, "r1") == first
    assert dict(first.facts) == {"total": "3", "by": "anna"}
    assert (first.id, first.version, first.etag) == (str(account), 2, etag_of(account, 2))
    assert await stored(db) == before


async def test_racing_repeats_have_one_effect(caller: Caller, account: UUID, db: Db) -> None:
    before = await stored(db)
    receipts = await asyncio.gather(*(caller.count(account, 2, "race") for _ in range(8)))
    assert {receipt.version for receipt in receipts} == {2}
    events, requests = await stored(db)
    assert (events - before[0], requests - before[1]) == (1, 1)


async def test_a_request_id_with_another_body_is_refused_by_name(caller: Caller, account: UUID, db: Db) -> None:
    await caller.count(account, 3, "r3")
    before = await stored(db)
    refused = await refusal_of(caller.count(account, 4, "r3"))
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert refused.fields == {"request_id": "REQUEST_ID_REUSED"}
    assert await stored(db) == before


async def test_another_persons_request_id_is_another_request(caller: Caller, account: UUID) -> None:
    """Nobody can guess a request_id and learn from its answer."""
    await caller.count(account, 3, "shared", by="anna")
    second = await caller.count(account, 3, "shared", by="ben")
    assert dict(second.facts) == {"total": "6", "by": "ben"}


async def test_a_refusal_writes_nothing_and_is_decided_afresh(caller: Caller, account: UUID, db: Db) -> None:
    before = await stored(db)
    refused = await refusal_of(caller.count(account, 11, "much"))
    assert (refused.code, refused.reason, refused.facts["left"]) == (
        StatusCode.FAILED_PRECONDITION,
        "OVER_LIMIT",
        "10",
    )
    assert await stored(db) == before
    assert (await caller.count(account, 10, "much")).version == 2


async def test_validate_only_decides_and_writes_nothing(caller: Caller, account: UUID, db: Db) -> None:
    """What would be accepted, and what would be refused; the request_id stays free."""
    before = await stored(db)
    would = await caller.count(account, 4, "try", validate_only=True)
    assert dict(would.facts)["total"] == "4"
    assert (await refusal_of(caller.count(account, 11, "try", validate_only=True))).reason == "OVER_LIMIT"
    assert await stored(db) == before
    assert dict((await caller.count(account, 5, "try")).facts)["total"] == "5"


async def test_an_etag_of_an_older_state_is_refused(caller: Caller, account: UUID, db: Db) -> None:
    first = await caller.count(account, 1, "e1", etag=etag_of(account, 1))
    before = await stored(db)
    refused = await refusal_of(caller.count(account, 1, "e2", etag=etag_of(account, 1)))
    assert (refused.code, refused.reason) == (StatusCode.ABORTED, "STALE")
    assert await stored(db) == before
    assert (await caller.count(account, 1, "e2", etag=first.etag)).version == 3


async def test_what_is_no_id_of_ours_does_not_exist(caller: Caller, db: Db) -> None:
    before = await stored(db)
    request = service_pb2.CancelReturnRequest(request_id="n", rma_id="no-uuid")
    token = caller.issuer.issue("anna", ["agent"])
    refused = await refusal_of(caller.stub.CancelReturn(request, metadata=headers(token), timeout=10))
    assert refused.code is StatusCode.NOT_FOUND
    assert await stored(db) == before


async def test_commands_in_bulk_have_the_effects_and_answers_of_their_own_rpcs(
    caller: Caller, account: UUID, db: Db
) -> None:
    """One that came alone before is answered alike, twins in one batch have one effect, a refused one wrote nothing."""
    alone = await caller.count(account, 2, "bulk-1")
    before = await stored(db)
    again, new, twin, reused, refused = await caller.in_bulk(
        account, (2, "bulk-1"), (3, "bulk-2"), (3, "bulk-2"), (1, "bulk-1"), (99, "bulk-3")
    )
    assert service_pb2.CancelReturnResponse.FromString(again.response).receipt == alone
    assert new.response == twin.response != b""
    assert (reused.error.code, refused.error.code) == (
        StatusCode.INVALID_ARGUMENT.value[0],
        StatusCode.FAILED_PRECONDITION.value[0],
    )
    assert await stored(db) == (before[0] + 1, before[1] + 1)
    assert await caller.count(account, 3, "bulk-2") == service_pb2.CancelReturnResponse.FromString(new.response).receipt
