"""Goods that do not conform: put right, or paid for.

Guarantee: nothing is charged to the customer. Goods are asked of the shop only with the ledger's reservation in the
same unit; money is planned by the rule of law that gives it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from casework.amounts import written
from chassis.domain import Invalid, Money, numbered
from chassis.service import EffectChanged, Receipt
from chassis.work import Work
from desk.cases import give_to, write_note
from services.returns.application.common import CONFORMITY, REPAIR_EFFECT, REPLACEMENT_EFFECT, RETURNS
from services.returns.application.reporting import Reporting, conformity_receipt
from services.returns.domain.conformity import (
    PRICE_REDUCTION,
    REPLACEMENT,
    TERMINATION,
    Conformity,
    RemedyRefusal,
)
from services.returns.domain.errors import WrongStage
from services.returns.domain.law import Deadline, Proof, Ruling
from services.returns.domain.ledger import Ask, Book
from services.returns.domain.order import Order, OrderSnapshot

EFFECT_OF = {REPLACEMENT: REPLACEMENT_EFFECT}


class Conforming(Reporting):
    """The use cases of the law of conformity."""

    async def choose_remedy(self, work: Work, id: UUID, remedy: str) -> Receipt:
        """The customer chooses between repair and replacement."""
        known = await self.conformity_of(work, id)
        known.choose(remedy, by=work.actor.id, at=work.now)
        return conformity_receipt(known)

    async def refuse_remedy(
        self,
        work: Work,
        id: UUID,
        remedy: str,
        ground: str,
        reason: str,
        cost: Money | None,
        other_cost: Money | None,
    ) -> Receipt:
        """The seller does not put it right in this way, and says why."""
        known = await self.conformity_of(work, id)
        known.refuse(RemedyRefusal(remedy, ground, reason, cost, other_cost, work.actor.id), at=work.now)
        return conformity_receipt(known)

    async def start_remedy(self, work: Work, id: UUID, *, goods_needed: bool) -> Receipt:
        """Ask the shop to put it right; a replacement is reserved in the order's ledger in the same unit."""
        known = await self.conformity_of(work, id)
        remedy = known.require_startable()
        place = await self.place_now(work, known)
        # apart from the keys of money: one claim under both would stand for goods and be taken for the refund
        key = f"{known.id}:remedy:{numbered(len(known.attempts) + 1, work.incarnation)}"
        claim_id = await self._reserve_goods(work, known, key) if remedy == REPLACEMENT else ""
        send_by = self.conformity.due(work.now, self.conformity.wait_days, place).ends_at if goods_needed else None
        known.start_remedy(key, claim_id, send_by=send_by, by=work.actor.id, at=work.now)
        asked, due = known.unit.asked, known.lack.dates.put_right.ends_at
        body = {
            "shop_id": known.shop_id,
            "order_id": known.order_id,
            "customer_id": known.customer_id,
            "case_id": str(known.id),
            "units": [[asked.line_id, asked.sku, 1]],
            "answer_by": max(due, work.now + timedelta(days=self.conformity.workshop_days)).isoformat(),
        }
        await work.plan_effect(EFFECT_OF.get(remedy, REPAIR_EFFECT), key, subject=known.id, body=body)
        return conformity_receipt(known, request_id=key)

    async def record_remedy_outcome(self, work: Work, id: UUID, *, done: bool, reference: str, reason: str) -> Receipt:
        """What became of a repair or replacement, as somebody at the desk heard of it."""
        known = await self.conformity_of(work, id)
        known.running()
        if not done and not reason.strip():
            raise Invalid("reason", "what did not help is said with its reason")
        await self._remedy_ended(work, known, done=done, reference=reference, reason=reason, by=work.actor.id)
        return conformity_receipt(known)

    async def remedy_changed(self, work: Work, change: EffectChanged) -> None:
        """The shop's answer to a request for a repair or a replacement."""
        known = await work.get(Conformity, change.subject)
        attempt = known.attempt
        if attempt is None or attempt.key != change.key or attempt.state != "started":
            return  # a person said what became of it before
        if change.state == "succeeded":
            await self._remedy_ended(work, known, done=True, reference=change.reference, reason="", by="shop")
        elif change.state == "failed":
            await self._remedy_ended(work, known, done=False, reference="", reason=change.reason, by="shop")

    async def reduce_price(self, work: Work, id: UUID, worth: Money, worth_as_is: Money) -> Receipt:
        """The customer keeps it for less: in proportion to what it is worth as it is, rounded for the customer."""
        known = await self.conformity_of(work, id)
        rule = known.require_money(PRICE_REDUCTION)
        paid = known.unit.asked.paid
        if {worth.currency, worth_as_is.currency} != {paid.currency}:
            raise Invalid("worth", f"the order is in {paid.currency}")
        if not 0 <= worth_as_is.minor < worth.minor:
            raise Invalid("worth_as_is", f"{worth_as_is} is not less than {worth}")
        lost = worth.minor - worth_as_is.minor
        amount = Money(-(-paid.minor * lost // worth.minor), paid.currency)
        known.reduce_price(self._by_law(rule), amount, by=work.actor.id, at=work.now)
        await self._pay_and_free(work, known)
        return conformity_receipt(known, amount=written(amount))

    async def terminate(self, work: Work, id: UUID) -> Receipt:
        """The customer ends the contract about the unit."""
        known = await self.conformity_of(work, id)
        known.terminate(self._by_law(known.require_money(TERMINATION)), by=work.actor.id, at=work.now)
        await self._pay_and_free(work, known)
        return conformity_receipt(known)

    async def prove_conformity_sending(
        self, work: Work, id: UUID, carrier: str, number: str, sent_at: datetime | None
    ) -> Receipt:
        """The customer has in hand that the goods were sent to the seller."""
        at = sent_at or work.now
        if at > work.now:
            raise Invalid("sent_at", f"{at.isoformat()} is yet to come")
        known = await self.conformity_of(work, id)
        known.sent((), Proof(carrier, number, at, work.actor.id), at=work.now)
        await self.repay_conformity_by_itself(work, known)
        return conformity_receipt(known)

    async def pay_conformity(self, work: Work, id: UUID, tender_id: str = "") -> Receipt:
        """Pay what could not go by itself, where needed by another tender."""
        known = await self.conformity_of(work, id)
        order = await self.heard_order(work, known.shop_id, known.order_id)
        ledger = await self.ledger_of(work, known.shop_id, known.order_id)
        claim, amount = await self.repay_conformity(work, known, order, ledger, by=work.actor.id, tender_id=tender_id)
        return conformity_receipt(known, refund_id=claim.id, amount=written(amount))

    async def drop_lack(self, work: Work, id: UUID, reason: str) -> Receipt:
        """The customer lets it be."""
        known = await self.conformity_of(work, id)
        if (attempt := known.attempt) is not None and attempt.state == "started":
            raise WrongStage(f"a {attempt.remedy} is under way")
        known.drop(reason, by=work.actor.id, at=work.now)
        await self.void_useless(work, known, known.state)
        await self.let_go(work, known)
        return conformity_receipt(known)

    async def note_conformity(self, work: Work, id: UUID, text: str) -> Receipt:
        """Write something down for the desk."""
        known = await self.conformity_of(work, id)
        return conformity_receipt(known, **write_note(work, known, text))

    async def assign_conformity(self, work: Work, id: UUID, assignee: str) -> Receipt:
        """Say who has it; to nobody puts it back in its queue."""
        known = await self.conformity_of(work, id)
        return conformity_receipt(known, **give_to(work, known, assignee))

    async def _reserve_goods(self, work: Work, known: Conformity, key: str) -> str:
        order = await self.heard_order(work, known.shop_id, known.order_id)
        ledger = await self.ledger_of(work, known.shop_id, known.order_id)
        ask = Ask(
            requester=RETURNS,
            request_key=key,
            case_id=str(known.id),
            book=Book.IN_KIND,
            reason=f"{REPLACEMENT}_{CONFORMITY}",
            by=work.actor.id,
            action=CONFORMITY,
            subjects=(ledger.books.carrier_of(known.unit_id),),
        )
        return ledger.reserve(ask, hold=await self.hold_of(work, order), at=work.now).id

    async def _remedy_ended(
        self, work: Work, known: Conformity, *, done: bool, reference: str, reason: str, by: str
    ) -> None:
        attempt = known.running()
        ledger = await self.ledger_of(work, known.shop_id, known.order_id)
        if not done:
            if attempt.claim_id:
                ledger.release(RETURNS, attempt.key, "failed", at=work.now)
            known.fail_remedy(reason, by=by, at=work.now)
            await self.void_useless(work, known, known.state)
            return
        if attempt.claim_id:
            ledger.settle_goods(
                RETURNS, attempt.key, reference, (), with_customer=frozenset((known.unit_id,)), at=work.now
            )
        order, snapshot = await self.order_named(work, known.shop_id, known.order_id)
        known.finish_remedy(reference, self._liable_then(work, known, order, snapshot), by=by, at=work.now)
        await self.void_useless(work, known, known.state)
        await self.let_go(work, known)

    def _liable_then(self, work: Work, known: Conformity, order: Order, snapshot: OrderSnapshot) -> Deadline:
        """How long the seller answers once the attempt that runs has helped."""
        attempt = known.running()
        delivered_at = order.possession_of(known.unit.asked.line_id) or snapshot.placed_at
        place = self.place_of(snapshot.country, snapshot.time_zone, delivered_at)
        trial = known.clone()
        trial.finish_remedy("", known.lack.dates.liable, by="trial", at=work.now)
        return self.conformity.liable_until(
            self.sale_of(order, snapshot, trial if attempt.remedy != REPLACEMENT else known, delivered_at), place
        )

    async def _pay_and_free(self, work: Work, known: Conformity) -> None:
        await self.repay_conformity_by_itself(work, known)
        if known.money is not None and known.money.kind == PRICE_REDUCTION:
            await self.free(work, known)  # the customer keeps it: another lack of it is another matter

    def _by_law(self, rule: str) -> Ruling:
        return Ruling(rule, rule.replace("_", " "), self.conformity.sources[rule])
