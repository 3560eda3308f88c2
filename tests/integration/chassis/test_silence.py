"""A PostgreSQL that is reachable and says nothing: callers are told in time, and all goes on once it speaks again."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from chassis import writer
from chassis.errors import StoreUnavailable
from chassis.ids import new_id
from chassis.log import read_pool
from chassis.runtime import watch
from chassis.unit import RequestRow, StoredEvent, Unit, Verdict
from tests.faults.proxy import Proxy
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import MODEL
from tests.integration.chassis.kafka import eventually


@pytest.mark.parametrize("way", ["up", "down"])
async def test_callers_of_a_silent_store_are_told_in_time_and_a_repeat_has_one_effect(
    example_database: ExampleDatabase, db: "asyncpg.Connection[Any]", way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the unit never arrived, or its answer never came back: the repeat tells."""
    monkeypatch.setattr(writer, "APPEND_LIMIT", 3600.0)
    aggregate, key, body = new_id(), new_id(), new_id()
    unit = Unit(
        reads={aggregate: 0},
        events=[StoredEvent(aggregate, 1, "t", b"x")],
        request=RequestRow(key, body, b"first"),
    )
    async with Proxy(port_of(example_database.url), way) as proxy:
        sending = writer.Writer(through(proxy, example_database.url), MODEL.read_model, patience=0.3)
        await sending.start()
        proxy.black_hole(way)
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(30):
                await sending.submit(unit)
        proxy.heal()
        judged = None
        while judged is None:
            try:
                judged = await sending.submit(unit)
            except StoreUnavailable:
                continue
        await sending.stop()
    assert judged.verdict in (Verdict.ACCEPTED, Verdict.REPLAYED)
    assert await db.fetchval("SELECT count(*) FROM events WHERE aggregate_id = $1", aggregate) == 1


async def test_a_connection_that_never_speaks_again_is_given_up(
    example_database: ExampleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent over it is taken for lost and settled; the unit is stored over a new one."""
    monkeypatch.setattr(writer, "APPEND_LIMIT", 1.0)
    aggregate = new_id()
    unit = Unit(reads={aggregate: 0}, events=[StoredEvent(aggregate, 1, "t", b"x")])
    async with Proxy(port_of(example_database.url), "strand") as proxy:
        sending = writer.Writer(through(proxy, example_database.url), MODEL.read_model, patience=600.0)
        await sending.start()
        proxy.strand()
        async with asyncio.timeout(60):
            judged = await sending.submit(unit)
        await sending.stop()
    assert judged.verdict is Verdict.ACCEPTED


async def test_readiness_tells_of_a_silent_store_and_of_its_return(
    example_database: ExampleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told before the silent connection has been given up."""
    monkeypatch.setattr(watch, "LOOK_LIMIT", 0.3)
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.05)

    async def nothing_waits() -> dict[str, int]:
        return {}

    async with Proxy(port_of(example_database.url), "watch") as proxy:
        pool = await read_pool(through(proxy, example_database.url), size=2)
        watching = watch.Watch(
            cast(Any, SimpleNamespace(pool=pool, writer=SimpleNamespace(trouble=""))),
            cast(Any, SimpleNamespace(counts=nothing_waits)),
        )
        running = asyncio.ensure_future(watching.run())
        await watching.looked()
        await eventually(says(watching, ""), "ready")
        proxy.black_hole()
        await eventually(says(watching, "the database does not answer"), "not ready")
        proxy.heal()
        await eventually(says(watching, ""), "ready again")
        running.cancel()
        pool.terminate()


def says(watching: watch.Watch, reason: str) -> Any:
    async def said() -> bool:
        return watching.not_ready() == reason

    return said


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def through(proxy: Proxy, url: str) -> str:
    return url.replace(f":{port_of(url)}/", f":{proxy.listening}/")
