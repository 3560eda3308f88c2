"""The lead: one at a time, lost by whoever stops answering, taken over by another."""

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any, TypeAlias

import asyncpg
import pytest

from chassis.leader import Leader
from tests.integration.chassis.conftest import ExampleDatabase

Db: TypeAlias = "asyncpg.Connection[Any]"

PROCESS = """
import asyncio, sys, asyncpg
from chassis.leader import Leader
async def main():
    async def lead(connection):
        print("leads", file=sys.stderr, flush=True)
        await asyncio.Event().wait()
    connect = lambda: asyncpg.connect(sys.argv[1])
    await Leader(connect, "relay", idle_limit=3.0, ping_every=0.3, retry_every=0.2).run(lead)
asyncio.run(main())
"""


def leader(database: ExampleDatabase, name: str = "relay") -> Leader:
    return Leader(lambda: asyncpg.connect(database.url), name, idle_limit=3.0, ping_every=0.3, retry_every=0.1)


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Post:
    """Counts who is at work."""

    def __init__(self) -> None:
        self.present = 0
        self.most = 0
        self.taken: asyncio.Queue[str] = asyncio.Queue()

    def work(self, who: str) -> Any:
        async def lead(connection: Db) -> None:
            self.present += 1
            self.most = max(self.most, self.present)
            self.taken.put_nowait(who)
            try:
                await asyncio.Event().wait()
            finally:
                self.present -= 1

        return lead


async def nobody_comes(post: Post, seconds: float) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post.taken.get(), seconds)


async def test_of_two_candidates_one_leads_and_the_other_takes_over(example_database: ExampleDatabase) -> None:
    post = Post()
    tasks = {who: asyncio.create_task(leader(example_database).run(post.work(who))) for who in ("a", "b")}
    first = await asyncio.wait_for(post.taken.get(), 30)
    await nobody_comes(post, 0.5)
    await stop(tasks.pop(first))
    second = await asyncio.wait_for(post.taken.get(), 30)
    assert (second, post.most) == (next(iter(tasks)), 1)
    await stop(*tasks.values())


async def test_leads_of_different_names_do_not_exclude_each_other(example_database: ExampleDatabase) -> None:
    post = Post()
    tasks = [
        asyncio.create_task(leader(example_database, name).run(post.work(name))) for name in ("timers", "erasures")
    ]
    assert {await asyncio.wait_for(post.taken.get(), 30) for _ in tasks} == {"timers", "erasures"}
    await stop(*tasks)


async def test_a_quiet_leader_outlives_the_idle_limit_by_its_pings(example_database: ExampleDatabase) -> None:
    post = Post()
    task = asyncio.create_task(leader(example_database).run(post.work("a")))
    await asyncio.wait_for(post.taken.get(), 30)
    await nobody_comes(post, 4.5)
    assert post.present == 1
    await stop(task)


async def test_work_is_cancelled_when_the_session_is_lost_and_begins_again(
    example_database: ExampleDatabase, db: Db
) -> None:
    post = Post()
    task = asyncio.create_task(leader(example_database).run(post.work("a")))
    await asyncio.wait_for(post.taken.get(), 30)
    await db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1",
        example_database.runtime_role,
    )
    await asyncio.wait_for(post.taken.get(), 30)
    assert (post.present, post.most) == (1, 1)
    await stop(task)


async def test_work_that_fails_gives_up_the_lead_and_is_tried_again(example_database: ExampleDatabase) -> None:
    tries: asyncio.Queue[int] = asyncio.Queue()

    async def fails(connection: Db) -> None:
        tries.put_nowait(1)
        raise RuntimeError("broken")

    task = asyncio.create_task(leader(example_database).run(fails))
    for _ in range(2):
        await asyncio.wait_for(tries.get(), 30)
    await stop(task)


async def test_a_stopped_process_loses_the_lead_though_its_connection_stands(
    example_database: ExampleDatabase,
) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", PROCESS, example_database.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    try:
        assert process.stderr is not None
        assert await asyncio.to_thread(process.stderr.readline) == b"leads\n"
        process.send_signal(signal.SIGSTOP)
        post = Post()
        task = asyncio.create_task(leader(example_database).run(post.work("b")))
        assert await asyncio.wait_for(post.taken.get(), 30) == "b"
        process.send_signal(signal.SIGCONT)
        await nobody_comes(post, 1.5)
        assert post.present == 1  # the one that woke up is only a candidate again
        await stop(task)
    finally:
        process.kill()
        process.wait()


def test_a_leader_may_miss_two_pings() -> None:
    with pytest.raises(ValueError, match="miss two pings"):
        Leader(lambda: asyncpg.connect(""), "x", idle_limit=2.0, ping_every=1.0)
