"""Commands in bulk: a stream of them against a bare stream, and how many a second a batch rpc takes."""

import asyncio
import random
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import grpc
from aftercare.commands.v1 import commands_pb2
from aftercare.shipping_issues.v1 import service_pb2 as pb

from bench.cpu import cpu_seconds
from bench.echo import SERVICE as ECHO
from bench.figure import Figure, ratio_figure
from bench.run import run
from bench.stand import WAIT, Stand, Waits, echoing, standing
from infra.local.parts import Parts

LARGE = False
CASES = 1_000
STREAMED = 3_000
WINDOW = 128
"""Orders of a stream under way at once: what the service lets one stream have."""
BATCH = 250
BATCHES_AT_ONCE = 4
BATCHES = 32
STREAM = "/aftercare.commands.v1.CommandService/ExecuteStream"
EXECUTE = "/aftercare.commands.v1.CommandService/ExecuteBatch"
Metadata = tuple[tuple[str, str], ...]


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Per round one stream of each and one heap of batches."""
    async with standing(parts, name="p2") as stand, echoing() as (echo_address, _):
        orders = Waits(await stand.open_cases(CASES), random.Random(2))
        metadata = stand.metadata()
        streamed: list[tuple[float, float]] = []
        batched: list[float] = []
        cpu: list[tuple[float, ...]] = []
        async with grpc.aio.insecure_channel(stand.address()) as ours, grpc.aio.insecure_channel(echo_address) as bare:
            await _batches(ours, orders, metadata, 4)
            for _ in range(rounds):
                floor = await _stream(_echo_stream(bare, metadata), [orders.next() for _ in range(STREAMED)])
                before = _cpu(stand)
                rate = await _stream(
                    _command_stream(ours, metadata),
                    [
                        commands_pb2.ExecuteStreamRequest(number=n, command=_carried(orders.next()))
                        for n in range(STREAMED)
                    ],
                )
                between = _cpu(stand)
                streamed.append((floor, rate))
                batched.append(await _batches(ours, orders, metadata, BATCHES))
                after = _cpu(stand)
                cpu.append(
                    tuple((b - a) * 1e6 / STREAMED for a, b in zip(before, between, strict=True))
                    + tuple((b - a) * 1e6 / (BATCHES * BATCH) for a, b in zip(between, after, strict=True))
                )
    server, database, batch_server, batch_database = (median(column) for column in zip(*cpu, strict=True))
    return [
        ratio_figure(
            "P2",
            "streamed command / streamed echo",
            [rate / floor for floor, rate in streamed],
            [rate for _, rate in streamed],
            goal=0.65,
            stretch=0.8,
            floor=f"bare grpc.aio stream of the same requests and receipts, {WINDOW} under way",
            unit="commands/s",
            parts=(("server_us", server), ("database_us", database)),
        ),
        ratio_figure(
            "P2b",
            f"commands/s in batches of {BATCH}",
            batched,
            batched,
            goal=15_000,
            stretch=25_000,
            floor=f"none: commands a second, {BATCHES_AT_ONCE} batches under way",
            unit="commands/s",
            parts=(("server_us", batch_server), ("database_us", batch_database)),
        ),
    ]


def _cpu(stand: Stand) -> tuple[float, float]:
    return cpu_seconds([stand.pid()]), cpu_seconds(stand.database_pids())


def _carried(order: pb.WaitRequest) -> commands_pb2.Command:
    return commands_pb2.Command(method=WAIT, request=order.SerializeToString())


def _echo_stream(channel: grpc.aio.Channel, metadata: Metadata) -> Any:
    return channel.stream_stream(
        f"/{ECHO}/Stream",
        request_serializer=pb.WaitRequest.SerializeToString,
        response_deserializer=pb.WaitResponse.FromString,
    )(metadata=metadata)


def _command_stream(channel: grpc.aio.Channel, metadata: Metadata) -> Any:
    return channel.stream_stream(
        STREAM,
        request_serializer=commands_pb2.ExecuteStreamRequest.SerializeToString,
        response_deserializer=commands_pb2.ExecuteStreamResponse.FromString,
    )(metadata=metadata)


async def _stream(call: Any, requests: Sequence[Any]) -> float:
    """Requests a second, with at most `WINDOW` of them under way; every one must have been accepted."""
    room = asyncio.Semaphore(WINDOW)

    async def send() -> None:
        for request in requests:
            await room.acquire()
            await call.write(request)
        await call.done_writing()

    began = time.perf_counter()
    sending = asyncio.create_task(send())
    while (answer := await call.read()) is not grpc.aio.EOF:
        if isinstance(answer, commands_pb2.ExecuteStreamResponse) and answer.outcome.HasField("error"):
            raise RuntimeError(f"refused: {answer.outcome.error}")
        room.release()
    await sending
    return len(requests) / (time.perf_counter() - began)


async def _batches(channel: grpc.aio.Channel, orders: Waits, metadata: Metadata, count: int) -> float:
    """Commands a second; every one must have been accepted."""
    execute = channel.unary_unary(
        EXECUTE,
        request_serializer=commands_pb2.ExecuteBatchRequest.SerializeToString,
        response_deserializer=commands_pb2.ExecuteBatchResponse.FromString,
    )
    waiting = [
        commands_pb2.ExecuteBatchRequest(commands=[_carried(orders.next()) for _ in range(BATCH)]) for _ in range(count)
    ]

    async def caller() -> None:
        while waiting:
            answer = await execute(waiting.pop(), metadata=metadata, timeout=120)
            if refused := [outcome.error for outcome in answer.outcomes if outcome.HasField("error")]:
                raise RuntimeError(f"refused: {refused[0]}")

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(BATCHES_AT_ONCE)))
    return count * BATCH / (time.perf_counter() - began)


if __name__ == "__main__":
    run("P2", measure)
