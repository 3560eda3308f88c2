"""A withdrawal from the contract about units of one order.

Guarantee: nobody declines a notice. It is effective from the instant it was given, for every unit to which the law
gives the right; what the law does not give is named with its source, and is asked of the shop's goodwill. Money is only
ever planned for what the ledger has reserved.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid, Money, Personal, subject_of
from services.returns.domain.case.values import MoneyState
from services.returns.domain.errors import NothingToDo, NotInformed, Withheld, WrongStage
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import events as e
from services.returns.domain.withdrawal.goods import SYSTEM
from services.returns.domain.withdrawal.law import WithdrawalLaw
from services.returns.domain.withdrawal.stopping import Stopping
from services.returns.domain.withdrawal.values import REPAY, Dates, LostValue, RuledUnit, WithdrawnUnit


class Withdrawal(Stopping, topic="returns.Withdrawal"):
    """See the module's guarantee."""

    @classmethod
    def declare(
        cls,
        id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        units: tuple[WithdrawnUnit, ...],
        statement: str,
        channel: str,
        by: str,
        at: datetime,
    ) -> "Withdrawal":
        """The first step: what somebody wants to withdraw from, in their words."""
        said = Personal(subject_of(shop_id, customer_id), statement)
        return cls.start(
            e.WithdrawalDeclared,
            id=id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            units=units,
            statement=said,
            channel=channel,
            by=by,
        )

    def give_notice(
        self,
        units: tuple[RuledUnit, ...],
        dates: Dates,
        law: WithdrawalLaw,
        *,
        whole: bool,
        noticed_at: datetime,
        by: str,
        at: datetime,
    ) -> None:
        """The second step: effective, for as much as the law gives. Given again it changes nothing."""
        if self.noticed_at is not None:
            return
        self.record(
            e.NoticeGiven,
            at=at,
            noticed_at=noticed_at,
            units=units,
            dates=dates,
            whole=whole,
            law_version=law.version,
            after_withholding_days=law.days_after_withholding,
            warn_days=law.warn_days,
            by=by,
        )
        self.go_on(by=by, at=at)

    def goodwill_opened(self, return_id: str, units: Sequence[str], *, at: datetime) -> None:
        """What the law does not give is a return of the shop's goodwill now."""
        self.record(e.GoodwillOpened, at=at, return_id=return_id, units=tuple(units))

    def diminish(self, unit_id: str, lost: LostValue, *, informed: bool, at: datetime) -> None:
        """So much less is paid back for a unit that is here, where the customer had been informed of it."""
        unit = self.unit(unit_id)
        if not informed or not lost.informed_by:
            raise NotInformed(
                "a customer who was not informed of the right of withdrawal answers for no diminished value",
                unit=unit_id,
            )
        if unit.where is not Whereabouts.RECEIVED or not unit.effective:
            raise WrongStage(f"unit {unit_id} is {unit.where.value}: nobody has seen it", unit=unit_id)
        if self.money_of(unit_id) not in (None, MoneyState.FAILED):
            raise WrongStage(f"the money of unit {unit_id} is on its way already", unit=unit_id)
        if not 0 < lost.amount.minor <= unit.asked.paid.minor or lost.amount.currency != unit.asked.paid.currency:
            raise Invalid("amount", f"{lost.amount} is not within the {unit.asked.paid} that were paid")
        self.record(e.ValueDiminished, at=at, unit_id=unit_id, lost=lost)
        self.go_on(by=lost.by, at=at)

    def repayable(self, units: Sequence[str], *, without_goods: bool) -> tuple[str, ...]:
        """The units money is sent for now; without names all that are owed and not held back."""
        if not units:
            if not self.payable:
                why = "the customer has not sent the goods yet" if self.withheld else "nothing of it is owed"
                raise (Withheld if self.withheld else NothingToDo)(why)
            return self.payable
        for unit_id in units:
            if not self.unit(unit_id).effective or not self.is_owed(unit_id):
                raise WrongStage(f"nothing is owed for unit {unit_id}", unit=unit_id)
            if unit_id in self.withheld and not without_goods:
                raise Withheld(f"unit {unit_id} is with the customer, who has not proven sending it", unit=unit_id)
        return tuple(dict.fromkeys(units))

    def plan_repayment(
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
        if not self.is_open:
            self.reopen("more is paid back", by=by, at=at)
        self.record(
            e.RepaymentPlanned, at=at, claim_id=claim_id, request_key=request_key, amount=amount, parts=parts, by=by
        )
        self.go_on(by=by, at=at)

    def refund_moved(
        self, claim_id: str, state: MoneyState, amount: Money, reference: str, reason: str, *, at: datetime
    ) -> None:
        """The ledger says where the money is now."""
        known = self.repayments.get(claim_id)
        if known is None or (known.state, known.amount, known.reference) == (state, amount, reference):
            return
        self.record(
            e.RepaymentMoved, at=at, claim_id=claim_id, state=state, amount=amount, reference=reference, reason=reason
        )
        if state is MoneyState.FAILED and not self.is_open:
            self.reopen(f"the repayment failed: {reason}", by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)

    def repaid_elsewhere(
        self, units: Sequence[str], facts: Sequence[str], reason: str, *, by: str = SYSTEM, at: datetime
    ) -> None:
        """What is owed for these units was given back otherwise: nobody pays it again, and no duty waits for it."""
        new = tuple(u for u in units if self.unit(u).effective and self.is_owed(u))
        if new:
            self.record(e.RepaidElsewhere, at=at, units=new, facts=tuple(facts), reason=reason, by=by)
            self.go_on(by=by, at=at)

    def owed_again(self, units: Sequence[str], reason: str, *, at: datetime) -> None:
        """What was given back elsewhere did not stay so."""
        lost = tuple(u for u in units if u in self.elsewhere)
        if lost:
            if not self.is_open:
                self.reopen(reason, by=SYSTEM, at=at)
            self.record(e.OwedAgain, at=at, units=lost, reason=reason)
            self.go_on(by=SYSTEM, at=at)

    def ask_person(self, *, at: datetime) -> None:
        """What goes by itself did not: the desk is warned of the duty now."""
        if (ends := self.look_ends()) is not None and ends <= at and (due := self.repay_due()) is not None:
            self.record(e.DutyWarned, at=at, duty=REPAY, due_at=due)
