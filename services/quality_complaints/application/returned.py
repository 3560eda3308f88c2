"""Units that come back are evidence of what may be wrong with the goods.

Guarantee: a unit that is here, of a known lot, and that speaks for a defect is in the investigation of that lot, once,
in the unit of work that hears of it; a word that says otherwise takes it out again. Nothing is promised to anybody by
it, and no complaint is made of it.
"""

from chassis.work import Work
from services.quality_complaints.application.investigating import RULE, Investigating
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from services.quality_complaints.domain.values import ToldUnit


class Returned(Investigating):
    """What returns tells of units."""

    async def unit_returned(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        line_id: str,
        unit: int,
        *,
        customer_id: str,
        sku: str,
        told: ToldUnit,
    ) -> None:
        """A unit comes back, or more is known of it."""
        known = await work.find(ReturnedUnit, ReturnedUnit.id_of(shop_id, order_id, line_id, unit))
        if known is None:
            known = work.add(
                ReturnedUnit.hear_of(shop_id, order_id, line_id, unit, customer_id=customer_id, sku=sku, at=work.now)
            )
        known.learn(told, at=work.now)
        order = await self.heard_order(work, shop_id, order_id)
        order.link_returned(known.id, at=work.now)
        await self.weigh(work, known, order)

    async def weigh(self, work: Work, known: ReturnedUnit, order: Order) -> None:
        """Put it into the investigation of its lot, or take it out of one."""
        known.infer_lot(order.lot_of(known.line_id), at=work.now)
        wanted = Investigation.id_of(known.shop_id, known.sku, known.lot_id) if known.speaks and known.lot_id else None
        before = known.investigation_id
        if wanted == before:
            return
        if before is not None:
            (await work.get(Investigation, before)).let_go(known.id, at=work.now)
            known.be_no_evidence(at=work.now)
        if wanted is not None:
            investigation = await self.investigation_of(work, known.shop_id, known.sku, known.lot_id, by=RULE)
            investigation.take(known, at=work.now)
            known.become_evidence(investigation.id, at=work.now)

    @staticmethod
    async def heard_order(work: Work, shop_id: str, order_id: str) -> Order:
        """The order a fact names, opened when this is the first one."""
        known = await work.find(Order, Order.id_of(shop_id, order_id))
        return known if known is not None else work.add(Order.open(shop_id, order_id, at=work.now))
