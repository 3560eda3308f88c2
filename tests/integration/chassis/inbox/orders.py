"""What operators order about parked records, and what comes of it."""

from typing import Any
from uuid import UUID

from chassis.admin.parked import order
from tests.integration.chassis.inbox.conftest import World
from tests.integration.chassis.kafka import eventually


async def parked_id(world: World, offset: int) -> UUID:
    found = await world.db.fetchval('SELECT id FROM parked WHERE topic = $1 AND "offset" = $2', world.topic, offset)
    assert isinstance(found, UUID)
    return found


async def ask(world: World, offset: int, action: str, **more: Any) -> UUID:
    """Order what an operator orders through the admin service."""
    asked = await parked_id(world, offset)
    await order(world.core.pool, asked, action, by="olga", reason="looked into it", **more)
    return asked


async def answered(world: World, asked: UUID) -> tuple[str, str]:
    """The outcome of a request, once there is one."""

    async def is_answered() -> bool:
        return bool(await world.db.fetchval("SELECT outcome <> '' FROM redrives WHERE parked_id = $1", asked))

    await eventually(is_answered, "redrive answered")
    rows = await world.db.fetch("SELECT outcome, detail FROM redrives WHERE parked_id = $1", asked)
    return rows[0]["outcome"], rows[0]["detail"]


async def none_parked(world: World) -> None:
    async def empty() -> bool:
        return await world.parked() == []

    await eventually(empty, "nothing parked")
