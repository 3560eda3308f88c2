"""Two processes that answer commands of one service against one, on one database."""

import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle
from statistics import median

import grpc

from bench.figure import Figure, ratio_figure
from bench.load import Reading, drive
from bench.run import run
from bench.stand import API_ONLY, CONSUMER, SECOND_API, standing, wait_call, waits
from infra.local.parts import Parts

LARGE = False
CASES = 1_000
CALLERS = 64
SECONDS = 2.0
LIMITS = (
    "on two cores client, servers and database share the CPU, so a second process can only use what the first leaves "
    "idle while it waits for the disk; beyond that the log's one lock is held through the flush, so there are at most "
    "1/(execution + flush) batches a second over all processes"
)


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Every process has cases of its own, as a balancer that knows the case would send them."""
    read: list[tuple[Reading, Reading]] = []
    async with standing(parts, API_ONLY, SECOND_API, CONSUMER, name="p11") as stand:
        cases = await stand.open_cases(CASES, relayed=False)
        metadata = stand.metadata()
        # cases of their own in each stretch: what the other process wrote meanwhile would have to be read again first
        halves = [waits(cases[n::3], random.Random(n)) for n in (0, 1)]
        whole = waits(cases[2::3], random.Random(2))
        async with (
            grpc.aio.insecure_channel(stand.address(API_ONLY)) as first,
            grpc.aio.insecure_channel(stand.address(SECOND_API)) as second,
        ):
            calls = (wait_call(first), wait_call(second))

            async def by_one() -> None:
                await calls[0](whole.next(), metadata=metadata)

            def by(n: int) -> Callable[[], Awaitable[object]]:
                return lambda: calls[n](halves[n].next(), metadata=metadata)

            turns = cycle((by(0), by(1)))

            async def by_two() -> None:
                await next(turns)()

            watched = {"servers": lambda: [stand.pid(API_ONLY), stand.pid(SECOND_API)], "database": stand.database_pids}
            await drive(by_two, callers=CALLERS, seconds=SECONDS, watched={})
            for _ in range(rounds):
                one = await drive(by_one, callers=CALLERS, seconds=SECONDS, watched=watched)
                read.append((one, await drive(by_two, callers=CALLERS, seconds=SECONDS, watched=watched)))
    return [
        ratio_figure(
            "P11",
            f"two processes / one, {CALLERS} callers",
            [two.rate / one.rate for one, two in read],
            [two.rate for _, two in read],
            goal=None,
            floor="the same load on one process of the same service",
            unit="commands/s",
            parts=tuple(
                (f"{name}_{who}_us", median(pair[n].cpu[who] for pair in read))
                for n, name in enumerate(("one", "two"))
                for who in ("servers", "database", "client")
            ),
            note=LIMITS,
        )
    ]


if __name__ == "__main__":
    run("P11", measure)
