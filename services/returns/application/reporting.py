"""A lack of conformity: reported, proven, answered.

Guarantee: no policy of the shop is asked. The file of a unit is at its computed place, so two reports of one lack are
one; what the law does not give is asked of the shop's goodwill in the same unit.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid, NotFound
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.common import CONFORMITY
from services.returns.application.deciding import Item
from services.returns.application.repaying import Repaying
from services.returns.application.returning import Returning
from services.returns.domain.case import Authorisation, Goods, ReturnCase
from services.returns.domain.conformity import Conformity, LackDates, Sale
from services.returns.domain.conformity.law import NOTHING_OWED
from services.returns.domain.conformity.values import repairs_of
from services.returns.domain.errors import AlreadyWithdrawn, UnitNotReturnable, WrongStage
from services.returns.domain.identity import conformity_id_of, ledger_id_of, unit_id_of
from services.returns.domain.law import Place, Ruling
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import Ground


class Reporting(Returning, Repaying):
    """The use cases of a lack before anything is done about it."""

    async def report_lack(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        line_id: str,
        number: int,
        description: str,
        *,
        apparent_at: datetime | None = None,
        sought: str = "",
        channel: str = "",
    ) -> Receipt:
        """Somebody says that a unit does not conform. What the law does not give is asked of the shop's goodwill."""
        order, snapshot = await self.order_named(work, shop_id, order_id)
        unit = order.unit(unit_id_of(line_id, number))
        shown_at = apparent_at or work.now
        if shown_at > work.now:
            raise Invalid("apparent_at", f"{shown_at.isoformat()} is yet to come")
        delivered_at = order.possession_of(line_id)
        if delivered_at is None:
            raise WrongStage(f"line {line_id} is not delivered: there is nothing yet that could lack anything")
        if unit.unit_id in order.withdrawn:
            raise AlreadyWithdrawn(f"the contract about unit {unit.unit_id} was withdrawn from", unit=unit.unit_id)
        await self._make_way(work, order, unit.unit_id)
        known = await self._file_of(work, order, snapshot, unit)
        known.require_reportable()
        place = self.place_of(snapshot.country, snapshot.time_zone, delivered_at)
        sale = self.sale_of(order, snapshot, known, delivered_at)
        ruling, burden = await self._ruling(work, known, sale, place, shown_at)
        known.report(
            description,
            ruling,
            burden,
            self._lack_dates(sale, place, snapshot, work.now),
            self.conformity.figures,
            self.conformity.version,
            apparent_at=shown_at,
            sought=sought,
            channel=channel,
            by=work.actor.id,
            at=work.now,
        )
        if known.lack.covered:
            order.take_units(str(known.id), (unit.unit_id,), at=work.now)
        elif ruling.rule != NOTHING_OWED and unit.unit_id not in order.units_in_returns:
            await self._ask_goodwill(work, known, snapshot, channel)
        return conformity_receipt(known)

    async def record_evidence(
        self, work: Work, id: UUID, says: str, source: str, reference: str, text: str, observed_at: datetime | None
    ) -> Receipt:
        """A fact that speaks for the lack or against it."""
        known = await self.conformity_of(work, id)
        seen_at = observed_at or work.now
        if seen_at > work.now:
            raise Invalid("observed_at", f"{seen_at.isoformat()} is yet to come")
        known.record_evidence(says, source, reference, text, observed_at=seen_at, by=work.actor.id, at=work.now)
        await self._take_again(work, known)
        return conformity_receipt(known, evidence=str(len(known.evidence)))

    async def ask_for_proof(self, work: Work, id: UUID) -> Receipt:
        """After the presumption: the customer is asked to show that the lack was there at the delivery."""
        known = await self.conformity_of(work, id)
        place = await self.place_now(work, known)
        known.ask_for_proof(
            self.conformity.due(work.now, self.conformity.wait_days, place).ends_at, by=work.actor.id, at=work.now
        )
        return conformity_receipt(known)

    async def acknowledge_lack(self, work: Work, id: UUID, severity: str, reason: str) -> Receipt:
        """The seller answers for it."""
        known = await self.conformity_of(work, id)
        known.acknowledge(severity, reason, by=work.actor.id, at=work.now)
        await self._take_again(work, known)
        return conformity_receipt(known)

    async def reject_lack(self, work: Work, id: UUID, evidence: Sequence[int], reason: str) -> Receipt:
        """A person finds that the seller does not answer for it."""
        known = await self.conformity_of(work, id)
        known.reject(evidence, reason, by=work.actor.id, at=work.now)
        await self.let_go(work, known)
        return conformity_receipt(known)

    async def conformity_of(self, work: Work, id: UUID) -> Conformity:
        """A file the caller may see."""
        known = await self.goods_case(work, id)
        if not isinstance(known, Conformity) or not work.actor.may_see(
            shop_id=known.shop_id, customer_id=known.customer_id
        ):
            raise NotFound("conformity", id)
        return known

    async def _file_of(self, work: Work, order: Order, snapshot: OrderSnapshot, unit: SoldUnit) -> Conformity:
        id = conformity_id_of(order.shop_id, order.order_id, unit.unit_id)
        known = await work.find(Conformity, id)
        if known is not None:
            return known
        return work.add(
            Conformity.open(
                id,
                shop_id=order.shop_id,
                order_id=order.order_id,
                customer_id=snapshot.customer_id,
                unit=self.requested_unit(unit, CONFORMITY),
                by=work.actor.id,
                at=work.now,
            )
        )

    async def _make_way(self, work: Work, order: Order, unit_id: str) -> None:
        """A return in which nothing has moved lets go of the unit; one that has its goods or money keeps it."""
        holder = order.units_in_returns.get(unit_id)
        case = await self.goods_case(work, UUID(holder)) if holder else None
        if not isinstance(case, ReturnCase):
            return
        if case.gift is not None and work.actor.customer_id is not None:
            # who bought it has not got it, and is not told that somebody returns it
            raise UnitNotReturnable(f"somebody at the shop has to be asked about unit {unit_id}", unit=unit_id)
        unit = case.unit(unit_id)
        waits = unit.authorisation in (Authorisation.REQUESTED, Authorisation.AUTHORISED)
        if case.is_open and waits and unit.goods is Goods.WITH_CUSTOMER and not case.money_of(unit_id):
            case.cancel((unit_id,), CONFORMITY, by=work.actor.id, at=work.now)
            order.free_units(str(case.id), (unit_id,), at=work.now)
            await self.void_useless(work, case, CONFORMITY)
            return
        raise UnitNotReturnable(f"unit {unit_id} is in return {holder}", unit=unit_id, rma_id=str(holder))

    async def _ruling(
        self, work: Work, known: Conformity, sale: Sale, place: Place, shown_at: datetime
    ) -> tuple[Ruling, str]:
        ledger = await work.find(Ledger, ledger_id_of(known.shop_id, known.order_id))
        carrier = ledger.books.carrier_of(known.unit_id) if ledger is not None else ""
        if ledger is not None and ledger.knows_order and known.unit.asked.paid.minor:
            books = ledger.books
            if not books.left_of(carrier).minor and not books.is_replaced(carrier):
                text = "All that was paid for it was given back."
                return Ruling(NOTHING_OWED, text, self.conformity.sources["price_reduction"]), ""
        return self.conformity.rule(shown_at, sale, place)

    def sale_of(self, order: Order, snapshot: OrderSnapshot, known: Conformity, delivered_at: datetime) -> Sale:
        tags = order.line(known.unit.asked.line_id).tags
        second_hand = self.conformity.second_hand_tag in tags
        return Sale(snapshot.placed_at, delivered_at, second_hand, repairs_of(known.attempts))

    def _lack_dates(self, sale: Sale, place: Place, snapshot: OrderSnapshot, now: datetime) -> LackDates:
        law = self.conformity
        here = self.place_of(snapshot.country, snapshot.time_zone, now)
        return LackDates(
            law.liable_until(sale, place),
            law.presumed_until(sale, place),
            law.due(now, law.answer_days, here),
            law.due(now, law.put_right_days, here),
        )

    async def place_now(self, work: Work, known: Conformity) -> Place:
        _, snapshot = await self.order_named(work, known.shop_id, known.order_id)
        return self.place_of(snapshot.country, snapshot.time_zone, work.now)

    async def _ask_goodwill(self, work: Work, known: Conformity, snapshot: OrderSnapshot, channel: str) -> None:
        policy = await self.policy_of(work, known.shop_id, snapshot)
        reason = next((r.code for r in policy.reasons if r.ground is Ground.DEFECT), "")
        if not reason:
            return
        asked = known.unit.asked
        item = Item(asked.line_id, 1, reason, (asked.number,))
        receipt, _ = await self.request(work, known.shop_id, known.order_id, [item], channel=channel)
        known.goodwill_asked(receipt.id, at=work.now)

    async def let_go(self, work: Work, known: Conformity) -> None:
        if known.is_settled and not known.is_terminated:
            await self.free(work, known)

    async def free(self, work: Work, known: Conformity) -> None:
        order = await self.heard_order(work, known.shop_id, known.order_id)
        order.free_units(str(known.id), (known.unit_id,), at=work.now)

    async def _take_again(self, work: Work, known: Conformity) -> None:
        """A file that goes on after its end holds its unit again."""
        if known.is_open and not known.is_settled:
            order = await self.heard_order(work, known.shop_id, known.order_id)
            order.hold_units(str(known.id), (known.unit_id,), at=work.now)


def conformity_receipt(known: Conformity, **facts: str) -> Receipt:
    """What a command about a lack answers."""
    lack = known.lack
    shown = {"state": known.state, "rule": lack.ruling.rule}
    if lack.covered:
        shown |= {
            "burden": lack.burden,
            "answer_by": lack.dates.answer.last_day.isoformat(),
            "put_right_by": lack.dates.put_right.last_day.isoformat(),
        }
    if known.liable is not None and lack.covered:
        shown["liable_until"] = known.liable.last_day.isoformat()
    if known.return_id:
        shown["return_id"] = known.return_id
    return Receipt(str(known.id), known.version, shown | facts)
