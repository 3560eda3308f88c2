"""Money that cannot go back the way it came: another tender is asked of the customer, and what was asked is remembered.

Guarantee: a bank account is personal, is held by the return alone, and the latest one counts.
"""

from datetime import datetime

from chassis.domain import applies
from services.returns.domain.bank_account import BankAccount, checked_iban
from services.returns.domain.case import payout_events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.unreturned import Unreturned
from services.returns.domain.case.values import CaseRefund, MoneyState
from services.returns.domain.errors import UnknownRefund, WrongStage


class Payouts(Unreturned):
    """Abstract: `ReturnCase` adds the money."""

    def __init__(self) -> None:
        super().__init__()
        self.bank_account: BankAccount | None = None

    def ask_other_tender(self, claim_id: str, reason: str, *, at: datetime) -> None:
        """The money came back, or would: the customer says where it shall go."""
        if claim_id not in self.other_tender_asked:
            self.record(e.OtherTenderAsked, at=at, claim_id=claim_id, reason=reason)
            self.go_on(by=POLICY, at=at)

    def give_bank_account(self, iban: str, holder: str, *, by: str, at: datetime) -> None:
        """An account to be paid back to."""
        account = BankAccount(self.personal(checked_iban(iban)), self.personal(holder))
        if account != self.bank_account:
            self.record(e.BankAccountGiven, at=at, iban=account.iban, holder=account.holder, by=by)

    def failed_refund(self, claim_id: str) -> CaseRefund:
        """A refund that did not reach the customer, or why it is none."""
        known = self.refunds.get(claim_id)
        if known is None:
            raise UnknownRefund(f"this return has no refund {claim_id}", refund=claim_id)
        if known.state is not MoneyState.FAILED:
            raise WrongStage(f"refund {claim_id} is {known.state.value}, it has not failed", state=known.state.value)
        return known

    def instead_of(self, known: CaseRefund) -> list[CaseRefund]:
        """What was paid in another way in place of a refund that failed."""
        return [r for r in self.refunds.values() if r.request_key.startswith(f"{known.request_key}:other")]

    @applies(e.OtherTenderAsked)
    def _on_other_tender_asked(self, event: e.OtherTenderAsked) -> None:
        self.other_tender_asked[event.claim_id] = event.reason

    @applies(e.BankAccountGiven)
    def _on_bank_account_given(self, event: e.BankAccountGiven) -> None:
        self.bank_account = BankAccount(event.iban, event.holder)
