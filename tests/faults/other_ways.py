"""Returns that are paid back as store credit or to a bank account, while returns dies and the shop misbehaves.

The wallet and the bank keep books that Aftercare never writes. A caller sends its command again, under the same id,
until it is answered: what was acknowledged must be there, and what was not must not be there twice.
"""

import asyncio
import random
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
from aftercare.orders.v1 import answers_pb2, orders_pb2, payouts_pb2, receipts_pb2, store_credit_pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from infra.shop_simulator.bus import Fact
from infra.shop_simulator.catalogue import instant
from tests.contract.contracts import methods
from tests.faults.paying import AMOUNT, TOPIC, Till, order_facts
from tests.faults.payment_system import MANNERS, KafkaProvider
from tests.faults.rig import until

WALLET, BANK = "w", "b"
IBAN = "DE89370400440532013000"
KINDS = {WALLET: "store_credit", BANK: "bank_transfer"}
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED)
METHODS = {
    method.name: method for method in methods() if method.containing_service.full_name.startswith("aftercare.ret")
}


@dataclass
class ShopsBank(KafkaProvider):
    """The shop's wallet and its bank: each carries one request id out once, in a manner drawn for each order."""

    async def run(self, group: str) -> None:
        types = (store_credit_pb2.StoreCreditRequested, payouts_pb2.BankTransferRequested)
        topics = ["aftercare.payment.requests.v1", "aftercare.payout.requests.v1"]
        await self.bus.consume(f"{group}-other", topics, types, self._act)

    async def _act(self, message: Message) -> None:
        await self._refund(message)

    def _facts(self, request: Any) -> list[Fact]:
        if isinstance(request, payouts_pb2.BankTransferRequested):
            return super()._facts(request)
        common: dict[str, Any] = {
            "shop_id": request.shop_id,
            "request_id": request.request_id,
            "occurred_at": instant(datetime.now(UTC)),
            "order_id": request.order_id,
            "requester": request.requester,
            "case_id": request.case_id,
        }
        if request.request_id in self.failed:
            return [Fact(answers_pb2.RequestRefused(**common, reason="wallet_closed"))]
        return [Fact(answers_pb2.RequestDone(**common, reference=f"wal_{request.request_id}"))]


@dataclass
class OtherWays:
    """Callers of one `Till`, and what the wallet and the bank say they did."""

    till: Till
    shop: ShopsBank
    cases: dict[str, str] = field(default_factory=dict)
    kills: int = 0

    async def round(self, rng: random.Random, step: str, orders: int) -> list[str]:
        """Returns of both kinds are ready to be paid; the process dies at `step`; it is waited until all is final."""
        tag = f"{rng.randrange(16**8):08x}"
        names = [f"{kind}-{tag}-{n}" for kind in KINDS for n in range(orders)]
        for name in names:
            self.shop.manners[name] = rng.choice(MANNERS)
        await self.ready(names)
        self.shop.at_work.clear()
        if step != "in-call":
            part = self.till.plan.with_suffix(".part")
            part.write_text(f"{step}=kill@{rng.randint(1, 4)}")
            part.replace(self.till.plan)
        asking = [asyncio.create_task(self.pay(name)) for name in names]
        await self._dies(step)
        await self.till.start()
        await asyncio.gather(*asking)
        await until(f"everything of {tag} is final", lambda: self._final(names))
        return names

    async def ready(self, names: list[str]) -> None:
        """Sold, asked to come back, and here as promised; of those paid by invoice the account is known."""
        await self.till.bus.publish(*(_sold(name) for name in names))
        await until("the orders are known", lambda: self._known(names))
        for name in names:
            items = [{"line_id": "l1", "quantity": 1, "reason": "too_small", "stated_condition": "sealed"}]
            asked = await self.call("RequestReturn", "agent", f"ask-{name}", order_id=name, items=items)
            self.cases[name] = asked.receipt.id
            if name.startswith(BANK):
                values = {"iban": IBAN, "account_holder": "A. Customer"}
                await self.call("GiveMyBankAccount", "customer", f"iban-{name}", rma_id=self.cases[name], **values)
        await self.till.bus.publish(*(self._received(name) for name in names))
        found = {"condition": "sealed", "responsibility": "customer", "disposition": "restock"}
        for name in names:
            inspections = [{"unit": {"line_id": "l1", "unit": 1}, **found}]

            async def inspected(name: str = name, inspections: Any = inspections) -> bool:
                try:
                    await self.call(
                        "InspectUnits", "warehouse", f"ins-{name}", rma_id=self.cases[name], inspections=inspections
                    )
                except grpc.aio.AioRpcError as refusal:
                    assert refusal.code() is grpc.StatusCode.FAILED_PRECONDITION, refusal.details()
                    return False  # the receipt is still on its way
                return True

            await until(f"{name} is inspected", inspected)

    async def pay(self, name: str) -> None:
        values = {"rma_id": self.cases[name], "reason": "return", "store_credit": name.startswith(WALLET)}

        async def paid() -> bool:
            await self.call("RefundReturn", "supervisor", f"pay-{name}", **values)
            return True

        await until(f"{name} is asked to be paid", paid)

    async def call(self, rpc: str, role: str, request_id: str, **values: Any) -> Any:
        """One command, sent again under its id while the process is away."""
        method = METHODS[rpc]
        own: dict[str, Any] = {"customer_id": "c1", "shops": [TOPIC]} if role == "customer" else {}
        token = self.till.small.issuer.issue(f"a-{role}", [role], **own)
        while True:
            assert self.till.process is not None
            stub: Any = self.till.small.channel(self.till.process.grpc).unary_unary(
                f"/{method.containing_service.full_name}/{method.name}",
                request_serializer=lambda m: m.SerializeToString(),
                response_deserializer=GetMessageClass(method.output_type).FromString,
            )
            try:
                return await stub(
                    GetMessageClass(method.input_type)(**{"request_id": request_id, **values}),
                    timeout=10,
                    metadata=(("authorization", f"Bearer {token}"),),
                )
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN:
                    raise
                await asyncio.sleep(0.2)

    async def _dies(self, step: str) -> None:
        process = self.till.process
        assert process is not None
        if step == "in-call":
            await asyncio.wait_for(self.shop.at_work.wait(), 60)
            process.send(signal.SIGKILL)

        async def dead() -> bool:
            return process.process.poll() is not None

        await until(f"it is killed at {step}", dead)
        self.kills += 1

    async def _known(self, names: list[str]) -> bool:
        async with self.till.small.connected() as db:
            query = "SELECT count(*) FROM ledgers WHERE order_id = ANY($1::text[]) AND paid > 0"
            return bool(await db.fetchval(query, names) == len(names))

    async def _final(self, names: list[str]) -> bool:
        states = await self.effects(names)
        return len(states) == len(names) and all(s in ("succeeded", "failed", "held") for s in states.values())

    async def effects(self, names: list[str]) -> dict[str, str]:
        """Where the payment of each order stands, as Aftercare has it; one for each claim."""
        async with self.till.small.connected() as db:
            rows = await db.fetch(
                "SELECT l.order_id, e.kind, e.state FROM effects e JOIN ledgers l ON l.id = e.subject"
                " WHERE l.order_id = ANY($1::text[])",
                names,
            )
        assert len(rows) == len({row["order_id"] for row in rows}), "one claim is one effect"
        assert {(row["order_id"].partition("-")[0], row["kind"]) for row in rows} <= set(KINDS.items())
        return {row["order_id"]: row["state"] for row in rows}

    async def wrong_with(self, names: list[str]) -> list[str]:
        """Where the shop's own books and ours differ, and whatever was paid twice or forgotten."""
        states, paid = await self.effects(names), self.shop.orders_paid()
        async with self.till.small.connected() as db:
            found = await db.fetch("SELECT order_id, refunded FROM ledgers WHERE order_id = ANY($1::text[])", names)
        settled = {row["order_id"]: row["refunded"] // AMOUNT for row in found}
        wrong = [f"{name} was paid {n} times" for name, n in paid.items() if n > 1]
        for name in names:
            state = states.get(name, "forgotten")
            books = (paid.get(name, 0), settled.get(name, 0))
            if state != "held" and books != {"succeeded": (1, 1), "failed": (0, 0)}.get(state):
                wrong.append(f"{name}: {state}, paid {books[0]} times, {books[1]} in the ledger")
        return wrong

    def _received(self, name: str) -> Fact:
        line = receipts_pb2.ReceiptLine(receipt_line_id="1", sku="sku", quantity=1, condition="sealed", line_id="l1")
        return Fact(
            receipts_pb2.ReceiptMade(
                shop_id=TOPIC, receipt_number=f"r-{name}", occurred_at=instant(datetime.now(UTC)),
                rma_id=self.cases[name], order_id=name, lines=[line],
            )
        )  # fmt: skip


def _sold(name: str) -> Fact:
    """One unit, paid by card where it becomes credit, by invoice where it is transferred."""
    (order, _) = order_facts(name)
    told = order.message
    assert isinstance(told, orders_pb2.OrderRecorded)
    if name.startswith(BANK):
        told.tenders[0].kind = "invoice"
    return order
