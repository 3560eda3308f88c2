"""Returns that begin at the warehouse's door: goods of an order that nobody had asked to send back.

Guarantee: the policy decides at once, as of a change of mind; a record of the shop's past opens nothing.
"""

from collections.abc import Sequence

from chassis.work import Work
from services.returns.application.deciding import Asking, Item, decision_record, send_time, verdict_of
from services.returns.application.judging import judged_together
from services.returns.application.receiving import Receiving
from services.returns.application.remembering import Remembering
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.case.bundles import PROMISE
from services.returns.domain.identity import order_id_of
from services.returns.domain.order import Order, SoldUnit
from services.returns.domain.policy import Outcome
from services.returns.domain.receipt import Receipt, ReceiptFact

UNANNOUNCED = "unannounced"
AT_THE_DOOR = "warehouse"
"""The channel of a return nobody asked for in words."""


class AtTheDoor(Receiving, Remembering):
    """Opens what a receipt brings."""

    async def opened_at_door(self, work: Work, receipt: Receipt, fact: ReceiptFact, by: str) -> ReturnCase | None:
        order = await work.find(Order, order_id_of(receipt.shop_id, fact.order_id))
        if order is None or order.snapshot is None or work.history:
            return None
        snapshot, units = order.snapshot, _came(order, fact.lines)
        if not units:
            return None
        asked_at = min(fact.at, work.now)
        case = ReturnCase.request(
            work.new_id(),
            shop_id=receipt.shop_id,
            order_id=fact.order_id,
            customer_id=snapshot.customer_id,
            units=tuple(self.requested_unit(unit, UNANNOUNCED) for unit in units),
            remedy="refund",
            channel=AT_THE_DOOR,
            asked_at=asked_at,
            by=by,
            at=work.now,
        )
        self.set_plan(work, case, snapshot)
        book = await self.book_of(work, receipt.shop_id)
        policy = book.governing(snapshot.placed_at)
        before = await self.done_before(work, book, snapshot, case)
        chosen = [(unit, Item(unit.line.line_id, 1, "")) for unit in units]
        asking = Asking(asked_at, self.legal_days, before=before, received_back_at=asked_at)
        facts, judged = judged_together(policy, order, snapshot, chosen, asking)
        decision = decision_record(case, PROMISE, policy, judged, facts, work, by="policy")
        verdicts = tuple(verdict_of(one) for one in judged)
        case.decide_promise(decision, verdicts, until=send_time(policy, work.now), at=work.now)
        held = tuple(one.unit_id for one in judged if one.outcome is not Outcome.DECLINE)
        order.take_units(str(case.id), held, at=work.now)
        return work.add(case)


def _came(order: Order, lines: Sequence[ArrivedLine]) -> list[SoldUnit]:
    """The units of the order that may be what came: in no return or change, and not withdrawn from; lowest number
    first."""
    held = order.units_in_returns.keys() | order.units_in_changes.keys() | order.withdrawn.keys()
    free = [u for u in order.units() if u.unit_id not in held]
    found: list[SoldUnit] = []
    for line in lines:
        fit = [u for u in free if u.line.sku == line.sku and line.line_id in ("", u.line.line_id) and u not in found]
        found += fit[: line.quantity]
    return found
