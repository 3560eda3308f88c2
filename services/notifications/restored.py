"""After a restore: no mail goes out by itself that may have gone out in the lost time.

Guarantee: a message that waits, and that the lost time may have sent, is unknown from then on; a person sends it again.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from chassis.units import Units
from chassis.work import SYSTEM, Work
from services.notifications.domain.message import Message
from services.notifications.queries import Queries


def hold_back(queries: Queries, units: Units) -> Callable[[datetime], Awaitable[int]]:
    """The job, over every message that waits."""

    async def doubt_all(restored_at: datetime) -> int:
        return sum([await _doubt(units, id, restored_at) for id in await queries.waiting()])

    return doubt_all


async def _doubt(units: Units, id: UUID, restored_at: datetime) -> bool:
    async def decide(work: Work) -> bool:
        return (await work.get(Message, id)).doubt(restored_at, at=work.now)

    return await units.run(decide, actor=SYSTEM, cause="restore", on=id)
