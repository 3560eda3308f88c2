"""The file of one sold unit: each lack that was reported of it, and how it was put right or paid for.

Guarantee: money comes after repair and replacement, by a rule of law that is named; a minor lack ends no contract.
Nothing is charged to the customer, and no policy of the shop is asked. Money is only ever planned for what the ledger
has reserved.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid, Money
from services.returns.domain.case.values import MoneyState, RequestedUnit
from services.returns.domain.conformity import events as e
from services.returns.domain.conformity.answering import SYSTEM
from services.returns.domain.conformity.labelling import LabelledGoods
from services.returns.domain.conformity.values import (
    PRICE_REDUCTION,
    TERMINATION,
    MoneyAsked,
)
from services.returns.domain.errors import MinorLack, NothingToDo, RemedyFirst, Withheld, WrongStage
from services.returns.domain.law import Ruling


class Conformity(LabelledGoods, topic="returns.Conformity"):
    """See the module's guarantee."""

    @classmethod
    def open(
        cls,
        id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        unit: RequestedUnit,
        by: str,
        at: datetime,
    ) -> "Conformity":
        """Open the file of a unit at its computed place."""
        return cls.start(
            e.ConformityOpened,
            id=id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            unit=unit,
            by=by,
        )

    def require_money(self, kind: str) -> str:
        """The rule by which the customer may ask for this kind of money now, or the refusal that names why not."""
        self._require_open_lack()
        if self.money is not None:
            raise WrongStage(f"the customer has chosen {self.money.kind.replace('_', ' ')}")
        rules = self.money_rules()
        if not rules:
            raise RemedyFirst(
                "repair or replacement comes before money: neither was refused, failed or is late, and the lack is"
                f" {self.lack.severity or 'not yet weighed'}",
                unit=self.unit_id,
                state=self.state,
            )
        if kind == TERMINATION and self.is_minor:
            raise MinorLack("a minor lack gives a lower price, and does not end the contract", unit=self.unit_id)
        return rules[0]

    def reduce_price(self, rule: Ruling, amount: Money, *, by: str, at: datetime) -> None:
        """The customer keeps the goods for less."""
        self.require_money(PRICE_REDUCTION)
        paid = self.unit.asked.paid
        if amount.currency != paid.currency or not 0 < amount.minor <= paid.minor:
            raise Invalid("amount", f"{amount} is not within the {paid} that were paid")
        self._ask_money(PRICE_REDUCTION, rule, amount, by=by, at=at)

    def terminate(self, rule: Ruling, *, by: str, at: datetime) -> None:
        """The customer ends the contract about the unit: it comes back at the seller's cost, and its price is owed."""
        self.require_money(TERMINATION)
        self._ask_money(TERMINATION, rule, None, by=by, at=at)

    def require_payable(self) -> MoneyAsked:
        """What is owed now, or why nothing is."""
        if self.money is None or self.dropped:
            raise NothingToDo("nothing of it is owed")
        if not self.payable:
            owed = self.money_of() in (None, MoneyState.FAILED)
            why = "the customer has neither sent the goods nor proven it" if owed else "the money is on its way"
            raise (Withheld if owed else WrongStage)(why, unit=self.unit_id)
        return self.money

    def plan_refund(
        self,
        claim_id: str,
        request_key: str,
        amount: Money,
        parts: tuple[tuple[str, Money], ...],
        *,
        by: str,
        at: datetime,
    ) -> None:
        """The ledger reserved it: the money will be sent."""
        asked = self.require_payable()
        if not self.is_open:
            self.reopen("more is paid back", by=by, at=at)
        self.record(
            e.RefundPlanned,
            at=at,
            claim_id=claim_id,
            request_key=request_key,
            kind=asked.kind,
            amount=amount,
            parts=parts,
            by=by,
        )
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
            self.reopen(f"the refund failed: {reason}", by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)

    def raise_duties(self, *, at: datetime) -> None:
        super().raise_duties(at=at)
        self.go_on(by=SYSTEM, at=at)  # a duty that was missed may give the customer another right

    def _ask_money(self, kind: str, rule: Ruling, amount: Money | None, *, by: str, at: datetime) -> None:
        self.record(e.MoneyChosen, at=at, asked=MoneyAsked(kind, rule, amount, at, by))
        self.go_on(by=by, at=at)
