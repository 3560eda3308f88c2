"""A closed load: so many callers, each asking anew as soon as it is answered, and what that cost whom."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.cpu import cpu_seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """One stretch of load. `cpu` is microseconds for each answered call, by who spent them."""

    rate: float
    p50: float
    p99: float
    answered: int
    cpu: Mapping[str, float] = field(default_factory=dict)


async def drive(
    call: Callable[[], Awaitable[object]],
    *,
    callers: int,
    seconds: float,
    watched: Mapping[str, Callable[[], Sequence[int]]],
) -> Reading:
    """Every call must succeed. `watched` names the processes whose CPU is counted; this one is `client`."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        clock = time.perf_counter
        while (began := clock()) < end:
            await call()
            taken.append(clock() - began)

    before = {name: cpu_seconds(pids()) for name, pids in watched.items()}
    ours, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    passed = time.perf_counter() - began
    cpu = {name: (cpu_seconds(pids()) - before[name]) * 1e6 / len(taken) for name, pids in watched.items()}
    cpu["client"] = (time.process_time() - ours) * 1e6 / len(taken)
    taken.sort()
    return Reading(len(taken) / passed, taken[len(taken) // 2], taken[len(taken) * 99 // 100], len(taken), cpu)
