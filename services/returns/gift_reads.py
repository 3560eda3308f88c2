"""What is read of gifts: the order behind a gift receipt, and what of their own order its buyer is not told.

Guarantee: folded from the log, as everything that is told of a single order.
"""

from uuid import UUID

from chassis.aggregates import Aggregates
from chassis.work import Actor
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import order_id_of
from services.returns.domain.order import Order


class GiftReads:
    """Abstract: `Queries` adds everything else."""

    _aggregates: Aggregates

    async def gift(self, shop_id: str, order_id: str, *, seen_by: Actor) -> Order | None:
        """An order of a shop the caller may ask, whoever's it is; what is told depends on a gift receipt's code."""
        if not seen_by.may_see(shop_id=shop_id, customer_id=seen_by.customer_id):
            return None
        found = await self._aggregates.load(order_id_of(shop_id, order_id))
        return found if isinstance(found, Order) else None

    async def secret_units(self, order: Order, *, seen_by: Actor) -> frozenset[str]:
        """Units of the caller's own order that somebody returns who was given them."""
        if seen_by.customer_id is None:
            return frozenset()
        found = {id: await self._aggregates.load(UUID(id)) for id in set(order.units_in_returns.values())}
        secret = {id for id, case in found.items() if isinstance(case, ReturnCase) and case.gift is not None}
        return frozenset(unit for unit, id in order.units_in_returns.items() if id in secret)
