"""A shop's past is loaded: watch what is still open.

Guarantee: each parcel is armed in a unit of its own and says so, so the job can stop anywhere and be run again.
"""

from functools import partial

from chassis.units import Units
from chassis.work import Actor
from services.shipping_issues.application import Application
from services.shipping_issues.queries import Queries

PAGE = 500


async def finish_history(app: Application, queries: Queries, units: Units, shop_id: str, actor: Actor) -> int:
    """Arm every parcel of the shop that history left unwatched; how many there were."""
    armed = 0
    while page := await queries.waiting_history(shop_id, limit=PAGE):
        for parcel in page:
            await units.run(
                partial(app.end_history, shipment=parcel), actor=actor, cause=f"history:{shop_id}", on=parcel
            )
            armed += 1
    return armed
