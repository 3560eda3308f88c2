"""Goods at the warehouse: stated, corrected, voided, and booked on the return they belong to.

Guarantee: a receipt counts once by its number, however often and in whatever order it is told. What belongs
to no return is kept, and waits until somebody knows it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from chassis.service import Receipt as Result
from chassis.work import Work
from services.returns.application.counted_back import back_by, held_elsewhere, let_go
from services.returns.application.repaying import Repaying
from services.returns.application.short_bundles import ShortBundles
from services.returns.domain.case import ArrivedLine, ReceivedGoods, ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.errors import WrongStage
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.identity import order_id_of, receipt_id_of
from services.returns.domain.order import Order
from services.returns.domain.order.way import sold_before
from services.returns.domain.receipt import Receipt, ReceiptFact
from services.returns.domain.withdrawal import Withdrawal


class Receiving(ShortBundles, Repaying):
    """The use cases of receipts."""

    async def receipt_told(self, work: Work, shop_id: str, receipt_number: str, fact: ReceiptFact, by: str) -> None:
        """The warehouse received goods, or corrects what it wrote."""
        receipt = await work.find(Receipt, receipt_id_of(shop_id, receipt_number))
        if receipt is None:
            receipt = work.add(Receipt.hear_of(shop_id, receipt_number, at=work.now))
        if receipt.state_fact(fact, history=work.history, at=work.now):
            await self.book(work, receipt, by)

    async def receive(self, work: Work, case_id: UUID, receipt_number: str, fact: ReceiptFact) -> Result:
        """A clerk without a system of their own receives goods on a return."""
        case = await self.case_of(work, case_id)
        await self.receipt_told(work, case.shop_id, receipt_number, fact, by=work.actor.id)
        known = case.receipts.get(receipt_number)
        if known is None:
            raise WrongStage(
                f"receipt {receipt_number} is booked on another return, or was voided", receipt=receipt_number
            )
        counts = {
            "received": len(known.units),
            "short": known.short,
            "extra": known.extra,
            "wrong": known.wrong,
            "unknown": known.unknown,
        }
        facts = {"state": case.state} | {name: str(count) for name, count in counts.items()}
        return Result(str(case.id), case.version, facts)

    async def receipt_voided(
        self, work: Work, shop_id: str, receipt_number: str, reason: str, by: str = "warehouse"
    ) -> None:
        """A receipt never happened, whichever of the two was told first."""
        receipt = await work.find(Receipt, receipt_id_of(shop_id, receipt_number))
        if receipt is None:
            receipt = work.add(Receipt.hear_of(shop_id, receipt_number, at=work.now))
        if receipt.withdraw(reason, history=work.history, at=work.now):
            for case_id in receipt.bookings:
                await self._void(work, case_id, receipt_number, reason, by)

    async def book(self, work: Work, receipt: Receipt, by: str) -> None:
        """Book what came on the returns it is for; what it was booked on before and is not any more lets go."""
        fact = receipt.fact
        if fact is None:
            return
        parts = await self._parts_for(work, receipt, fact, by)
        ids = tuple(str(case.id) for case, _ in parts)
        for gone in [id for id in receipt.bookings if id not in ids]:
            await self._void(work, gone, receipt.receipt_number, "booked on another return", by)
        receipt.book(ids[0] if ids else "", ids[1:], at=work.now)
        if not parts and fact.order_id:
            order = await self.heard_order(work, receipt.shop_id, fact.order_id)
            order.receive(receipt.receipt_number, "", history=work.history, at=work.now)
            await self.repay_what_is_owed(work, order)
        for case, lines in parts:  # none: an unidentified parcel, which waits until somebody knows it
            order = await self.heard_order(work, receipt.shop_id, case.order_id)
            order.receive(receipt.receipt_number, str(case.id), history=work.history, at=work.now)
            part = replace(fact, lines=tuple(lines))
            if isinstance(case, ReturnCase):
                await self._receive(work, case, order, receipt, part, by)
            else:
                await self._receive_by_law(work, case, order, receipt, part, by)
            await self.repay_what_is_owed(work, order)

    async def opened_at_door(self, work: Work, receipt: Receipt, fact: ReceiptFact, by: str) -> ReturnCase | None:
        """A return of goods that nobody had asked for; None where nobody can say whose they are."""
        raise NotImplementedError

    async def _parts_for(
        self, work: Work, receipt: Receipt, fact: ReceiptFact, by: str
    ) -> list[tuple[GoodsCase, list[ArrivedLine]]]:
        whole = await self._case_for(work, receipt, fact)
        if whole is None and not receipt.rma_id and fact.order_id:
            whole = await self.opened_at_door(work, receipt, fact, by)
        parts: dict[UUID, tuple[GoodsCase, list[ArrivedLine]]] = {}
        for line in fact.lines:
            case = await self._case_of_line(work, receipt, line, whole)
            if case is not None:
                parts.setdefault(case.id, (case, []))[1].append(line)
        if not fact.lines and whole is not None:
            return [(whole, [])]  # the box was empty: all of it is short
        return list(parts.values())

    async def _case_of_line(
        self, work: Work, receipt: Receipt, line: ArrivedLine, whole: GoodsCase | None
    ) -> GoodsCase | None:
        """A line's own return, where the parcel carries units of several: by its number, or by who waits for it."""
        if line.rma_id and (named := await self.case_by_rma(work, receipt.shop_id, line.rma_id)) is not None:
            return named
        if whole is None or _waits_for(whole, {line.sku}, receipt.receipt_number):
            return whole
        order = await work.find(Order, order_id_of(receipt.shop_id, whole.order_id))
        for case in await self._of_order(work, order):
            if _waits_for(case, {line.sku}, receipt.receipt_number):
                return case
        return whole

    async def _void(self, work: Work, case_id: str, receipt_number: str, reason: str, by: str) -> None:
        case = await self.goods_case(work, UUID(case_id))
        if case is None:
            return
        known = case.receipts.get(receipt_number)
        before, was = back_by(case), case.written_down() if isinstance(case, ReturnCase) else {}
        case.void_receipt(receipt_number, reason, at=work.now)
        order = await self.heard_order(work, case.shop_id, case.order_id)
        await self.moved(work, order, case, before)
        if isinstance(case, ReturnCase) and known is not None:
            if not work.history:
                case.put_right(was, f"receipt {receipt_number}", reason, by=by, at=work.now)
            let_go(order, case, known.units, work)
            await self.look_at_bundles(work, case)
        for id in dict.fromkeys(order.withdrawn.values()):
            (await work.get(Withdrawal, UUID(id))).void_receipt(receipt_number, reason, at=work.now)

    async def _receive_by_law(
        self, work: Work, case: Withdrawal | Conformity, order: Order, receipt: Receipt, fact: ReceiptFact, by: str
    ) -> None:
        before = back_by(case)
        received = case.receive(
            receipt.receipt_number,
            fact.lines,
            order_skus=frozenset(unit.line.sku for unit in order.units()),
            correction=fact.correction,
            received_at=receipt.received_at or fact.at,
            by=by,
            at=work.now,
            tracking_number=fact.tracking_number,
            weight_grams=fact.weight_grams,
        )
        if received is not None:
            await self.moved(work, order, case, before)

    async def moved(self, work: Work, order: Order, case: GoodsCase, before: Mapping[str, str]) -> None:
        """What came back or never did tells the ledger, which takes back what it did by what is not so any more."""
        ledger, now = await self.ledger_of(work, order.shop_id, order.order_id), back_by(case)
        for unit, cause in before.items():
            if now.get(unit) != cause:
                ledger.goods_never_came(unit, cause, at=work.now)
        for unit, cause in now.items():
            if before.get(unit) != cause:
                ledger.goods_came_back(unit, cause, at=work.now)

    @staticmethod
    async def _tell_withdrawals(work: Work, order: Order, received: ReceivedGoods) -> None:
        """Goods that a return holds may be withdrawn from all the same: their money is not held back any more."""
        by_withdrawal: dict[str, list[ArrivedLine]] = {}
        for unit_id in received.units:
            if holder := order.withdrawn.get(unit_id):
                line = order.unit(unit_id).line
                by_withdrawal.setdefault(holder, []).append(ArrivedLine(unit_id, line.sku, 1, "", line.line_id))
        for id, lines in by_withdrawal.items():
            known = await work.get(Withdrawal, UUID(id))
            known.receive(
                received.receipt_number,
                lines,
                order_skus=frozenset(),
                correction=received.correction,
                received_at=received.received_at,
                by=received.by,
                at=work.now,
            )

    async def _receive(
        self, work: Work, case: ReturnCase, order: Order, receipt: Receipt, fact: ReceiptFact, by: str
    ) -> None:
        before, was = back_by(case), case.written_down()
        free = [
            self.requested_unit(unit, "unannounced")
            for unit in order.units()
            if unit.unit_id not in order.units_in_returns
            and unit.unit_id not in order.units_in_changes  # the shop is to say first whether it left at all
            and (unit.unit_id not in case.units or case.units[unit.unit_id].unasked)
        ]
        known = case.receipts.get(receipt.receipt_number)
        received = case.receive(
            receipt.receipt_number,
            fact.lines,
            others=free,
            elsewhere=[u for u in case.units if held_elsewhere(order, case, u)],
            order_skus=frozenset(unit.line.sku for unit in order.units()),
            correction=fact.correction,
            received_at=receipt.received_at or fact.at,
            history=work.history,
            by=by,
            at=work.now,
            tracking_number=fact.tracking_number,
            weight_grams=fact.weight_grams,
        )
        if received is None:
            return
        case.see(received, sold_before(order, str(case.id)), at=work.now)
        if not work.history:
            case.put_right(was, f"receipt {receipt.receipt_number}", fact.reason, by=by, at=work.now)
        let_go(order, case, known.units if known is not None else (), work)
        sold = {unit.unit_id for unit in order.units()}  # one that was cancelled since may come all the same
        order.take_units(str(case.id), tuple(u for u in received.units if u in sold), at=work.now)
        await self.moved(work, order, case, before)
        await self._tell_withdrawals(work, order, received)
        await self.look_at_bundles(work, case)

    async def _case_for(self, work: Work, receipt: Receipt, fact: ReceiptFact) -> GoodsCase | None:
        if receipt.rma_id:
            return await self.case_by_rma(work, receipt.shop_id, receipt.rma_id)
        if not fact.order_id:
            return None
        order = await work.find(Order, order_id_of(receipt.shop_id, fact.order_id))
        known = await self._of_order(work, order)
        here = [case for case in known if str(case.id) in receipt.bookings]  # once booked there, a correction stays
        arrived = {line.sku for line in fact.lines}
        return next((c for c in (*here, *known) if _waits_for(c, arrived, receipt.receipt_number)), None)

    async def _of_order(self, work: Work, order: Order | None) -> list[GoodsCase]:
        """Everything that waits for goods of an order."""
        if order is None:
            return []
        ids = [*sorted(set(order.units_in_returns.values())), *sorted(set(order.withdrawn.values()))]
        found = [await self.goods_case(work, UUID(id)) for id in ids]
        return [case for case in found if case is not None]


def _waits_for(case: GoodsCase, skus: Collection[str], receipt_number: str) -> bool:
    """Whether one of these is to come, or came by this very receipt."""
    return any(unit.asked.sku in skus and unit.receipt_number in ("", receipt_number) for unit in case.units.values())
