"""The shop's systems tell of orders and of what parcels were picked from; notifications tells who was told.

What is known already changes nothing. A parcel may be told before its order: it opens what is missing and waits there.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import subject_of
from chassis.work import Work
from services.quality_complaints.application.returned import Returned
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from services.quality_complaints.domain.values import OrderLine, PickedLot


class Facts(Returned):
    """Facts of `shop.orders`, `shop.shipments` and our own notifications."""

    async def order_recorded(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        version: int,
        *,
        customer_id: str,
        country: str,
        currency: str,
        lines: tuple[OrderLine, ...],
    ) -> None:
        """The whole order as it now is."""
        order = await self.heard_order(work, shop_id, order_id)
        order.learn(version, customer_id=customer_id, country=country, currency=currency, lines=lines, at=work.now)
        await self._infer_lots(work, order)

    async def parcel_picked(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        shipment_id: str,
        lots: tuple[PickedLot, ...],
        *,
        told_at: datetime,
    ) -> None:
        """What lots a parcel was picked from; complaints that waited for it join the lot's investigation."""
        order = await self.heard_order(work, shop_id, order_id)
        if order.pick(shipment_id, lots, told_at=told_at, at=work.now):
            await self._infer_lots(work, order)

    async def forget_customer(self, work: Work, shop_id: str, customer_id: str) -> None:
        """The shop was asked to forget a customer: every text about that person ends."""
        work.forget_person(subject_of(shop_id, customer_id))

    async def customer_told(self, work: Work, case_id: UUID, message_id: str) -> None:
        """A message about the complaint was accepted for the customer; other services' cases are passed over."""
        complaint = await work.find(Complaint, case_id)
        if complaint is not None:
            complaint.acknowledge(message_id, at=work.now)

    async def _infer_lots(self, work: Work, order: Order) -> None:
        for case_id in sorted(order.complaints):
            complaint = await work.get(Complaint, case_id)
            if complaint.infer_lot(order.lot_of(complaint.line_id), at=work.now):
                await self.meet(work, complaint)
        for returned_unit_id in sorted(order.returned_units):
            await self.weigh(work, await work.get(ReturnedUnit, returned_unit_id), order)
