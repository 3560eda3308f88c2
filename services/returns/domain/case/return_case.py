"""A return: what may come back, where it is, how it was found, and the money it costs.

Guarantee: the four axes of a unit are independent, and every refusal leaves all of them as they were.
Money is only ever planned for what the ledger has reserved.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.domain import Money
from services.returns.domain.case import events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.payouts import Payouts
from services.returns.domain.case.values import Authorisation, MoneyState, RequestedUnit
from services.returns.domain.errors import NothingToDo, WrongStage


class ReturnCase(Payouts, topic="returns.Return"):
    """See the module's guarantee."""

    @classmethod
    def request(
        cls,
        id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        units: tuple[RequestedUnit, ...],
        remedy: str,
        channel: str,
        asked_at: datetime,
        by: str,
        at: datetime,
    ) -> "ReturnCase":
        """Somebody asks to return units of one order."""
        return cls.start(
            e.ReturnRequested,
            id=id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            units=units,
            remedy=remedy,
            channel=channel,
            asked_at=asked_at,
            by=by,
        )

    def plan_refund(
        self,
        claim_id: str,
        request_key: str,
        kind: str,
        amount: Money,
        parts: tuple[tuple[str, Money], ...],
        reason: str,
        *,
        by: str,
        approved_by: str,
        at: datetime,
    ) -> None:
        """The ledger reserved it: the money will be sent. More money for an ended return opens it again."""
        if not self.is_open:
            self.reopen(kind, by=by, at=at)
        self.record(
            e.RefundPlanned,
            at=at,
            claim_id=claim_id,
            request_key=request_key,
            kind=kind,
            amount=amount,
            parts=parts,
            reason=reason,
            by=by,
            approved_by=approved_by,
        )
        self.go_on(by=by, at=at)

    def owe_nothing(self, units: Sequence[str], reason: str, *, by: str, at: datetime) -> None:
        """All that was paid for these units is kept by name: they end without money, with the reason."""
        new = tuple(u for u in units if not self.unit(u).nothing_owed)
        if new:
            self.record(e.NothingOwed, at=at, units=new, reason=reason, by=by)
            self.go_on(by=by, at=at)

    def refund_moved(
        self, claim_id: str, state: MoneyState, amount: Money, reference: str, reason: str, *, at: datetime
    ) -> None:
        """The ledger says where the money is now."""
        known = self.refunds.get(claim_id)
        if known is None or (known.state, known.amount, known.reference) == (state, amount, reference):
            return
        self.record(
            e.RefundMoved, at=at, claim_id=claim_id, state=state, amount=amount, reference=reference, reason=reason
        )
        if state is MoneyState.FAILED and not self.is_open:
            self.reopen(f"the refund failed: {reason}", by=POLICY, at=at)
        self.go_on(by=POLICY, at=at)

    def refundable(self, units: Sequence[str]) -> tuple[str, ...]:
        """The units a refund is for. Without names: all that are authorised, here, inspected, and without money."""
        if not units:
            open_ = [u for u, unit in self.units.items() if not unit.nothing_owed and not self.money_of(u)]
            found = tuple(u for u in open_ if self._is_refundable(self.units[u]) and self.exchange_of(u) is None)
            if not found:
                raise NothingToDo("no unit of this return is authorised, received and inspected without a refund")
            return found
        for unit_id in units:
            self.unit(unit_id)
        return tuple(units)

    def require_refundable(self, units: Sequence[str], *, without_goods: bool) -> None:
        """Each unit is authorised, received and inspected; or authorised, where somebody may refund without goods."""
        for unit_id in units:
            unit = self.unit(unit_id)
            enough = unit.authorisation is Authorisation.AUTHORISED and without_goods
            if not (enough or self._is_refundable(unit)):
                inspected = "inspected" if unit.inspected else "not inspected"
                raise WrongStage(
                    f"unit {unit_id} is {unit.authorisation.value}, {unit.goods.value} and {inspected}; "
                    "a refund needs it authorised, received and inspected",
                    unit=unit_id,
                    authorisation=unit.authorisation.value,
                    goods=unit.goods.value,
                )
