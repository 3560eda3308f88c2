"""Each kind of error leaves as its own status, with details a program can act on."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
import sqlalchemy.exc
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import service_pb2
from grpc import StatusCode

from chassis.domain import Invalid, LimitExceeded, NotFound, NotPermitted, Refused, Stale
from chassis.errors import Blocked, Contended, RequestReused, StoreUnavailable, UnitRejected, WorkLost
from tests.unit.chassis.grpc.serving import Answer, refusal_of, serving


class NothingLeft(Refused):
    reason = "NOTHING_LEFT"


def raising(error: BaseException) -> Answer:
    async def answer(_: Any) -> command_pb2.Receipt:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "code", "reason", "fields", "retry"),
    [
        (NotFound("return", "rma-1"), StatusCode.NOT_FOUND, "NOT_FOUND", {}, False),
        (Invalid("units", "u9 is not in it"), StatusCode.INVALID_ARGUMENT, "INVALID", {"units": "INVALID"}, False),
        (NothingLeft("all is given", left=0), StatusCode.FAILED_PRECONDITION, "NOTHING_LEFT", {}, False),
        (LimitExceeded("at most 50", limit=50), StatusCode.FAILED_PRECONDITION, "LIMIT_EXCEEDED", {}, False),
        (NotPermitted("not yours"), StatusCode.PERMISSION_DENIED, "NOT_PERMITTED", {}, False),
        (Stale("it has changed"), StatusCode.ABORTED, "STALE", {}, False),
        (Contended("12 times"), StatusCode.ABORTED, "CONTENDED", {}, True),
        (
            RequestReused("again"),
            StatusCode.INVALID_ARGUMENT,
            "REQUEST_ID_REUSED",
            {"request_id": "REQUEST_ID_REUSED"},
            False,
        ),
        (StoreUnavailable("gone"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (asyncpg.ConnectionDoesNotExistError("gone"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (asyncpg.InternalClientError("state 12"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (asyncpg.CannotConnectNowError("starting"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (ConnectionRefusedError(111, "refused"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (sqlalchemy.exc.TimeoutError("pool"), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", {}, True),
        (WorkLost("ended with -9"), StatusCode.UNAVAILABLE, "WORK_LOST", {}, True),
        (Blocked("version 9"), StatusCode.UNAVAILABLE, "NEWER_VERSION_NEEDED", {}, True),
        (TimeoutError(), StatusCode.DEADLINE_EXCEEDED, "TIMEOUT", {}, False),
        (UnitRejected("NUL in a text"), StatusCode.INVALID_ARGUMENT, "UNSTORABLE", {}, False),
        (ZeroDivisionError("secret words"), StatusCode.INTERNAL, "INTERNAL", {}, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_an_error_leaves_as_its_rich_status(
    tmp_path: Path, error: Exception, code: StatusCode, reason: str, fields: dict[str, str], retry: bool
) -> None:
    async with serving(tmp_path, answer=raising(error)) as served:
        refused = await refusal_of(served.cancel(served.token("agent")))
        assert (refused.code, refused.reason, refused.fields, refused.retry) == (code, reason, fields, retry)


async def test_a_refusal_carries_its_facts_and_words(tmp_path: Path) -> None:
    error = LimitExceeded("you may give 50.00 EUR at most", limit="5000 EUR", asked="7000 EUR")
    async with serving(tmp_path, answer=raising(error)) as served:
        refused = await refusal_of(served.cancel(served.token("agent")))
        assert refused.facts == {"limit": "5000 EUR", "asked": "7000 EUR"}
        assert refused.message == "you may give 50.00 EUR at most"


async def test_an_unexpected_error_keeps_its_words_to_itself(tmp_path: Path) -> None:
    """The caller gets the correlation id that finds the log line."""
    async with serving(tmp_path, answer=raising(ZeroDivisionError("secret words"))) as served:
        refused = await refusal_of(served.cancel(served.token("agent")))
        assert refused.message == "unexpected failure, logged under correlation r1"
        assert refused.facts == {"correlation_id": "r1"}


async def test_a_request_that_breaks_its_contract_names_every_field(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        wrong = service_pb2.CancelReturnRequest(request_id="x" * 65, reason="y" * 65)
        refused = await refusal_of(served.cancel(served.token("agent"), wrong))
        assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert refused.fields == {
            "request_id": "STRING_MAX_LEN",
            "rma_id": "STRING_MIN_LEN",
            "reason": "STRING_MAX_LEN",
        }
        assert served.agents.asked_by == []


async def test_a_call_without_a_deadline_gets_one(tmp_path: Path) -> None:
    async def endless(_: Any) -> command_pb2.Receipt:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(tmp_path, answer=endless, longest_call=0.05) as served:
        stub_call = served.channel.unary_unary(
            "/aftercare.returns.v1.ReturnsService/CancelReturn",
            request_serializer=service_pb2.CancelReturnRequest.SerializeToString,
            response_deserializer=service_pb2.CancelReturnResponse.FromString,
        )
        metadata = (("authorization", f"Bearer {served.token('agent')}"),)
        call = stub_call(service_pb2.CancelReturnRequest(request_id="r", rma_id="x"), metadata=metadata)
        refused = await refusal_of(call)
        assert (refused.code, refused.reason) == (StatusCode.DEADLINE_EXCEEDED, "TIMEOUT")


async def test_a_running_call_ends_well_while_the_server_drains(tmp_path: Path) -> None:
    """And a new one is not taken."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> command_pb2.Receipt:
        entered.set()
        await leave.wait()
        return command_pb2.Receipt(id="late")

    async with serving(tmp_path, answer=slow) as served:
        running = asyncio.ensure_future(served.cancel(served.token("agent")))
        await entered.wait()
        stopping = asyncio.ensure_future(served.server.stop(10))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{served.server.port}") as late:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                served.channel = late
                await served.cancel(served.token("agent"))
        assert refused.value.code() is StatusCode.UNAVAILABLE
        while await _listens(served.server.port):
            await asyncio.sleep(0.02)
        leave.set()
        assert await running == "late"
        await stopping


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
