"""A command carried in a batch or a stream is answered as its own rpc would, and its neighbours do not notice it."""

import asyncio
import random
from pathlib import Path
from typing import Any

import grpc
import pytest
from aftercare.commands.v1 import commands_pb2 as pb
from aftercare.commands.v1 import commands_pb2_grpc
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import service_pb2
from google.rpc import status_pb2
from grpc import StatusCode

from chassis.domain import Refused
from chassis.grpc import bulk
from tests.unit.chassis.grpc.serving import Refusal, Served, headers, read, refusal_of, serving

CANCEL = "/aftercare.returns.v1.ReturnsService/CancelReturn"
GET = "/aftercare.returns.v1.ReturnsService/ListCases"


def cancel(request_id: str = "r1", rma_id: str = "rma-1") -> pb.Command:
    request = service_pb2.CancelReturnRequest(request_id=request_id, rma_id=rma_id)
    return pb.Command(method=CANCEL, request=request.SerializeToString())


async def batch(served: Served, *commands: pb.Command, token: str | None = None) -> list[pb.Outcome]:
    stub = commands_pb2_grpc.CommandServiceStub(served.channel)
    metadata = headers(token or served.token("agent"))
    answer = await stub.ExecuteBatch(pb.ExecuteBatchRequest(commands=commands), metadata=metadata, timeout=20)
    return list(answer.outcomes)


def stream(served: Served) -> Any:
    stub = commands_pb2_grpc.CommandServiceStub(served.channel)
    return stub.ExecuteStream(metadata=headers(served.token("agent")), timeout=60)


def receipt(outcome: pb.Outcome) -> str:
    assert outcome.WhichOneof("result") == "response", outcome
    return str(service_pb2.CancelReturnResponse.FromString(outcome.response).receipt.id)


def refusal(outcome: pb.Outcome) -> Refusal:
    status = status_pb2.Status.FromString(outcome.error.SerializeToString())
    return read(status, next(code for code in StatusCode if code.value[0] == status.code))


async def echo(request: service_pb2.CancelReturnRequest) -> command_pb2.Receipt:
    if request.rma_id == "closed":
        raise Refused("it is closed")
    return command_pb2.Receipt(id=request.rma_id)


async def test_outcomes_stand_in_the_order_of_their_commands_and_one_refused_fails_nobody_else(tmp_path: Path) -> None:
    async with serving(tmp_path, answer=echo) as served:
        first, second, third = await batch(served, cancel("1", "a"), cancel("2", "closed"), cancel("3", "c"))
    assert (receipt(first), receipt(third)) == ("a", "c")
    assert (refusal(second).code, refusal(second).reason) == (StatusCode.FAILED_PRECONDITION, "REFUSED")


async def test_what_is_carried_is_refused_exactly_as_it_would_be_alone(tmp_path: Path) -> None:
    """The role that may carry is not thereby allowed what is carried, and the contract's rules hold inside."""
    unsound = service_pb2.CancelReturnRequest(request_id="", rma_id="rma-1")
    async with serving(tmp_path) as served:
        clerk = served.token("warehouse")
        alone = [
            await refusal_of(served.cancel(clerk)),
            await refusal_of(served.cancel(served.token("agent"), unsound)),
        ]
        (forbidden,) = await batch(served, cancel(), token=clerk)
        (invalid,) = await batch(served, pb.Command(method=CANCEL, request=unsound.SerializeToString()))
        assert [refusal(forbidden), refusal(invalid)] == alone
        assert served.agents.asked_by == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (pb.Command(method="/aftercare.returns.v1.ReturnsService/Nothing"), "UNKNOWN_METHOD"),
        (pb.Command(method="/aftercare.commands.v1.CommandService/ExecuteBatch"), "UNKNOWN_METHOD"),
        (pb.Command(method=GET), "NOT_A_COMMAND"),
        (pb.Command(method=CANCEL, request=b"\xff"), "UNDECODABLE"),
    ],
)
async def test_only_commands_of_this_service_are_carried(tmp_path: Path, command: pb.Command, reason: str) -> None:
    async with serving(tmp_path) as served:
        wrong, sound = await batch(served, command, cancel())
    assert (refusal(wrong).code, refusal(wrong).reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert receipt(sound) == "done"


@pytest.mark.parametrize("role", ["customer", "auditor"])
async def test_who_may_not_carry_is_refused_as_a_whole(tmp_path: Path, role: str) -> None:
    async with serving(tmp_path) as served:
        more = {"customer_id": "anna"} if role == "customer" else {}
        token = served.token(role, **more)
        refused = await refusal_of(batch(served, cancel(), token=token))
        assert (refused.code, served.agents.asked_by) == (StatusCode.PERMISSION_DENIED, [])


async def test_the_commands_of_a_batch_run_side_by_side_as_the_caller(tmp_path: Path) -> None:
    """None of two answers before both have begun, and each knows who asks."""
    together = asyncio.Barrier(2)

    async def answer(request: service_pb2.CancelReturnRequest) -> command_pb2.Receipt:
        await together.wait()
        return command_pb2.Receipt(id=request.rma_id)

    async with serving(tmp_path, answer=answer) as served:
        outcomes = await batch(served, cancel("1", "a"), cancel("2", "b"))
        assert [receipt(outcome) for outcome in outcomes] == ["a", "b"]
        assert [principal.subject for principal in served.agents.asked_by] == ["somebody", "somebody"]


async def test_a_streams_outcomes_come_as_they_are_ready_under_the_numbers_given(tmp_path: Path) -> None:
    second_done = asyncio.Event()

    async def answer(request: service_pb2.CancelReturnRequest) -> command_pb2.Receipt:
        if request.rma_id == "slow":
            await second_done.wait()
        return await echo(request)

    async with serving(tmp_path, answer=answer) as served:
        call = stream(served)
        for number, rma in ((7, "slow"), (8, "closed"), (9, "c")):
            await call.write(pb.ExecuteStreamRequest(number=number, command=cancel(str(number), rma)))
        await call.done_writing()
        early = [await call.read(), await call.read()]
        assert {answer.number for answer in early} == {8, 9}
        second_done.set()
        late = await call.read()
        assert (late.number, receipt(late.outcome)) == (7, "slow")
        assert await call.read() == grpc.aio.EOF
        assert await call.code() == StatusCode.OK


async def test_a_stream_is_not_read_on_while_too_many_of_its_commands_wait(tmp_path: Path) -> None:
    """Also when they are answered and the caller does not take the answers."""
    gate, begun = asyncio.Event(), 0

    async def answer(request: service_pb2.CancelReturnRequest) -> command_pb2.Receipt:
        nonlocal begun
        begun += 1
        await gate.wait()
        return command_pb2.Receipt(id="x" * 20_000)

    async with serving(tmp_path, answer=answer) as served:
        call = stream(served)
        for number in range(bulk.OF_A_STREAM * 2):
            await call.write(pb.ExecuteStreamRequest(number=number, command=cancel(str(number))))
        while begun < bulk.OF_A_STREAM:
            await asyncio.sleep(0.01)
        await _calm()
        assert begun == bulk.OF_A_STREAM
        gate.set()
        await call.done_writing()
        assert len([answer async for answer in call]) == begun == bulk.OF_A_STREAM * 2


async def test_a_process_that_ends_answers_what_it_has_begun_and_ends_the_stream(tmp_path: Path) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def answer(request: service_pb2.CancelReturnRequest) -> command_pb2.Receipt:
        begun.set()
        await gate.wait()
        return await echo(request)

    async with serving(tmp_path, answer=answer) as served:
        call = stream(served)
        await call.write(pb.ExecuteStreamRequest(number=1, command=cancel("1", "a")))
        await begun.wait()
        stopping = asyncio.create_task(served.server.stop(30))
        await _calm()
        gate.set()
        assert receipt((await call.read()).outcome) == "a"
        refused = await refusal_of(call.read())
        assert (refused.code, refused.reason, refused.retry) == (StatusCode.UNAVAILABLE, "DRAINING", True)
        await stopping


async def _calm() -> None:
    """Lets whatever could go on go on."""
    for _ in range(50):
        await asyncio.sleep(0.002)


@pytest.mark.parametrize("sent", [b"\xff", b"\x0a\x02\xff", b"\x12\x04\x0a\x02\xff\xfe", b"\x12\x7f"])
async def test_bytes_that_are_no_command_end_the_stream_once_what_came_before_is_answered(
    tmp_path: Path, sent: bytes
) -> None:
    """Such bytes have no number under which they could be answered; those of a batch refuse it whole."""
    sound = pb.ExecuteStreamRequest(number=7, command=cancel()).SerializeToString()
    answers = []
    async with serving(tmp_path) as served:
        metadata = headers(served.token("agent"))
        whole: Any = served.channel.stream_stream(
            "/aftercare.commands.v1.CommandService/ExecuteStream",
            response_deserializer=pb.ExecuteStreamResponse.FromString,
        )

        async def carry() -> None:
            async for answer in whole(iter([sound, sent, sound]), metadata=metadata, timeout=60):
                answers.append(answer)

        refused = await refusal_of(carry())
        assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "UNDECODABLE")
        single: Any = served.channel.unary_unary("/aftercare.commands.v1.CommandService/ExecuteBatch")
        refused = await refusal_of(single(b"\x0a" + bytes([len(sent)]) + sent, metadata=metadata, timeout=60))
        assert refused.code is StatusCode.INVALID_ARGUMENT
    assert [(answer.number, receipt(answer.outcome)) for answer in answers] == [(7, "done")]


async def test_no_bytes_in_a_stream_are_answered_with_what_nobody_foresaw(tmp_path: Path) -> None:
    """Cut, flipped and lengthened at a chance place; each stream ends well or by the caller's error."""
    rng, sound = random.Random(7), pb.ExecuteStreamRequest(number=7, command=cancel()).SerializeToString()
    codes = set()
    async with serving(tmp_path) as served:
        whole: Any = served.channel.stream_stream("/aftercare.commands.v1.CommandService/ExecuteStream")
        for _ in range(100):
            at = rng.randrange(len(sound))
            sent = rng.choice((sound[:at], sound[:at] + rng.randbytes(1) + sound[at + 1 :], sound + rng.randbytes(at)))
            call = whole(iter([sent]), metadata=headers(served.token("agent")), timeout=60)
            try:
                async for _ in call:
                    pass
            except grpc.aio.AioRpcError:
                pass
            codes.add(await call.code())
    assert codes == {StatusCode.OK, StatusCode.INVALID_ARGUMENT}
