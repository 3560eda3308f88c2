"""Which duty of a lack is due when: to answer, to prove, to send, to put right, to pay back.

Guarantee: pure readings; a duty that is open has a date, and an alarm about it is raised once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.returns.domain.conformity.reading import ConformityReading
from services.returns.domain.conformity.values import ANSWER, PROVE, PUT_RIGHT, REPAY, SEND
from services.returns.domain.law import Duty
from services.returns.domain.law.raising import CUSTOMER, SHOP, raised

DUTIES = (ANSWER, PROVE, SEND, PUT_RIGHT, REPAY)
OWNER = {ANSWER: SHOP, PROVE: CUSTOMER, SEND: CUSTOMER, PUT_RIGHT: SHOP, REPAY: SHOP}
_TEXTS = {
    ANSWER: "Answer what the customer reported",
    PROVE: "Prove that the lack was there at the delivery",
    SEND: "Send the goods; the seller pays for it",
    PUT_RIGHT: "Bring the goods into conformity, free of charge",
    REPAY: "Pay back",
}


class ConformityDuties(ConformityReading):
    """Abstract: `Conformity` adds the decisions."""

    def due_of(self, duty: str) -> datetime | None:
        """When an open duty is due; None where it is not open."""
        lack, state = self.lack, self.state
        match duty:
            case "answer" if state == "reported":
                return max(lack.dates.answer.ends_at, lack.prove_by or lack.dates.answer.ends_at)
            case "answer" if self.proof_is_late and lack.prove_by is not None and self.figures:
                return lack.prove_by + timedelta(days=self.figures.warn_days)
            case "prove" if state == "awaiting_proof":
                return lack.prove_by
            case "send" if state == "awaiting_goods":
                return lack.send_by
            case "send" if state == "awaiting_return" and self.money and self.figures:
                return self.money.asked_at + timedelta(days=self.figures.wait_days)
            case "put_right" if state in ("reported", "choosing", "to_put_right", "putting_right", "money_open"):
                return self._put_right_due()
            case "repay" if state == "to_repay" and self.money and self.figures:
                begins = self.unit.free_since if self.is_terminated else self.money.asked_at
                return (begins or self.money.asked_at) + timedelta(days=self.figures.repay_days)
            case _:
                return None

    def next_due(self) -> datetime | None:
        """When the next duty is due, whosever it is."""
        dues = [due for duty in DUTIES if (due := self.due_of(duty)) is not None]
        return min(dues, default=None)

    def duties(self, sources: Mapping[str, str]) -> list[Duty]:
        """Every duty that this lack has or had, with its date and state."""
        if not self.lack.covered:
            return []
        found = []
        for name in DUTIES:
            due, state = self.due_of(name), self._duty_state(name)
            if state:
                shown = due or (self._put_right_due() if name == PUT_RIGHT and state == "withheld" else None)
                found.append(Duty(name, OWNER[name], shown, state, f"{_TEXTS[name]}.", sources.get(name, "")))
        return found

    def open_duties(self) -> list[tuple[str, str, datetime]]:
        dues = ((duty, OWNER[duty], self.due_of(duty)) for duty in DUTIES if self.figures is not None)
        return [(duty, owner, due) for duty, owner, due in dues if due is not None]

    def days_of_warning(self) -> int:
        return self.figures.warn_days if self.figures is not None else 0

    def _duty_state(self, duty: str) -> str:
        if (due := self.due_of(duty)) is not None:
            return "missed" if raised("missed", duty, due) in self.duties_raised else "open"
        lack = self.lack
        match duty:
            case "answer":
                return "withheld" if self.state == "awaiting_proof" else "done"
            case "prove":
                return "done" if lack.prove_by is not None else ""
            case "send":
                return "done" if self.is_terminated or lack.send_by is not None else ""
            case "put_right":
                return "withheld" if self.state in ("awaiting_proof", "awaiting_goods") else "done"
            case _:
                if self.money is None:
                    return ""
                return "withheld" if self.state == "awaiting_return" else "done"
