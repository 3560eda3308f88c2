"""What a file of conformity is, as read from its facts: where it stands, and which rules of law give money.

Guarantee: pure readings; the read model, the timers and the decisions use the same ones.
"""

from datetime import datetime, timedelta

from chassis.domain import Money
from services.returns.domain.case.reading import ON_THE_WAY
from services.returns.domain.case.values import CaseRefund, MoneyState
from services.returns.domain.conformity.law import SELLER
from services.returns.domain.conformity.state import ConformityState
from services.returns.domain.conformity.values import (
    AGAIN,
    FAILED,
    LACK,
    LATE,
    MINOR,
    PROVE,
    PUT_RIGHT,
    REFUSED,
    REMEDIES,
    SERIOUS,
    SERIOUS_LACK,
    TERMINATION,
    Attempt,
)
from services.returns.domain.law import Whereabouts
from services.returns.domain.law.raising import SHOP, raised

_UNCERTAIN = (MoneyState.HELD, MoneyState.UNKNOWN)
_LEAST_CERTAIN_FIRST = (*_UNCERTAIN, *ON_THE_WAY, MoneyState.SETTLED, MoneyState.FAILED)


class ConformityReading(ConformityState):
    """Abstract: `ConformityDuties` adds what is due when."""

    @property
    def state(self) -> str:
        """goodwill, dropped, rejected, awaiting_proof, reported, choosing, to_put_right, awaiting_goods, putting_right,
        put_right, money_open, awaiting_return, to_repay, repaying, or the kind of money that was paid."""
        lack = self.lack
        if self.dropped:
            return "dropped"
        if not lack.covered:
            return "goodwill"
        if self.money is not None:
            return self._money_state(self.money.kind)
        if lack.answer == "rejected":
            return "rejected"
        if lack.answer == "":
            return "awaiting_proof" if self.awaits_proof else "reported"
        if (attempt := self.attempt) is not None and attempt.state == "started":
            return "awaiting_goods" if self.awaits_goods else "putting_right"
        if attempt is not None and attempt.state == "done":
            return "put_right"
        if self.money_rules() and not lack.remedy:
            return "money_open"
        return "to_put_right" if lack.remedy else "choosing"

    @property
    def attempt(self) -> Attempt | None:
        """The last attempt to put the present lack right."""
        found = [one for one in self.attempts.values() if one.lack == self.lack.number]
        return found[-1] if found else None

    @property
    def is_settled(self) -> bool:
        """Whether nothing of the present lack is open."""
        return self.state in ("goodwill", "dropped", "rejected", "put_right", "price_reduction", "termination")

    @property
    def awaits_proof(self) -> bool:
        """Whether the customer was asked to prove something and has shown nothing yet."""
        lack = self.lack
        return lack.answer == "" and lack.prove_by is not None and not self.speaks(LACK)

    @property
    def awaits_goods(self) -> bool:
        """Whether goods that a repair needs are still with the customer."""
        attempt = self.attempt
        if attempt is None or attempt.state != "started" or not attempt.goods_wanted:
            return False
        return self.unit.where is Whereabouts.WITH_CUSTOMER

    @property
    def awaits_unit(self) -> bool:
        """Whether the unit is to come: a repair or the end of the contract needs it, or it was sent."""
        return self.state in ("awaiting_goods", "awaiting_return") or self.unit.where is Whereabouts.SENT

    @property
    def is_terminated(self) -> bool:
        """Whether the contract about the unit is ended."""
        return self.money is not None and self.money.kind == TERMINATION

    @property
    def payable(self) -> bool:
        """Whether money is owed now: a lower price at once, the whole once the goods or their proof are there."""
        if self.money is None or self.money_of() not in (None, MoneyState.FAILED):
            return False
        return not self.is_terminated or self.unit.where is not Whereabouts.WITH_CUSTOMER

    @property
    def gives_way(self) -> bool:
        """Whether a withdrawal from the contract may take its place: no money is owed or on its way."""
        return self.is_open and not self.is_settled and not self.payable and not self.current_refunds()

    def speaks(self, says: str) -> tuple[int, ...]:
        """The evidence on the present lack that speaks so."""
        return tuple(n for n, one in self.evidence.items() if one.says == says and one.lack == self.lack.number)

    @property
    def proof_is_late(self) -> bool:
        """Whether the customer was asked to prove something, and the time for it is over."""
        by = self.lack.prove_by
        return self.awaits_proof and by is not None and raised("missed", PROVE, by) in self.duties_raised

    def money_rules(self) -> tuple[str, ...]:
        """The rules of law by which the customer may ask for money now."""
        lack = self.lack
        if not lack.covered or lack.answer == "rejected" or self.dropped:
            return ()
        present = [one for one in self.attempts.values() if one.lack == lack.number]
        before = [one for one in self.attempts.values() if one.lack < lack.number and one.state == "done"]
        tries = self.figures.attempts if self.figures else 1
        done = bool(present) and present[-1].state == "done"
        holds = {
            REFUSED: lack.refused >= set(REMEDIES),
            FAILED: sum(one.state == "failed" for one in present) >= tries,
            LATE: self._was_late(),
            AGAIN: len(before) >= tries,
            SERIOUS_LACK: lack.severity == SERIOUS,
        }
        answered = lack.answer == "acknowledged" or (lack.burden == SELLER and holds[LATE])
        return tuple(rule for rule, held in holds.items() if held) if answered and not done else ()

    @property
    def is_minor(self) -> bool:
        """Whether a person found that the lack is minor: then it ends no contract."""
        return self.lack.severity == MINOR

    def money_of(self) -> MoneyState | None:
        """The money of what was asked last, rolled up, the least certain first."""
        states = {refund.state for refund in self.current_refunds()}
        return next((state for state in _LEAST_CERTAIN_FIRST if state in states), None)

    def current_refunds(self) -> list[CaseRefund]:
        """The refunds of what was asked last."""
        number = self.lack.number
        return [refund for claim_id, refund in self.refunds.items() if self.lack_of_refund[claim_id] == number]

    def repaid(self) -> Money:
        """All money of this file that is with the customer."""
        return self._sum(MoneyState.SETTLED)

    def pending(self) -> Money:
        """All money of this file that is planned, under way or unknown."""
        return self._sum(*ON_THE_WAY, *_UNCERTAIN)

    def next_party(self) -> str:
        """Whom it waits on."""
        state = self.state
        if self.proof_is_late:
            return "agent"
        if state in ("awaiting_proof", "awaiting_goods", "awaiting_return", "choosing", "money_open"):
            return "customer"
        if state == "putting_right":
            return SHOP
        return "provider" if state == "repaying" and self.money_of() not in _UNCERTAIN else "agent"

    def _money_state(self, kind: str) -> str:
        if self.payable:
            return "to_repay"
        money = self.money_of()
        if money is None or money is MoneyState.FAILED:
            return "awaiting_return"
        return kind if money is MoneyState.SETTLED else "repaying"

    def _was_late(self) -> bool:
        """Whether it was not put right in time; goods that came afterwards give a new date and take no right away."""
        missed = f"missed:{PUT_RIGHT}:"
        dues = (key.removeprefix(missed) for key in self.duties_raised if key.startswith(missed))
        return any(datetime.fromisoformat(due) > self.lack.reported_at for due in dues)

    def _put_right_due(self) -> datetime:
        due, attempt = self.lack.dates.put_right.ends_at, self.attempt
        if attempt is None or not attempt.goods_wanted or self.unit.free_since is None or self.figures is None:
            return due
        return max(due, self.unit.free_since + timedelta(days=self.figures.workshop_days))

    def _sum(self, *states: MoneyState) -> Money:
        currency = self.unit.asked.paid.currency
        return Money(sum(r.amount.minor for r in self.refunds.values() if r.state in states), currency)
