"""What a change before dispatch is, as read from its facts: where it stands, what is owed, whom it waits on.

Guarantee: pure readings; the read model, the timers and the decisions use the same ones. Only what the shop confirmed
is owed, at what was paid for it when it was asked.
"""

from datetime import datetime

from chassis.domain import Money
from services.returns.domain.case.reading import ON_THE_WAY
from services.returns.domain.case.values import MoneyState
from services.returns.domain.change.state import ChangeState
from services.returns.domain.change.values import NOT_TAKEN, ChangeKind, UnitStage

CAPTURED_ALL_THE_SAME = "captured"
_UNCERTAIN = (MoneyState.HELD, MoneyState.UNKNOWN)


class ChangeReading(ChangeState):
    """Abstract: `OrderChange` adds the decisions."""

    @property
    def kind(self) -> ChangeKind:
        return self.wish.kind

    @property
    def difference_subject(self) -> str:
        """The name in the ledger of what a swap made cheaper."""
        return f"change:{self.id}"

    def at_stage(self, stage: UnitStage) -> tuple[str, ...]:
        """The units whose change stands so."""
        return tuple(unit_id for unit_id, known in self.stages.items() if known is stage)

    @property
    def is_asked(self) -> bool:
        """Whether an answer of the shop is still open."""
        return bool(self.at_stage(UnitStage.ASKED)) or self.tender_stage is UnitStage.ASKED

    @property
    def is_confirmed(self) -> bool:
        return bool(self.at_stage(UnitStage.CONFIRMED)) or self.tender_stage is UnitStage.CONFIRMED

    @property
    def intercepting(self) -> bool:
        """Whether the carrier has not said yet whether it brings the parcel back."""
        return any(one.state == "asked" for one in self.interceptions.values())

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Units that left and are in no return of ours."""
        return tuple(unit for unit in self.at_stage(UnitStage.OVERTAKEN) if unit not in self.returned)

    @property
    def state(self) -> str:
        """See the contract: asked, unanswered, intercepting, overtaken, contradicted, to_pay, paying, done, refused,
        withdrawn."""
        if self.person_for:
            return "contradicted"
        if self.is_asked:
            return "unanswered" if "change" in self.missed else "asked"
        if self.intercepting:
            return "intercepting"
        if self.is_confirmed:
            return self._money_state()
        if self.at_stage(UnitStage.OVERTAKEN):
            return "overtaken"
        return "withdrawn" if self.at_stage(UnitStage.WITHDRAWN) else "refused"

    def _money_state(self) -> str:
        if self.outstanding is not None and self.outstanding.minor and not self._settled_with_nothing:
            return "to_pay"
        moving = any(r.state not in (MoneyState.SETTLED, MoneyState.FAILED) for r in self.refunds.values())
        return "paying" if moving or self.tender_released in ("planned", "held") else "done"

    @property
    def owed_parts(self) -> tuple[tuple[str, Money], ...]:
        """What is owed for each unit and component, or for what a swap made cheaper."""
        if self.kind is ChangeKind.SWAP:
            cheaper = self.difference is not None and self.difference.minor < 0
            return ((self.difference_subject, -self.difference),) if cheaper and self.difference else ()
        confirmed = self.at_stage(UnitStage.CONFIRMED)
        units = tuple((u.unit_id, u.paid) for u in self.wish.units if u.unit_id in confirmed and u.paid.minor)
        whole = len(confirmed) == len(self.wish.units)
        return units + (tuple(c for c in self.wish.components if c[1].minor) if whole else ())

    @property
    def owed(self) -> Money | None:
        """All that goes back because of it; None where it moves no money."""
        parts = [amount for _, amount in self.owed_parts]
        return sum(parts[1:], start=parts[0]) if parts else None

    @property
    def outstanding(self) -> Money | None:
        """What of it neither reached the customer nor is on its way."""
        owed = self.owed
        if owed is None:
            return None
        given = sum(r.amount.minor for r in self.refunds.values() if r.state is not MoneyState.FAILED)
        return Money(max(owed.minor - given, 0), owed.currency)

    @property
    def only_by_person(self) -> bool:
        """Money that did not arrive goes out again only by a person's word, unless it was merely taken meanwhile."""
        return any(r.state is MoneyState.FAILED and r.failure != CAPTURED_ALL_THE_SAME for r in self.refunds.values())

    @property
    def _settled_with_nothing(self) -> bool:
        # a cheaper variant whose price the order does not show yet is waited for; what was never taken is not
        return self.kind is ChangeKind.CANCEL and self.held_back == NOT_TAKEN

    def next_due(self) -> tuple[str, datetime] | None:
        """Whose answer is due when: the shop's, the carrier's, or the order that should show a swap."""
        if not self.is_open:
            return None
        if self.is_asked and "change" not in self.missed:
            return "change", self.under.answer_by
        if self.intercepting and "interception" not in self.missed:
            return "interception", max(i.answer_by for i in self.interceptions.values() if i.state == "asked")
        waits = self.kind is ChangeKind.SWAP and self.held_back == NOT_TAKEN and self.is_confirmed
        if waits and "order" not in self.missed:
            return "order", self.under.answer_by
        return None

    def next_party(self) -> str:
        """Whom it waits on."""
        uncertain = any(r.state in _UNCERTAIN for r in self.refunds.values())
        if self.person_for or uncertain or self.tender_released in ("failed", "held"):
            return "agent"
        if self.is_asked:
            return "agent" if "change" in self.missed else "shop"
        if self.intercepting:
            return "shop"
        if self.unplaced:
            return "agent"
        if self.state == "to_pay":
            in_order = self.held_back == NOT_TAKEN and "order" not in self.missed
            return "shop" if in_order else "agent"
        return "provider" if any(r.state in ON_THE_WAY for r in self.refunds.values()) else "agent"

    def ending(self) -> str:
        """The outcome of a change that is over; empty while something is open."""
        if self.person_for or self.is_asked or self.intercepting or self.unplaced:
            return ""
        if self.tender_released not in ("", "succeeded"):
            return ""
        return self.state if self.state in ("done", "overtaken", "refused", "withdrawn") else ""
