"""Facts of parcels: what left, what a carrier has, what reached somebody.

Guarantee: as for every fact, one that is known changes nothing, and a record flagged as history only builds state.
"""

from datetime import datetime
from uuid import UUID

from chassis.work import Work
from services.returns.application.following import Following
from services.returns.application.repaying import Repaying
from services.returns.application.stopping import Stopping
from services.returns.domain.case import ReturnCase
from services.returns.domain.law import Proof
from services.returns.domain.ledger import Book, ClaimState
from services.returns.domain.order import Delivery, Order, ShipmentFact
from services.returns.domain.withdrawal import Withdrawal


class ParcelFacts(Stopping, Following, Repaying):
    """What the shop, its warehouse and its carriers tell of parcels, to the customer or back."""

    async def shipment_told(self, work: Work, shop_id: str, order_id: str, shipment: ShipmentFact) -> None:
        """A parcel of the order is known, to the customer or back."""
        order = await self.heard_order(work, shop_id, order_id)
        if order.ship(shipment, history=work.history, at=work.now):
            await self.follow_parcels(work, order)
            await self.stop_goods(work, order)
            await self._sent_back(work, order, shipment.shipment_id)

    async def handed_over(
        self, work: Work, shop_id: str, order_id: str, shipment_id: str, handed_over_at: datetime
    ) -> None:
        """A carrier has a parcel: of a return, the proof of sending."""
        order = await self.heard_order(work, shop_id, order_id)
        if order.hand_over(shipment_id, handed_over_at, history=work.history, at=work.now):
            await self.follow_parcels(work, order)
            await self.stop_goods(work, order)
            await self._sent_back(work, order, shipment_id)

    async def _sent_back(self, work: Work, order: Order, shipment_id: str) -> None:
        shipment = order.shipments.get(shipment_id)
        if shipment is None or shipment.outbound or shipment_id not in order.handed_over:
            return
        case = await self.case_by_rma(work, order.shop_id, shipment.rma_id)
        if case is None:
            return
        lines = {line for line, _ in shipment.contents}
        units = [u for u, unit in case.units.items() if not lines or unit.asked.line_id in lines]
        if isinstance(case, ReturnCase):
            number = shipment.tracking_number
            case.sent(units, shipment_id, in_transit=True, at=work.now, tracking_number=number)
        else:
            number = shipment.tracking_number or shipment_id
            proof = Proof(shipment.carrier, number, order.handed_over[shipment_id], "carrier")
            case.sent(units, proof, at=work.now)
            await self.repay_what_is_owed(work, order)

    async def delivery_told(self, work: Work, shop_id: str, order_id: str, delivery: Delivery) -> None:
        """A parcel reached the customer, or did not after all; what was given up for lost may turn up."""
        order = await self.heard_order(work, shop_id, order_id)
        if not order.deliver(delivery, history=work.history, at=work.now):
            return
        await self.follow_parcels(work, order)
        shipment = order.shipments.get(delivery.shipment_id)
        if shipment is None or not shipment.outbound or delivery.revoked:
            return
        await self._reached_who_withdrew(work, order, shipment, delivery)
        ledger = await self.ledger_of(work, shop_id, order_id)
        for claim in list(ledger.claims.values()):
            if claim.ask.book is Book.IN_KIND and claim.state is ClaimState.SETTLED and shipment.at < claim.at:
                left = dict(shipment.contents)
                for part in claim.parts:
                    line_id = ledger.entitlements[ledger.books.root_of(part.subject)].line_id
                    if left.get(line_id, 0) > 0:
                        left[line_id] -= 1
                        ledger.goods_turned_up(part.subject, at=work.now)

    async def _reached_who_withdrew(self, work: Work, order: Order, shipment: ShipmentFact, delivery: Delivery) -> None:
        if order.snapshot is None or delivery.at is None or not order.withdrawn:
            return
        lines = {line for line, _ in shipment.contents} or {line.line_id for line in order.snapshot.lines}
        place = self.place_of(order.snapshot.country, order.snapshot.time_zone, delivery.at)
        for id in dict.fromkeys(order.withdrawn.values()):
            known = await work.get(Withdrawal, UUID(id))
            begins = max(delivery.at, known.noticed_at or delivery.at)
            known.delivered(lines, delivery.at, self.law.send_back_by(begins, place).ends_at, at=work.now)
