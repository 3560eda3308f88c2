"""Processes of a role come, go, sleep and are rolled under load: order by key stays, and a zombie writes nothing."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from tests.faults.kills import CONSUMERS, PROCESSES, SINGLE_ROLES
from tests.faults.world import HANG, World, mark

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(3600)]

Record = Callable[[str, object], None]

FENCED = ("aftercare_units_total", {"verdict": "fence"})
CHANGES, BETWEEN = 12, 5.0


@pytest.mark.fault(8, short=True)
async def test_a_consumer_stopped_past_its_session_is_fenced_when_it_goes_on(
    world: World, server_rounds: int, seed: str, record_property: Record
) -> None:
    """It is stopped with a batch ready to send; others take it over; then it sends, and is refused."""
    refused = 0
    for number in range(1, server_rounds + 1):
        zombie = random.Random(f"{seed}/zombie/{number}").choice(CONSUMERS)
        async with world.second("consumer"):
            since = mark()
            before = world.figure(zombie, FENCED[0], **FENCED[1])
            await world.under_load(f"{zombie} stopped, round {number}", stopped_and_woken(world, zombie), at_least=6)
            fences = world.figure(zombie, FENCED[0], **FENCED[1]) - before
        assert fences > 0
        assert world.told(since).gaps() == []
        refused += int(fences)
    record_property("rounds", server_rounds)
    record_property("units of the zombie refused by their fence", refused)
    assert await world.verdict() == []


async def stopped_and_woken(world: World, zombie: str) -> None:
    """SIGSTOP on the way to a commit, SIGCONT once another has stored all that this one was handed."""
    pid, since = world.pid(zombie), mark()
    assert pid is not None
    before = world.figure(zombie, FENCED[0], **FENCED[1])
    world.arm(zombie, "before-commit=stop@1")
    try:

        async def stopped() -> bool:
            return psutil.Process(pid).status() == psutil.STATUS_STOPPED

        await world.stage.until(f"{zombie} stops", stopped, patience=HANG)
        world.arm(zombie)
        taken = {(h.topic, h.partition): h.last for h in world.told(since, [zombie]).handed}

        async def passed() -> bool:
            status = await world.stage.call(world.stage.operator, "shipping_issues", "GetStatus")
            stored = {(p.topic, p.partition): p.position for p in status.partitions}
            return bool(stored) and all(stored[place] > last for place, last in taken.items())

        await world.stage.until(f"others store what {zombie} was handed", passed, patience=HANG, pause=0.5)
    finally:
        world.arm(zombie)
        os.kill(pid, signal.SIGCONT)

    async def fenced() -> bool:
        return world.figure(zombie, FENCED[0], **FENCED[1]) > before

    await world.stage.until(f"{zombie} tries, and is refused", fenced, patience=HANG)


@pytest.mark.fault(9)
async def test_replicas_that_come_and_go_every_five_seconds_keep_the_order_of_every_key(
    world: World, server_rounds: int, seed: str, record_property: Record
) -> None:
    """A second consumer every other time, else a second process of another role; each leaves with SIGTERM, code 0."""
    redeliveries = 0
    for number in range(1, server_rounds + 1):
        since = mark()
        rng = random.Random(f"{seed}/replicas/{number}")
        healed = await world.under_load(f"replicas come and go, round {number}", come_and_go(world, rng), at_least=6)
        told = world.told(since)
        assert told.gaps() == []
        assert {handed.process for handed in told.handed} == set(CONSUMERS)
        assert healed.seconds < HANG
        redeliveries += told.redeliveries()
    record_property("rounds", server_rounds)
    record_property("replicas added or removed", CHANGES * server_rounds)
    record_property("redeliveries", redeliveries)
    assert await world.verdict() == []


async def come_and_go(world: World, rng: random.Random) -> None:
    """So many changes, each so many seconds after the one before, or as soon as that one is through."""
    others = [role for role in SINGLE_ROLES if role != "consumer"]
    due = time.monotonic()
    try:
        for n in range(CHANGES):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = time.monotonic() + BETWEEN
            role = rng.choice(others) if n % 2 else "consumer"
            name = f"shipping_issues.{role}.2"
            if world.pid(name) is None:
                await world.start(name)
            else:
                await world.end(name)
    finally:
        for role in SINGLE_ROLES:
            if world.pid(f"shipping_issues.{role}.2") is not None:
                await world.end(f"shipping_issues.{role}.2")


@pytest.mark.fault(15)
async def test_a_rolling_restart_is_invisible_to_callers_that_retry_as_documented(
    world: World, server_rounds: int, record_property: Record
) -> None:
    """SIGTERM of each process in turn: each ends within its grace, and callers are told nothing but to retry."""
    await world.some_cases()
    load, slowest = world.load, 0.0
    told = sum(load.unanswered.values())

    async def roll() -> None:
        nonlocal slowest
        for name in PROCESSES:
            log = world.stage.stack.layout.log(name)
            size = log.stat().st_size
            slowest = max(slowest, await world.end(name))
            with log.open("rb") as file:
                file.seek(size)
                assert b"grace_over" not in file.read(), f"{name} did not end within its grace"
            await world.start(name)

    for number in range(1, server_rounds + 1):
        await world.under_load(f"every process restarted in turn, round {number}", roll(), at_least=6, on_known=4)
    record_property("rounds", server_rounds)
    record_property("slowest end", f"{slowest:.1f} s")
    record_property("commands sent again", sum(load.unanswered.values()) - told)
    assert await world.verdict() == []
