"""Two real processes of one service, each with its own cache, decide on one aggregate at the same time."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import new_id
from chassis.work import Actor, Work
from infra.local.layout import ROOT
from tests.integration.chassis.conftest import Core, ExampleDatabase
from tests.integration.chassis.example import Account

Db: TypeAlias = "asyncpg.Connection[Any]"
CALLERS, EACH, LIMIT = 4, 15, 90


async def test_two_processes_with_caches_decide_on_one_aggregate_as_if_there_were_one(
    example_database: ExampleDatabase, core: Core, db: Db
) -> None:
    """Of 120 orders exactly the 90 that fit are accepted, each under a version of its own, without a hole; the rest are
    refused; and both processes know the same total in the end."""
    account = new_id()

    async def open_account(work: Work) -> None:
        work.add(Account.open(account, limit=LIMIT, at=datetime.now(UTC)))

    await core.units.run(open_account, actor=Actor("test"), cause="test")
    processes = [await _started(example_database.url, account) for _ in range(2)]
    for process in processes:
        assert await _line(process) == "ready"
    _go_on(processes)
    said = [json.loads(await _line(process)) for process in processes]
    _go_on(processes)
    totals = [json.loads(await _line(process))["total"] for process in processes]
    assert [await process.wait() for process in processes] == [0, 0]
    accepted = [version for one in said for version in one["accepted"]]
    assert sorted(accepted) == list(range(2, LIMIT + 2))
    assert sum(one["refused"] for one in said) == 2 * CALLERS * EACH - LIMIT
    assert all(one["accepted"] for one in said), "one of them never got a turn: this proves nothing"
    rows = await db.fetch("SELECT version FROM events WHERE aggregate_id = $1 ORDER BY position", account)
    assert [row["version"] for row in rows] == list(range(1, LIMIT + 2))
    assert await db.fetchval("SELECT total FROM accounts WHERE id = $1", account) == LIMIT
    assert totals == [LIMIT, LIMIT]


async def _started(url: str, account: UUID) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.chassis.counting", url, str(account), str(CALLERS), str(EACH)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


def _go_on(processes: Sequence[asyncio.subprocess.Process]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")


async def _line(process: asyncio.subprocess.Process) -> str:
    """What it says next; structured log lines in between say nothing to us."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode().strip():
        if line == "ready" or line.startswith(('{"accepted"', '{"total"')):
            return line
    raise AssertionError("it ended without a word")
