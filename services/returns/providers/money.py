"""What is asked of whoever moves money, over Kafka, each as its contract has it.

Guarantee: the request's id is the transfer's own key: asked twice, money moves once. Silence past the answer-by time
is asked about, never taken for a no.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from aftercare.orders.v1 import exchanges_pb2, payouts_pb2, store_credit_pb2
from aftercare.orders.v1 import payment_requests_pb2 as pb
from google.protobuf.message import Message

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, Failed, ProviderAnswer
from services.returns.domain.case import ReturnCase
from services.returns.providers.asking import PAYMENT, PAYOUT, AnswerBy, Head, Load, Requests, amount_of


class Refunds(Requests):
    """Refunds through the shop's payment system, and questions about them."""

    def __init__(self, sender: RequestSender, answer_by: AnswerBy) -> None:
        super().__init__(sender, PAYMENT, _refund, answer_by)

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """Ask what became of it; changes nothing."""
        lookup_id = f"{attempt.key}.{int(attempt.now.timestamp() * 1000)}"
        # A question of its own: under the request's id it would be taken for a repeat of the request.
        question = replace(attempt, idempotency_key=lookup_id)
        return await self.publish(question, lambda _, head: pb.RefundLookup(lookup_id=lookup_id, **head))


class BankTransfers(Requests):
    """Refunds to an account that the customer named. It is read where it is kept, sent on a topic of short retention,
    and is in no intent and no log."""

    def __init__(self, sender: RequestSender, load: Load, answer_by: AnswerBy) -> None:
        super().__init__(sender, PAYOUT, _transfer, answer_by)
        self._load = load

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for the transfer, while the account is known."""
        case = await self._load(UUID(attempt.body["case_id"]))
        account = case.bank_account if isinstance(case, ReturnCase) else None
        if account is None or account.iban.text is None:
            return Failed("account_forgotten")
        told = {"iban": account.iban.text, "account_holder": account.holder.text or ""}
        return await super().perform(replace(attempt, body={**attempt.body, **told}))


def release(attempt: Attempt, head: Head) -> Message:
    """Take less than was authorised, or nothing. No money moves by it: its answer is its only fact."""
    return pb.AuthorisationReleaseRequested(tender_id=attempt.body["tender_id"], **_amount(attempt), **head)


def credit(attempt: Attempt, head: Head) -> Message:
    """Credit in the shop's own wallet. No money moves by it: its answer is its only fact."""
    return store_credit_pb2.StoreCreditRequested(customer_id=attempt.body["customer_id"], **_amount(attempt), **head)


def charge(attempt: Attempt, head: Head) -> Message:
    """Charge for a unit that was not given back."""
    body = attempt.body
    return exchanges_pb2.ChargeRequested(
        amount=amount_of(body),
        consented_at=timestamp_to_proto(datetime.fromisoformat(body["consented_at"])),
        consent=body["consent"],
        attempt=attempt.number,
        **head,
    )


def _refund(attempt: Attempt, head: Head) -> Message:
    tender = {"tender_id": attempt.body["tender_id"], "capture_id": attempt.body.get("capture_id", "")}
    return pb.RefundRequested(**tender, **_amount(attempt), **head)


def _transfer(attempt: Attempt, head: Head) -> Message:
    account = {name: attempt.body[name] for name in ("iban", "account_holder")}
    return payouts_pb2.BankTransferRequested(**account, **_amount(attempt), **head)


def _amount(attempt: Attempt) -> dict[str, Any]:
    return {"amount": amount_of(attempt.body), "reason": attempt.body["reason"], "attempt": attempt.number}
