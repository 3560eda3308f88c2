"""What other services ask of the ledger; the answers are its events, as the publisher maps them.

Guarantee: the same request key is one claim. Money is sent by returns in the unit that reserves it; for
goods the requester acts after it has stored the answer.
"""

from uuid import UUID

from casework.amounts import written
from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from services.returns.application.repaying import Repaying
from services.returns.domain.identity import order_id_of, parse_unit_id
from services.returns.domain.ledger import Ask, Ledger
from services.returns.domain.order import Order


class Ledgering(Repaying):
    """Requests, releases and settlements by shipping_issues and quality_complaints."""

    async def compensation_requested(self, work: Work, shop_id: str, order_id: str, ask: Ask) -> None:
        """May this be given?"""
        ledger = await self.ledger_of(work, shop_id, order_id)
        order = await self.heard_order(work, shop_id, order_id)
        known = frozenset(ledger.transfers)
        ledger.request(ask, hold=await self.hold_of(work, order), at=work.now)
        await self.send_money(work, order, ledger, known)
        await self.tell_withdrawals(work, order)

    async def compensation_released(
        self, work: Work, shop_id: str, order_id: str, requester: str, request_key: str, reason: str
    ) -> None:
        """It is not needed any more; too late where it was attempted."""
        ledger = await self.ledger_of(work, shop_id, order_id)
        claim = ledger.claim_of(requester, request_key)
        if claim is not None and ledger.release(requester, request_key, reason, at=work.now):
            await self.stop_unsent(work, ledger, claim.id)

    async def compensation_settled(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        requester: str,
        request_key: str,
        reference: str,
        new_units: tuple[str, ...],
    ) -> None:
        """The goods went out."""
        ledger = await self.ledger_of(work, shop_id, order_id)
        claim = ledger.claim_of(requester, request_key)
        if claim is None:
            return
        order = await work.get(Order, order_id_of(shop_id, order_id))
        roots = [ledger.books.root_of(part.subject) for part in claim.parts]
        with_customer = frozenset(r for r in roots if order.possession_of(parse_unit_id(r)[0]) is not None)
        ledger.settle_goods(requester, request_key, reference, new_units, with_customer=with_customer, at=work.now)

    async def reservation_due(self, work: Work, fired: FiredTimer) -> None:
        """A reservation reached its end: it is asked about, and still counts."""
        ledger = await work.get(Ledger, fired.subject)
        ledger.overdue(at=work.now)

    async def accept_excess(self, work: Work, ledger_id: UUID, reason: str) -> Receipt:
        """A supervisor has looked at what exceeds; our own grants go on."""
        ledger = await work.get(Ledger, ledger_id)
        ledger.accept_excess(reason, by=work.actor.id, at=work.now)
        excess = ledger.books.excess()
        return Receipt(str(ledger.id), ledger.version, {"excess": written(excess)})
