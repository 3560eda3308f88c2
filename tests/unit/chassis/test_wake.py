"""Who is woken by every append turns no more often than he wants to, and misses nothing."""

import asyncio

from chassis.wake import Wake


async def test_what_is_announced_during_the_pause_ends_the_same_sleep_and_not_another_one() -> None:
    """Many announcements in a pause are one turn; the next one after it is heard."""
    wake, loop = Wake("outbox", pause=0.05), asyncio.get_running_loop()
    wake.set()
    await wake.sleep(60)
    began = loop.time()
    wake.set()
    sleeping = asyncio.create_task(wake.sleep(60))
    await asyncio.sleep(0)
    wake.set()
    await sleeping
    assert loop.time() - began >= 0.045
    assert not wake.is_told
    wake.set()
    assert wake.is_told


async def test_the_first_announcement_after_a_quiet_while_is_heard_at_once() -> None:
    """The pause is between turns, no delay before one: nothing is waited for where nobody turned for long."""
    wake = Wake("outbox", pause=3600)
    wake.set()
    async with asyncio.timeout(60):
        await wake.sleep(60)
