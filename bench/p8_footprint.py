"""What a service takes: memory idle and at full load, and the time from its start until it is ready."""

import asyncio
import random
import time
from collections.abc import Sequence
from statistics import median

import grpc

from bench.cpu import cpu_seconds, resident_bytes
from bench.figure import Figure, ratio_figure
from bench.load import drive
from bench.run import run
from bench.stand import SERVICE, standing, wait_call, waits
from infra.local.databases import SERVICES
from infra.local.parts import Parts
from infra.local.stack import MAILBOX, service

LARGE = False
CASES = 300
IDLE = 3.0
LOAD = 2.0
MEGABYTE = 1e6


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Each service alone, all roles in one process, is started, left alone, and ended again; then one is loaded."""
    services = {name: service(name).told(AFTERCARE_RATE_LIMIT="0") for name in SERVICES}
    ready: list[float] = []
    cpu: list[float] = []
    idle: list[float] = []
    loaded: list[float] = []
    async with standing(parts, MAILBOX, *services.values(), name="p8") as stand:
        for component in services.values():
            await asyncio.to_thread(stand.stack.stop, component)
        for _ in range(rounds):
            for component in services.values():
                began = time.perf_counter()
                pid = await asyncio.to_thread(stand.stack.start, component, stand.environment)
                ready.append(time.perf_counter() - began)
                cpu.append(cpu_seconds([pid]))
                await asyncio.sleep(IDLE)
                idle.append(resident_bytes(pid) / MEGABYTE)
                await asyncio.to_thread(stand.stack.stop, component)
        component = services[SERVICE]
        await asyncio.to_thread(stand.stack.start, component, stand.environment)
        orders = waits(await stand.open_cases(CASES), random.Random(8))
        metadata = stand.metadata()
        async with grpc.aio.insecure_channel(stand.address(component)) as channel:
            call = wait_call(channel)

            async def command() -> None:
                await call(orders.next(), metadata=metadata)

            for _ in range(rounds):
                await drive(command, callers=64, seconds=LOAD, watched={})
                loaded.append(resident_bytes(stand.pid(component)) / MEGABYTE)
    each = "each of the four services with all its roles in one process"
    return [
        ratio_figure(
            "P8", "memory of a service, idle", idle, idle, goal=120, floor=f"none: {each}", unit="MB",
            less_is_better=True,
        ),
        ratio_figure(
            "P8b", "memory of a service, full load", loaded, loaded, goal=200,
            floor="none: after consuming its cases and 64 callers", unit="MB", less_is_better=True,
        ),
        ratio_figure(
            "P8c", "start to ready", ready, ready, goal=2.0, floor=f"none: {each}", unit="s", less_is_better=True,
            parts=(("cpu_s", median(cpu)),),
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    run("P8", measure)
