"""A change of an order before its parcel leaves: asked of the shop, and so only once the shop has confirmed it.

Guarantee: a unit is confirmed, refused, overtaken by its parcel, or withdrawn from. What the shop proves to have done
is taken after a time-out and after a refusal; after its parcel has left it goes to a person. Each answer counts once,
however often and however late it comes. Money is only ever planned for what the shop confirmed and the ledger reserved.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from casework.case import ESCALATIONS
from chassis.domain import Money
from services.returns.domain.case.values import MoneyState
from services.returns.domain.change import events as e
from services.returns.domain.change.reading import ChangeReading
from services.returns.domain.change.values import AskedUnder, ChangeKind, Interception, UnitStage, Wish
from services.returns.domain.errors import NothingToDo, WrongStage

SYSTEM = "system"
INTERCEPTION = "interception"


class OrderChange(ChangeReading, topic="returns.OrderChange"):
    """See the module's guarantee."""

    @classmethod
    def request(
        cls,
        id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        wish: Wish,
        under: AskedUnder,
        channel: str,
        by: str,
        at: datetime,
    ) -> "OrderChange":
        """Somebody wants it, policy lets it be asked: the shop is asked."""
        asked = cls.start(
            e.ChangeRequested,
            id=id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            wish=wish,
            under=under,
            channel=channel,
            by=by,
        )
        asked.go_on(by=by, at=at)
        return asked

    def confirm(self, reference: str, difference: Money | None, *, by: str, at: datetime) -> tuple[str, ...]:
        """The shop has changed the order; gives the units that this says something new of.

        A refusal before it does not stand: what the shop did is so. What has left, or was withdrawn from, it cannot
        have changed: then a person looks.
        """
        new = (*self.at_stage(UnitStage.ASKED), *self.at_stage(UnitStage.REFUSED))
        if new or self.tender_stage in (UnitStage.ASKED, UnitStage.REFUSED):
            self._go_back(f"the shop confirmed it: {reference}", at=at)
            shown = difference if self.kind is ChangeKind.SWAP else None
            self.record(e.ChangeConfirmed, at=at, units=new, difference=shown, reference=reference, by=by)
            if not self.at_stage(UnitStage.OVERTAKEN) and self.kind is not ChangeKind.TENDER:
                self.go_on(by=by, at=at)  # a tender is let go of first
        if self.at_stage(UnitStage.OVERTAKEN) and not self.told_too_late:
            self.record(e.ConfirmedTooLate, at=at, reference=reference)
            self.leave_to_person("the shop confirmed what has left", at=at)
        return new

    def refuse(self, reason: str, *, by: str, at: datetime) -> tuple[str, ...]:
        """The shop will not change it; gives the units that stay as they are."""
        units = self.at_stage(UnitStage.ASKED)
        if units or self.tender_stage is UnitStage.ASKED:
            self.record(e.ChangeRefused, at=at, units=units, reason=reason, by=by)
            self.go_on(by=by, at=at)
        return units

    def require_unanswered(self) -> None:
        """A person may say what the shop said only while its own answer is open."""
        if not self.is_asked:
            raise WrongStage(f"the shop has answered: the change is {self.state}", state=self.state)

    def miss_answer(self, *, at: datetime) -> str:
        """What was due by now was not heard: a person's task. Gives what it was; empty where nothing is due."""
        due = self.next_due()
        if due is None or due[1] > at:
            return ""
        self.record(e.AnswerMissed, at=at, what=due[0], due_at=due[1])
        self.escalate(ESCALATIONS, f"no answer about the {due[0]}", by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)
        return due[0]

    def leave(self, units: Collection[str], shipment_id: str, *, at: datetime) -> tuple[str, ...]:
        """A parcel with these units left. Gives those that the shop had not answered about: they are overtaken."""
        asked = tuple(u for u in self.at_stage(UnitStage.ASKED) if u in units)
        if asked:
            self.record(e.UnitsLeft, at=at, units=asked, shipment_id=shipment_id, becomes=self.under.overtaken)
        confirmed = self.at_stage(UnitStage.CONFIRMED) if self.kind is ChangeKind.CANCEL else ()
        gone = tuple(u for u in confirmed if u in units and u not in self.left_all_the_same)
        if gone:
            self.record(e.UnitsLeftAllTheSame, at=at, units=gone, shipment_id=shipment_id)
            self.leave_to_person(f"parcel {shipment_id} left with what the shop had cancelled", at=at)
        return asked

    def intercept(self, interception: Interception, *, at: datetime) -> bool:
        """Ask the carrier to bring a parcel back; once for each parcel."""
        if any(known.shipment_id == interception.shipment_id for known in self.interceptions.values()):
            return False
        self.record(e.InterceptionAsked, at=at, interception=interception)
        self.go_on(by=SYSTEM, at=at)
        return True

    def interception_ended(self, interception_id: str, reason: str, *, done: bool, at: datetime) -> bool:
        """The carrier brings it back, or does not. True where it was news; that it does is taken also later."""
        known = self.interceptions.get(interception_id)
        if known is None or known.state == "done" or (known.state == "failed" and not done):
            return False
        self.record(e.InterceptionEnded, at=at, interception_id=interception_id, done=done, reason=reason)
        return True

    def become_return(self, return_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """What left is a return now."""
        self.record(e.ReturnOpened, at=at, return_id=return_id, units=units)
        self.go_on(by=SYSTEM, at=at)

    def leave_to_person(self, why: str, *, at: datetime) -> None:
        """It contradicts itself, or nothing here may decide it."""
        self._go_back(why, at=at)
        if self.person_for != why:
            self.record(e.LeftToPerson, at=at, why=why)
        self.escalate(ESCALATIONS, why, by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)

    def give_way(self, units: Collection[str], withdrawal_id: str, *, at: datetime) -> tuple[str, ...]:
        """The customer withdrew from these, and nobody may decline that. The shop stays asked not to send them."""
        asked = tuple(u for u in self.at_stage(UnitStage.ASKED) if u in units)
        if asked:
            self.record(e.WayGiven, at=at, units=asked, withdrawal_id=withdrawal_id)
            self.go_on(by=SYSTEM, at=at)
        return asked

    def plan_money(
        self,
        claim_id: str,
        request_key: str,
        amount: Money,
        parts: tuple[tuple[str, Money], ...],
        *,
        by: str,
        at: datetime,
    ) -> None:
        """The ledger reserved it."""
        self._go_back("money goes back", at=at)
        self.record(
            e.ChangeMoneyPlanned, at=at, claim_id=claim_id, request_key=request_key, amount=amount, parts=parts, by=by
        )
        self.go_on(by=by, at=at)

    def hold_money_back(self, amount: Money, why: str, *, at: datetime) -> None:
        """Nothing of it can be planned now; said once for each reason."""
        if self.held_back != why:
            self.record(e.ChangeMoneyHeldBack, at=at, amount=amount, why=why)
        self.go_on(by=SYSTEM, at=at)

    def refund_moved(
        self, claim_id: str, state: MoneyState, amount: Money, reference: str, reason: str, *, at: datetime
    ) -> None:
        """The ledger says where the money is now."""
        known = self.refunds.get(claim_id)
        if known is None or (known.state, known.amount, known.reference) == (state, amount, reference):
            return
        self.record(
            e.ChangeMoneyMoved, at=at, claim_id=claim_id, state=state, amount=amount, reference=reference, reason=reason
        )
        if state is MoneyState.FAILED:
            self._go_back(f"the money did not arrive: {reason}", at=at)
        self.go_on(by=SYSTEM, at=at)

    def let_tender_go(self, amount: Money, *, at: datetime) -> None:
        """What the old tender was authorised for is released."""
        self.record(e.TenderLetGo, at=at, amount=amount)
        self.go_on(by=SYSTEM, at=at)

    def tender_moved(self, state: str, reason: str, *, at: datetime) -> None:
        """What became of the release of the old tender; that it is released is taken in every state."""
        if self.tender_released not in (state, "succeeded"):
            self.record(e.TenderReleased, at=at, state=state, reason=reason)
            self.go_on(by=SYSTEM, at=at)

    def require_payable(self) -> Money:
        """What is owed and not on its way, or `NothingToDo`."""
        left = self.outstanding
        if left is None or not left.minor:
            raise NothingToDo("nothing is owed for this change that is not on its way", state=self.state)
        return left

    def settle_by_person(self, reason: str, *, by: str, at: datetime) -> None:
        """A person has looked at what contradicts itself, or at what nobody else goes on with."""
        if self.next_party() != "agent" or self.is_asked:
            raise WrongStage(f"the change is {self.state}: it waits on the {self.next_party()}", state=self.state)
        self.close("settled_by_person", reason, by=by, at=at)

    def go_on(self, *, by: str, at: datetime) -> None:
        """After a decision: whom it waits on now, and whether it is over."""
        if not self.is_open:
            return
        if outcome := self.ending():
            self.close(outcome, "", by=by, at=at)
        else:
            self.wait_on(self.next_party(), by=by, at=at)

    def _go_back(self, why: str, *, at: datetime) -> None:
        if not self.is_open:
            self.reopen(why, by=SYSTEM, at=at)
