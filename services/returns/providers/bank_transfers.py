"""Transfers money to a customer's bank account, over Kafka.

Guarantee: the request's id is the transfer's own key, which the receiver treats as its idempotency key: asked twice, it
pays once. The account is read where it is kept, sent on a topic of short retention, and is in no intent and no log.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import payouts_pb2 as pb

from chassis.domain import Aggregate
from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, Failed, ProviderAnswer
from services.returns.domain.case import ReturnCase

TOPIC = "aftercare.payout.requests.v1"

Load = Callable[[UUID], Awaitable[Aggregate | None]]


class BankTransfers:
    """Refunds to an account that the customer named."""

    idempotency: timedelta | None = timedelta(days=30)

    def __init__(self, sender: RequestSender, load: Load, answer_within: timedelta) -> None:
        self._sender, self._load, self._answer_within = sender, load, answer_within

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for the transfer; what comes of it is told on Kafka."""
        body = attempt.body
        case = await self._load(UUID(body["case_id"]))
        account = case.bank_account if isinstance(case, ReturnCase) else None
        if account is None or account.iban.text is None:
            return Failed("account_forgotten")
        answer_by = attempt.now + self._answer_within
        message = pb.BankTransferRequested(
            shop_id=body["shop_id"],
            request_id=attempt.key,
            occurred_at=timestamp_to_proto(attempt.now),
            answer_by=timestamp_to_proto(answer_by),
            order_id=body["order_id"],
            requester=body["requester"],
            case_id=body["case_id"],
            amount=money_pb2.Money(minor_units=body["minor"], currency=body["currency"]),
            iban=account.iban.text,
            account_holder=account.holder.text or "",
            reason=body["reason"],
            attempt=attempt.number,
        )
        return await self._sender.submit(
            attempt, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """It cannot be asked about: the request itself is sent again, under the same key."""
        return None
