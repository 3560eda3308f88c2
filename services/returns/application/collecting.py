"""Carriers that come for parcels: asked of the shop over Kafka, or of the aggregator the label was bought at.

Guarantee: a pickup is booked of one that was written down before, so that it can be looked for and is never booked
twice; one that nobody needs any more is cancelled in the unit that ends the need, or in the one that hears of it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Money
from chassis.service import EffectChanged, Receipt
from chassis.work import Work
from services.returns.application.labelling import ENDED, POLICY, Labelling, about
from services.returns.domain.case import Pickup, ReturnCase
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.labels import EASYPOST, SHOP, PostalAddress

PICKUP_EFFECT = "carrier_pickup"
PICKUP_CANCEL_EFFECT = "carrier_pickup_cancellation"
PICKUP_OFFER_EFFECT = "easypost_pickup_offer"
PICKUP_PURCHASE_EFFECT = "easypost_pickup"
PICKUP_REFUND_EFFECT = "easypost_pickup_cancellation"

ASKED_BY = {SHOP: PICKUP_EFFECT, EASYPOST: PICKUP_OFFER_EFFECT}
"""The kind of effect that begins a pickup of each maker's label."""

CANCELLED_BY = {SHOP: PICKUP_CANCEL_EFFECT, EASYPOST: PICKUP_REFUND_EFFECT}
"""The kind of effect that has the carrier not come."""


class Collecting(Labelling):
    """Base of the use cases that end the need of a label, with the pickups of its parcel."""

    async def book_pickup(
        self,
        work: Work,
        case_id: UUID,
        label_id: str,
        ready_from: datetime,
        ready_until: datetime,
        *,
        sender: PostalAddress | None = None,
    ) -> Receipt:
        """Have the carrier come; whether it does comes as the answer to the request."""
        case = await self.case_of(work, case_id)
        if sender is not None:
            case.give_sender(sender, by=work.actor.id, at=work.now)
        known = case.ask_pickup(str(work.new_id()), label_id, ready_from, ready_until, by=work.actor.id, at=work.now)
        body = _body(case, known) | {
            "ready_from": known.ready_from.isoformat(),
            "ready_until": known.ready_until.isoformat(),
            "sender": sender is not None,
        }
        await work.plan_effect(ASKED_BY[known.maker], known.pickup_id, subject=case.id, body=body)
        return _receipt(case, known)

    async def cancel_pickup(self, work: Work, case_id: UUID, pickup_id: str, reason: str) -> Receipt:
        """Have the carrier not come."""
        case = await self.case_of(work, case_id)
        known = await self._send_carrier_away(work, case, pickup_id, reason, by=work.actor.id)
        return _receipt(case, known)

    async def void_useless(self, work: Work, case: GoodsCase, reason: str) -> None:
        """Nobody pays for what nobody needs, and nobody rings in vain."""
        await super().void_useless(work, case, reason)
        if not isinstance(case, ReturnCase):
            return  # no carrier comes for parcels of the law's own flows
        for known in case.vain_pickups():
            await self._send_carrier_away(work, case, known.pickup_id, reason, by=POLICY)

    async def pickup_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of asking for it, or of booking it."""
        case = await work.get(ReturnCase, change.subject)
        if change.state == "succeeded":
            confirmation = change.facts.get("confirmation", "") or change.reference
            case.pickup_booked(change.key, confirmation, change.facts.get("instructions", ""), at=work.now)
            await self.void_useless(work, case, "came_too_late")
        elif change.state in ENDED:
            case.pickup_refused(change.key, change.reason, at=work.now)

    async def pickup_offered(self, work: Work, change: EffectChanged) -> None:
        """The aggregator knows the pickup: book exactly what it sells of it."""
        case = await work.get(ReturnCase, change.subject)
        if change.state in ENDED:
            case.pickup_refused(change.key, change.reason, at=work.now)
        if change.state != "succeeded":
            return
        facts = change.facts
        cost = Money(int(facts["minor"]), facts["currency"])
        if case.pickup_offered(change.key, change.reference, facts["carrier"], facts["service"], cost, at=work.now):
            body = _body(case, case.pickup(change.key))
            await work.plan_effect(PICKUP_PURCHASE_EFFECT, change.key, subject=case.id, body=body)

    async def pickup_cancel_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of telling the carrier not to come."""
        case = await work.get(ReturnCase, change.subject)
        if change.state == "succeeded":
            case.pickup_cancelled(change.body["pickup_id"], at=work.now)
        elif change.state in ENDED:
            case.pickup_not_cancelled(change.body["pickup_id"], change.reason, at=work.now)

    async def _send_carrier_away(self, work: Work, case: ReturnCase, pickup_id: str, reason: str, *, by: str) -> Pickup:
        known = case.cancel_pickup(pickup_id, reason, by=by, at=work.now)
        key = f"{pickup_id}:{known.cancels}"
        body = _body(case, known) | {"reason": reason}
        await work.plan_effect(CANCELLED_BY[known.maker], key, subject=case.id, body=body)
        return known


def _body(case: ReturnCase, known: Pickup) -> dict[str, Any]:
    label = case.label(known.label_id)
    return about(case) | {
        "pickup_id": known.pickup_id,
        "label_id": known.label_id,
        "parcel": label.reference,
        "label_carrier": label.carrier,
        "tracking_number": label.tracking_number,
        "reference": known.reference,
        "carrier": known.carrier,
        "service": known.service,
        "confirmation": known.confirmation,
    }


def _receipt(case: ReturnCase, known: Pickup) -> Receipt:
    return Receipt(str(case.id), case.version, {"state": case.state, "pickup_id": known.pickup_id})
