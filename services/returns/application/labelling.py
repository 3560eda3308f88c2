"""Labels for the way back, whoever makes them: the shop over Kafka, or an aggregator the shop has an account at.

Guarantee: a label is bought of a parcel that was written down before, so that it can be looked for and is never bought
twice; one that nobody needs any more is voided in the unit that ends the need, or in the one that hears of the label.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.domain import Money, NotFound
from chassis.service import EffectChanged, Receipt
from chassis.work import Work
from services.returns.application.common import LABEL_EFFECT, UseCases
from services.returns.application.outside import by_line
from services.returns.domain.errors import ReturnAtOwnCost
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.labels import EASYPOST, SHOP, Label, LabelStage, PostalAddress
from services.returns.domain.withdrawal import Withdrawal

VOID_EFFECT = "return_label_void"
OFFER_EFFECT = "easypost_offer"
PURCHASE_EFFECT = "easypost_label"
CODE_EFFECT = "easypost_code"
TAKE_BACK_EFFECT = "easypost_refund"

ASKED_BY = {SHOP: LABEL_EFFECT, EASYPOST: OFFER_EFFECT}
"""The kind of effect that begins a label of each maker."""

VOIDED_BY = {SHOP: VOID_EFFECT, EASYPOST: TAKE_BACK_EFFECT}
"""The kind of effect that takes a label of each maker back."""

POLICY = "policy"
ENDED = ("failed", "held")


class Labelling(UseCases):
    """Base of the use cases that end the need of a label, and of those that ask for one."""

    async def issue_label(
        self,
        work: Work,
        case_id: UUID,
        units: Sequence[str],
        *,
        sender: PostalAddress | None = None,
        paperless: bool = False,
    ) -> Receipt:
        """Ask for a label; it comes as the answer to the request."""
        case = await self.labelled_of(work, case_id)
        if isinstance(case, Withdrawal) and work.actor.customer_id is not None and not self.law.is_return_free:
            raise ReturnAtOwnCost("goods that a withdrawal sends back are sent at the customer's own cost here")
        if sender is not None:
            case.give_sender(sender, by=work.actor.id, at=work.now)
        label_id, maker = str(work.new_id()), self.outside.label_makers.get(case.shop_id, SHOP)
        chosen = case.ask_label(label_id, units, by=work.actor.id, at=work.now, maker=maker, paperless=paperless)
        body = about(case) | {
            "units": by_line(case.units[u].asked for u in chosen),
            "paperless": paperless,
            "sender": sender is not None,
        }
        await work.plan_effect(ASKED_BY[maker], label_id, subject=case.id, body=body)
        return _receipt(case, label_id)

    async def void_label(self, work: Work, case_id: UUID, label_id: str, reason: str) -> Receipt:
        """Take a label back that is of no use."""
        case = await self.labelled_of(work, case_id)
        await self._take_label_back(work, case, label_id, reason, by=work.actor.id)
        await self.void_useless(work, case, reason)
        return _receipt(case, label_id)

    async def void_useless(self, work: Work, case: GoodsCase, reason: str) -> None:
        """Units ended, or a label came too late: nobody pays for what nobody needs."""
        for label in case.useless_labels():
            await self._take_label_back(work, case, label.label_id, reason, by=POLICY)

    async def label_changed(self, work: Work, change: EffectChanged) -> None:
        """What the shop answered to a request for a label."""
        case = await self._labelled(work, change)
        if change.state == "succeeded":
            facts = change.facts
            case.label_made(
                change.key,
                facts.get("carrier", ""),
                facts.get("tracking_number", ""),
                facts.get("label_url", ""),
                at=work.now,
                qr_code_url=facts.get("qr_code_url", ""),
                instructions=facts.get("instructions", ""),
            )
            await self.void_useless(work, case, "came_too_late")
        elif change.state in ENDED:
            case.label_not_made(change.key, change.reason, at=work.now)

    async def label_offered(self, work: Work, change: EffectChanged) -> None:
        """The aggregator knows the parcel: buy exactly the label it sells for it."""
        case = await self._labelled(work, change)
        if change.state in ENDED:
            case.label_not_made(change.key, change.reason, at=work.now)
        if change.state != "succeeded":
            return
        cost = Money(int(change.facts["minor"]), change.facts["currency"])
        if case.label_offered(change.key, change.reference, change.facts["offer"], cost, at=work.now):
            body = about(case) | _parcel(case.labels[change.key])
            await work.plan_effect(PURCHASE_EFFECT, change.key, subject=case.id, body=body)

    async def label_purchased(self, work: Work, change: EffectChanged) -> None:
        """What became of buying it. A code to be shown instead of a printed label is asked for before the customer is
        told of either."""
        case = await self._labelled(work, change)
        label = case.label(change.key)
        if change.state == "succeeded" and label.paperless:
            facts = change.facts
            bought = (facts.get("carrier", ""), facts.get("tracking_number", ""), facts.get("label_url", ""))
            if case.label_bought(label.label_id, *bought, at=work.now):
                body = about(case) | _parcel(label)
                await work.plan_effect(CODE_EFFECT, label.label_id, subject=case.id, body=body)
            return
        await self.label_changed(work, change)

    async def label_coded(self, work: Work, change: EffectChanged) -> None:
        """The code is there, or there will be none: either way the label can be printed."""
        if change.state not in ("succeeded", *ENDED):
            return
        case = await self._labelled(work, change)
        label = case.label(change.key)
        if label.stage is LabelStage.BOUGHT:
            code = change.facts.get("qr_code_url", "")
            case.label_made(
                label.label_id, label.carrier, label.tracking_number, label.url, at=work.now, qr_code_url=code
            )
            await self.void_useless(work, case, "came_too_late")

    async def label_void_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of taking it back."""
        case = await self._labelled(work, change)
        if change.state == "succeeded":
            case.label_voided(change.body["label_id"], at=work.now)
        elif change.state in ENDED:
            case.label_not_voided(change.body["label_id"], change.reason, at=work.now)

    async def labelled_of(self, work: Work, case_id: UUID) -> GoodsCase:
        """A case that labels are made for, which the caller may see."""
        case = await self.goods_case(work, case_id)
        sees = work.actor.may_see
        if case is None or not sees(shop_id=case.shop_id, customer_id=case.customer_id):
            raise NotFound("return", case_id)
        return case

    async def _labelled(self, work: Work, change: EffectChanged) -> GoodsCase:
        case = await self.goods_case(work, change.subject)
        if case is None:
            raise NotFound("return", change.subject)
        return case

    async def _take_label_back(self, work: Work, case: GoodsCase, label_id: str, reason: str, *, by: str) -> None:
        label = case.void_label(label_id, reason, by=by, at=work.now)
        key = f"{label_id}:{label.voids}"
        body = about(case) | _parcel(label) | {"label_id": label_id, "reason": reason}
        await work.plan_effect(VOIDED_BY[label.maker], key, subject=case.id, body=body)


def about(case: GoodsCase) -> dict[str, Any]:
    """What every effect about a parcel names its case by."""
    return {
        "shop_id": case.shop_id,
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "case_id": str(case.id),
    }


def _parcel(label: Label) -> dict[str, Any]:
    return {
        "reference": label.reference,
        "offer": label.offer,
        "carrier": label.carrier,
        "tracking_number": label.tracking_number,
    }


def _receipt(case: GoodsCase, label_id: str) -> Receipt:
    return Receipt(str(case.id), case.version, {"state": case.state, "label_id": label_id})
