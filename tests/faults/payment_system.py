"""A payment system on Kafka with books of its own, that misbehaves in a manner drawn for each order."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import answers_pb2, payment_requests_pb2, payments_pb2
from google.protobuf.message import Message

from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import instant

MANNERS = ("prompt", "fact first", "twice", "silent", "late", "fails", "deaf once")


@dataclass
class KafkaProvider:
    """A payment system on Kafka. It pays once for one request id, and says so in a manner drawn for each order."""

    bus: Bus
    manners: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    paid: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    _later: set["asyncio.Task[None]"] = field(default_factory=set)

    async def run(self, group: str) -> None:
        types = (payment_requests_pb2.RefundRequested, payment_requests_pb2.RefundLookup)
        await self.bus.consume(group, ["aftercare.payment.requests.v1"], types, self._act)

    def orders_paid(self) -> dict[str, int]:
        """How often each order was paid back."""
        found: dict[str, int] = {}
        for order_id in self.paid.values():
            found[order_id] = found.get(order_id, 0) + 1
        return found

    async def _act(self, message: Message) -> None:
        if isinstance(message, payment_requests_pb2.RefundRequested):
            await self._refund(message)
        elif isinstance(message, payment_requests_pb2.RefundLookup):
            await self._look_up(message)

    async def _refund(self, request: Any) -> None:
        key, manner = request.request_id, self.manners.get(request.order_id, "prompt")
        self.asked[key] = self.asked.get(key, 0) + 1
        self.amounts[key] = request.amount.minor_units
        if manner == "deaf once" and self.asked[key] == 1:
            return
        if manner == "fails":
            self.failed.add(key)
        else:
            self.paid[key] = request.order_id
        self.at_work.set()
        facts = self._facts(request)
        if manner == "silent" and self.asked[key] == 1:
            return
        if manner == "late":
            task = asyncio.ensure_future(self._much_later(facts))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            return
        again = self._facts(request) if manner == "twice" else []
        await self.bus.publish(*(reversed(facts) if manner == "fact first" else facts), *again)

    async def _much_later(self, facts: list[Fact]) -> None:
        await asyncio.sleep(3)
        await self.bus.publish(*facts)

    def _facts(self, request: Any) -> list[Fact]:
        common: dict[str, Any] = {
            "shop_id": request.shop_id,
            "order_id": request.order_id,
            "tender_id": "card",
            "amount": money_pb2.Money(minor_units=self.amounts[request.request_id], currency="EUR"),
            "request_id": request.request_id,
            "provider_refund_id": f"pr_{request.request_id}",
            "occurred_at": instant(datetime.now(UTC)),
        }
        if request.request_id in self.failed:
            return [Fact(payments_pb2.PaymentRefundFailed(**common, reason="account_closed"))]
        done = answers_pb2.RequestDone(
            shop_id=request.shop_id, request_id=request.request_id, occurred_at=common["occurred_at"],
            order_id=request.order_id, requester=request.requester, case_id=request.case_id,
            reference=common["provider_refund_id"],
        )  # fmt: skip
        return [Fact(done), Fact(payments_pb2.PaymentRefunded(**common))]

    async def _look_up(self, asked: payment_requests_pb2.RefundLookup) -> None:
        outcomes, key = answers_pb2.RefundLookupOutcome, asked.request_id
        done = key in self.paid
        outcome = outcomes.REFUND_LOOKUP_OUTCOME_SUCCEEDED if done else outcomes.REFUND_LOOKUP_OUTCOME_ABSENT
        answer = answers_pb2.RefundLookupAnswered(
            shop_id=asked.shop_id, request_id=key, occurred_at=instant(datetime.now(UTC)), order_id=asked.order_id,
            requester=asked.requester, case_id=asked.case_id, lookup_id=asked.lookup_id,
            outcome=outcomes.REFUND_LOOKUP_OUTCOME_FAILED if key in self.failed else outcome,
            provider_refund_id=f"pr_{key}" if done else "", reason="account_closed" if key in self.failed else "",
            amount=money_pb2.Money(minor_units=self.amounts.get(key, 0), currency="EUR"),
        )  # fmt: skip
        facts = self._facts(asked) if done else []  # of what it never heard of it knows no amount either
        told = [fact for fact in facts if fact.message.DESCRIPTOR.name == "PaymentRefunded"]
        await self.bus.publish(Fact(answer), *told)
