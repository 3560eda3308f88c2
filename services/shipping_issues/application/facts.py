"""The shop's systems tell of orders and parcels, in any order and more than once.

Guarantee: what is known already changes nothing. A parcel may be told before its order and a scan before its
parcel; each opens what is missing and waits there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.service import Succeeded
from chassis.work import Work
from services.shipping_issues.application.looking import Looking
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.order import Order, OrderSnapshot
from services.shipping_issues.domain.remedy import RESHIP_REQUEST, case_of
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import Delivery, Estimate, ParcelFacts, Scan, ToldException


@dataclass(frozen=True, slots=True)
class ParcelRef:
    """Which parcel of which order a fact is about."""

    shop_id: str
    shipment_id: str
    order_id: str


class Facts(Looking):
    """Facts of `shop.orders` and `shop.shipments`."""

    async def order_recorded(
        self, work: Work, shop_id: str, order_id: str, snapshot: OrderSnapshot, *, history: bool
    ) -> None:
        """The whole order as it now is; its parcels learn whose they are and what was promised."""
        order = await self._order(work, shop_id, order_id)
        if not order.learn(snapshot, at=work.now, history=history):
            return
        for shipment_id in sorted(order.shipments):
            parcel = await work.get(Shipment, Shipment.id_of(shop_id, shipment_id))
            self._learn(work, parcel, order, history)
            await self.look(work, parcel)
        await self.look_for_parcel(work, order)
        if not history and (case := await self._case_of_request(work, snapshot.fulfilment_request_id)):
            await work.effect_fact(RESHIP_REQUEST, snapshot.fulfilment_request_id, Succeeded(order_id))
            case.accept(snapshot.fulfilment_request_id, order_id, None, at=work.now)

    async def parcel_described(self, work: Work, ref: ParcelRef, facts: ParcelFacts, *, history: bool) -> None:
        """A label exists; where it answers a request of ours, that remedy is done."""
        parcel = await self._parcel(work, ref)
        parcel.describe(facts, at=work.now, history=history)
        self._learn(work, parcel, await self._order(work, ref.shop_id, ref.order_id), history)
        await self.look(work, parcel)
        if not history and (case := await self._case_of_request(work, facts.fulfilment_request_id)):
            await work.effect_fact(RESHIP_REQUEST, facts.fulfilment_request_id, Succeeded(ref.shipment_id))
            case.finish(facts.fulfilment_request_id, ref.shipment_id, None, at=work.now)

    async def handed_over(self, work: Work, ref: ParcelRef, occurred_at: datetime, *, history: bool) -> None:
        """The carrier has it."""
        await self._fold(work, ref, lambda p: p.hand_over(occurred_at, at=work.now, history=history))

    async def scanned(self, work: Work, ref: ParcelRef, scan: Scan, *, history: bool) -> None:
        """The carrier saw it."""
        await self._fold(work, ref, lambda p: p.scan(scan, at=work.now, history=history))

    async def scan_revoked(
        self, work: Work, ref: ParcelRef, scan_key: str, occurred_at: datetime, *, history: bool
    ) -> None:
        """A scan never happened."""
        await self._fold(work, ref, lambda p: p.revoke_scan(scan_key, occurred_at, at=work.now, history=history))

    async def estimate_changed(self, work: Work, ref: ParcelRef, estimate: Estimate, *, history: bool) -> None:
        """Somebody expects it at another time."""
        await self._fold(work, ref, lambda p: p.estimate(estimate, at=work.now, history=history))

    async def delivered(self, work: Work, ref: ParcelRef, delivery: Delivery, *, history: bool) -> None:
        """Somebody was handed it."""
        await self._fold(work, ref, lambda p: p.deliver(delivery, at=work.now, history=history))

    async def delivery_revoked(
        self, work: Work, ref: ParcelRef, delivery_key: str, occurred_at: datetime, *, history: bool
    ) -> None:
        """A delivery was not so."""
        await self._fold(
            work, ref, lambda p: p.revoke_delivery(delivery_key, occurred_at, at=work.now, history=history)
        )

    async def exception_told(self, work: Work, ref: ParcelRef, told: ToldException, *, history: bool) -> None:
        """A trouble was named."""
        await self._fold(work, ref, lambda p: p.tell(told, at=work.now, history=history))

    async def _fold(self, work: Work, ref: ParcelRef, tell: Callable[[Shipment], None]) -> None:
        parcel = await self._parcel(work, ref)
        tell(parcel)
        await self.look(work, parcel)

    async def _parcel(self, work: Work, ref: ParcelRef) -> Shipment:
        id_ = Shipment.id_of(ref.shop_id, ref.shipment_id)
        if (known := await work.find(Shipment, id_)) is not None:
            return known
        parcel = work.add(Shipment.open(ref.shop_id, ref.shipment_id, ref.order_id, at=work.now))
        order = await self._order(work, ref.shop_id, ref.order_id)
        order.link(ref.shipment_id, at=work.now)
        self._learn(work, parcel, order, history=True)
        for key, case_id in order.found.items():
            await self._go_on_with(work, parcel, key, case_id)
        return parcel

    @staticmethod
    async def _go_on_with(work: Work, parcel: Shipment, key: str, case_id: UUID) -> None:
        """The parcel that an order was missing: its first one takes the story over."""
        case = await work.get(DeliveryCase, case_id)
        case.assign_parcel(parcel.shipment_id, at=work.now)
        if case.shipment_id == parcel.shipment_id:
            finding, _, basis = key.partition("|")
            parcel.note_found(finding, basis, case_id, at=work.now)

    async def _order(self, work: Work, shop_id: str, order_id: str) -> Order:
        known = await work.find(Order, Order.id_of(shop_id, order_id))
        return known if known is not None else work.add(Order.open(shop_id, order_id, at=work.now))

    @staticmethod
    def _learn(work: Work, parcel: Shipment, order: Order, history: bool) -> None:
        if order.is_known:
            ship_by, deliver_by = order.promise_for(parcel.contents)
            cancelled = order.cancelled_at is not None
            parcel.learn_order(
                order.customer_id, ship_by, deliver_by, cancelled=cancelled, at=work.now, history=history
            )

    @staticmethod
    async def _case_of_request(work: Work, request_id: str) -> DeliveryCase | None:
        case_id = case_of(request_id)
        return None if case_id is None else await work.get(DeliveryCase, case_id)
