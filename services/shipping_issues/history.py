"""A shop's past is loaded: watch what is still open.

Guarantee: each parcel is armed in a unit of its own and says so, so the job can stop anywhere and be run again.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from chassis.service import Receipt
from chassis.units import Units
from chassis.work import Actor, Work
from services.shipping_issues.application import Application
from services.shipping_issues.queries import Queries

PAGE = 500


async def finish_history(app: Application, queries: Queries, units: Units, shop_id: str, actor: Actor) -> int:
    """Watch every order and parcel of the shop that history left unwatched; how many there were."""
    ended = 0
    for find, end in (
        (queries.orders_of_history, app.end_order_history),
        (queries.parcels_of_history, app.end_history),
    ):
        while page := await find(shop_id, limit=PAGE):
            for id_ in page:
                decide = partial(_end, end, id_)
                await units.run(decide, actor=actor, cause=f"history:{shop_id}", on=id_)
            ended += len(page)
    return ended


async def _end(end: Callable[[Work, UUID], Awaitable[Receipt]], id_: UUID, work: Work) -> Receipt:
    return await end(work, id_)
