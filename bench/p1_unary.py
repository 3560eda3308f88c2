"""Unary durable commands of a real service against a bare gRPC echo of the same messages."""

import random
from collections.abc import Sequence
from statistics import median

import grpc

from bench.figure import Figure, ratio_figure
from bench.load import Reading, drive
from bench.run import run
from bench.stand import echoing, standing, wait_call, waits
from infra.local.parts import Parts

LARGE = False
CELLS = (("P1c", 1, None, None), ("P1", 16, 0.5, 0.6), ("P1b", 64, 0.6, 0.75))
SECONDS = 1.5
CASES = 1_000
FLOOR = "bare grpc.aio echo, same messages, same callers"


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Per round and number of callers one stretch of each, right after one another."""
    async with standing(parts, name="p1") as stand, echoing() as (echo_address, echo_pid):
        cases = await stand.open_cases(CASES)
        orders = waits(cases, random.Random(1))
        metadata = stand.metadata()
        readings: dict[str, list[tuple[Reading, Reading]]] = {id: [] for id, *_ in CELLS}
        async with grpc.aio.insecure_channel(stand.address()) as ours, grpc.aio.insecure_channel(echo_address) as bare:
            real, echo = wait_call(ours), wait_call(bare)

            async def command() -> None:
                await real(orders.next(), metadata=metadata)

            async def answer() -> None:
                await echo(orders.next(), metadata=metadata)

            watched = {"server": lambda: [stand.pid()], "database": stand.database_pids}
            await drive(command, callers=16, seconds=SECONDS * 2, watched={})
            for _ in range(rounds):
                for id, callers, _goal, _stretch in CELLS:
                    floor = await drive(
                        answer, callers=callers, seconds=SECONDS / 2, watched={"server": lambda: [echo_pid]}
                    )
                    readings[id].append(
                        (floor, await drive(command, callers=callers, seconds=SECONDS, watched=watched))
                    )
    return [_figure(id, callers, goal, stretch, readings[id]) for id, callers, goal, stretch in CELLS]


def _figure(
    id: str, callers: int, goal: float | None, stretch: float | None, read: Sequence[tuple[Reading, Reading]]
) -> Figure:
    def of(name: str, which: int) -> float:
        return median(pair[which].cpu[name] for pair in read)

    return ratio_figure(
        id,
        f"durable command / echo, {callers} caller{'s' if callers > 1 else ''}",
        [real.rate / floor.rate for floor, real in read],
        [real.rate for _, real in read],
        goal=goal,
        stretch=stretch,
        floor=FLOOR,
        unit="commands/s",
        parts=(
            ("server_us", of("server", 1)),
            ("database_us", of("database", 1)),
            ("client_us", of("client", 1)),
            ("echo_server_us", of("server", 0)),
            ("echo_client_us", of("client", 0)),
            ("p50_ms", median(real.p50 for _, real in read) * 1e3),
            ("p99_ms", median(real.p99 for _, real in read) * 1e3),
        ),
    )


if __name__ == "__main__":
    run("P1", measure)
