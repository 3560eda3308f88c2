"""Let the rules look at a parcel.

Guarantee: whoever asks, a fact or a timer, the same look finds the same; each finding reaches its one case
in the same unit as the fact it rests on.
"""

from uuid import UUID

from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.finding import conclude, honest_estimate, trouble_of
from services.shipping_issues.domain.guidelines import STALLED, Rules
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.watching import Watch, watches

QUEUE = "shipping"


class Looking:
    """What every use case about a parcel ends with."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    async def look(self, work: Work, parcel: Shipment) -> None:
        """Tell the parcel's cases what is new, then open or extend cases for every rule that is due."""
        await self._tell_cases(work, parcel)
        for watch in watches(parcel, self.rules.carriers.of(parcel.carrier), by=work.now):
            case = await self._found(work, parcel, watch)
            parcel.note_found(watch.finding, watch.basis, case.id, at=work.now)

    async def look_for_parcel(self, work: Work, order: Order) -> None:
        """Let the rules look at the parcel that this order should have by now."""
        parcel = order.missing_parcel()
        if parcel is None:
            return
        for watch in watches(parcel, self.rules.carriers.default, by=work.now):
            case = await self._found(work, parcel, watch)
            order.note_found(watch.finding, watch.basis, case.id, at=work.now)

    async def order_due(self, work: Work, fired: FiredTimer) -> None:
        """A parcel should exist by now; the order is asked again, for its label may have come meanwhile."""
        await self.look_for_parcel(work, await work.get(Order, fired.subject))

    async def watch_due(self, work: Work, fired: FiredTimer) -> None:
        """A watch may be over; the parcel is asked again, for a scan may have come meanwhile."""
        await self.look(work, await work.get(Shipment, fired.subject))

    async def case_due(self, work: Work, fired: FiredTimer) -> None:
        """A goal, a promise, an approval or a wait of a case may be over."""
        case = await work.get(DeliveryCase, fired.subject)
        case.raise_alarms(at=work.now)
        case.end_wait(at=work.now)

    async def end_history(self, work: Work, shipment: UUID) -> Receipt:
        """The shop's past is loaded: watch this parcel from now on."""
        parcel = await work.get(Shipment, shipment)
        parcel.end_history(by=work.actor.id, at=work.now)
        await self.look(work, parcel)
        return Receipt(str(parcel.id), parcel.version)

    async def end_order_history(self, work: Work, order_id: UUID) -> Receipt:
        """The shop's past is loaded: watch this order from now on."""
        order = await work.get(Order, order_id)
        order.end_history(by=work.actor.id, at=work.now)
        await self.look_for_parcel(work, order)
        return Receipt(str(order.id), order.version)

    async def _found(self, work: Work, parcel: Shipment, watch: Watch) -> DeliveryCase:
        finding, decision, guideline = conclude(parcel, watch, self.rules, at=work.now)
        case = await self._case_of(work, parcel, trouble_of(watch.finding, parcel, self.rules))
        case.find(finding, decision, guideline, at=work.now)
        return case

    async def _case_of(self, work: Work, parcel: Shipment, trouble: str) -> DeliveryCase:
        for known in dict.fromkeys(parcel.found.values()):
            if (case := await work.get(DeliveryCase, known)).trouble == trouble:
                return case
        id_ = DeliveryCase.id_of(parcel.shop_id, parcel.shipment_id or f"order:{parcel.order_id}", trouble)
        if (found := await work.find(DeliveryCase, id_)) is not None:
            return found
        case = work.add(
            DeliveryCase.open(
                id_,
                shop_id=parcel.shop_id,
                order_id=parcel.order_id,
                customer_id=parcel.customer_id,
                shipment_id=parcel.shipment_id,
                trouble=trouble,
                queue=QUEUE,
                at=work.now,
            )
        )
        order = await work.find(Order, Order.id_of(parcel.shop_id, parcel.order_id))
        case.set_plan(self.rules.plan_of(order.country if order else ""), at=work.now)
        return case

    async def _tell_cases(self, work: Work, parcel: Shipment) -> None:
        if not parcel.found:
            return
        estimate = honest_estimate(
            parcel, self.rules.guidelines.of(STALLED), self.rules.carriers.of(parcel.carrier), at=work.now
        )
        for case_id in dict.fromkeys(parcel.found.values()):
            case = await work.get(DeliveryCase, case_id)
            case.hear_of(parcel, estimate, at=work.now)
