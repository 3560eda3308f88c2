"""Stops goods on their way to somebody who withdrew from them: asked of the shop, or of the carrier through it.

Guarantee: asked once for each parcel and for what is in none yet, in the unit that gives the notice or hears of the
parcel. A parcel with goods that nobody withdrew from goes on. Whatever is answered, late or never, the withdrawal stays
as it is.
"""

from datetime import timedelta
from uuid import UUID

from chassis.service import EffectChanged, FiredTimer
from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.application.outside import by_line
from services.returns.domain.change.values import Interception
from services.returns.domain.order import Order
from services.returns.domain.order.leaving import parcels
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal.stopping import UNANSWERED

STOP_EFFECT = "withdrawal_stop"
BEFORE_PACKING = "unpacked"


class Stopping(UseCases):
    """Base of the use cases that hear of a notice, or of a parcel."""

    async def stop_goods(self, work: Work, order: Order) -> None:
        """Whatever was withdrawn from and is not delivered is to be stopped."""
        if work.history or not order.withdrawn:
            return
        inside = parcels(order)
        packed = {unit for units in inside.values() for unit in units}
        for id in dict.fromkeys(order.withdrawn.values()):
            known = await work.get(Withdrawal, UUID(id))
            wanted = set(known.stoppable)
            for shipment_id, units in inside.items():
                if units and set(units) <= wanted and order.delivered_at(shipment_id) is None:
                    await self._ask_to_stop(work, known, shipment_id, units)
            loose = tuple(unit for unit in known.stoppable if unit not in packed)
            if loose:
                await self._ask_to_stop(work, known, "", loose)

    async def stop_answered(self, work: Work, told: EffectChanged) -> None:
        """Whether they are stopped."""
        if told.state not in ("succeeded", "failed", "held"):
            return
        known = await work.get(Withdrawal, told.subject)
        known.stop_ended(told.key, told.reason, done=told.state == "succeeded", at=work.now)

    async def stop_unanswered(self, work: Work, fired: FiredTimer) -> None:
        """Nobody said in time: they go on, as far as anybody knows."""
        known = await work.get(Withdrawal, fired.subject)
        for stop in [s for s in known.stops.values() if s.answer_by <= work.now and s.state == "asked"]:
            known.stop_ended(stop.interception_id, UNANSWERED, done=False, at=work.now)

    async def _ask_to_stop(self, work: Work, known: Withdrawal, shipment_id: str, units: tuple[str, ...]) -> None:
        id = f"{known.id}:{shipment_id or BEFORE_PACKING}"
        stop = Interception(id, shipment_id, units, work.now + timedelta(hours=self.outside.stop_answer_hours))
        if not known.ask_stop(stop, at=work.now):
            return
        body = {
            "shop_id": known.shop_id,
            "order_id": known.order_id,
            "case_id": str(known.id),
            "shipment_id": shipment_id,
            "units": by_line(known.unit(u).asked for u in units),
            "answer_hours": self.outside.stop_answer_hours,
        }
        await work.plan_effect(STOP_EFFECT, id, subject=known.id, body=body)
