"""Shorthands of the tests of exchanges: the shop's answers, and the new orders it makes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.domain import Money
from chassis.service import Failed, Receipt, Succeeded
from chassis.work import Actor
from services.returns.application.deciding import Finding, Item
from services.returns.application.exchange_requests import EXCHANGE_RESERVE, KIND_OF_STEP
from services.returns.domain.case import ArrivedLine, Exchange, ReturnCase
from services.returns.domain.identity import exchange_request_of
from services.returns.domain.ledger import Ledger, Transfer
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.order import Capture, OrderLine, PaymentFact, PaymentKind, Tender
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import DAY, snapshot
from tests.unit.returns.world import ANN, CUSTOMER, SUE, WALT, World


@dataclass
class Shop:
    """A world with an order o1 whose one unit `l1#1` is in a return, authorised."""

    world: World
    currency: str = "EUR"

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    async def sold(self, price: int, order_id: str = "o1", sku: str = "sku-l1") -> None:
        """An order of one unit, paid by card, delivered two days ago."""
        line = OrderLine("l1", sku, 1, self.money(price))
        await self.stated(order_id, line, price)

    async def stated(self, order_id: str, line: OrderLine, paid: int, **values: Any) -> None:
        tenders = (Tender("card", "card", "", (Capture(f"cap-{order_id}", "card", self.money(paid)),)),) if paid else ()
        now = self.world.now
        more: dict[str, Any] = {"placed_at": now - 3 * DAY, "version": 1, "tenders": tenders} | values
        told = snapshot(line, currency=self.currency, **more)
        await self.world.run(lambda work: self.world.app.order_recorded(work, "s1", order_id, told))

    async def returned(self, order_id: str = "o1", actor: Actor = CUSTOMER, remedy: str = "exchange") -> ReturnCase:
        """A return of its unit, authorised."""
        app, item = self.world.app, Item("l1", 1, "too_small")
        receipt, _ = await self.world.run(lambda work: app.request(work, "s1", order_id, (item,), remedy=remedy), actor)
        if self.world.case(receipt.id).state == "requested":  # dear, so a person lets it come back
            await self.world.run(lambda work: app.approve(work, UUID(receipt.id), (), "ok"), SUE)
        return self.world.case(receipt.id)

    async def exchange(
        self, case: ReturnCase, price: int, actor: Actor = ANN, sku: str = "sku-new", **values: Any
    ) -> Exchange:
        app = self.world.app
        await self.world.run(
            lambda work: app.exchange_unit(work, case.id, "l1#1", sku, self.money(price), **values), actor
        )
        return self.latest(case)

    def latest(self, case: ReturnCase) -> Exchange:
        return list(self.world.case(case.id).exchanges.values())[-1]

    async def keeps(self, known: Exchange, price: int, days: int = 21) -> None:
        """The shop keeps one and names its price."""
        until = (self.world.now + timedelta(days=days)).isoformat()
        facts = {"expires_at": until, "minor": str(price), "currency": self.currency}
        answer = Succeeded(f"R-{known.exchange_id[-2:]}", facts)
        await self.world.run(lambda work: work.effect_fact(EXCHANGE_RESERVE, known.exchange_id, answer))

    async def refuses(self, key: str, reason: str = "out_of_stock") -> None:
        await self.answers(key, Failed(reason))

    async def answers(self, key: str, answer: Failed | Succeeded) -> None:
        about = exchange_request_of(key)
        assert about is not None
        await self.world.run(lambda work: work.effect_fact(KIND_OF_STEP[about[2]], key, answer))

    async def came_back(self, case: ReturnCase, number: str = "", condition: str = "sealed") -> None:
        """The old unit is here, and inspected."""
        sku = next(iter(case.units.values())).asked.sku
        await self.received(case, number or f"r-{case.order_id}", sku)
        finding = Finding("l1#1", condition, "customer", "restock")
        await self.world.run(lambda work: self.world.app.inspect(work, case.id, (finding,)), WALT)

    async def received(self, case: ReturnCase, number: str, sku: str = "sku-l1") -> None:
        fact = ReceiptFact(0, str(case.id), "", (ArrivedLine("1", sku, 1),), self.world.now)
        await self.world.run(lambda work: self.world.app.receipt_told(work, "s1", number, fact, by="warehouse"))

    async def makes_order(
        self, known: Exchange, order_id: str = "o2", *, carried: int | None = None, price: int | None = None, **v: Any
    ) -> None:
        """The new order comes, as it was asked for unless something else is said."""
        money = known.money
        cost = money.price.minor if price is None else price
        value = money.carried.minor if carried is None else carried
        of = exchange_request_of(known.exchange_id)
        assert of is not None
        await self.stated(
            order_id,
            OrderLine("l1", known.sku, 1, self.money(cost)),
            cost - value,
            **{
                "exchange_of": self.world.case(of[0]).order_id,
                "exchange_value": self.money(value),
                "fulfilment_request_id": known.order_key,
            }
            | v,
        )

    async def money_moves(self, order_id: str = "o1") -> None:
        """Every movement that is planned at an order reaches the customer."""
        for transfer in list(self.world.ledger(order_id).transfers.values()):
            if transfer.settled_at is None and transfer.counts:
                await self._moved(order_id, transfer)

    async def _moved(self, order_id: str, transfer: Transfer) -> None:
        reference = f"re-{transfer.key}"
        fact = PaymentFact(
            PaymentKind.REFUNDED,
            reference,
            transfer.tender_id,
            transfer.amount,
            self.world.now,
            request_id=transfer.key,
            provider_refund_id=reference,
        )
        await self.world.run(lambda work: self.world.app.payment_told(work, "s1", order_id, fact))

    def statement(self, order_id: str = "o1") -> tuple[int, int, int]:
        """(refunded, pending, left) of an order that closes."""
        found = statement_of(self.ledger(order_id).books)
        assert found.closes
        assert found.paid == found.refunded + found.pending + found.kept
        return found.refunded, found.pending, found.left

    def order_cases(self) -> list[ReturnCase]:
        """Every return there is."""
        return [held for held in self.world.memory.held.values() if isinstance(held, ReturnCase)]

    def ledger(self, order_id: str = "o1") -> Ledger:
        return self.world.ledger(order_id)

    def asked(self, kind: str) -> list[str]:
        """The keys of what was asked of the shop."""
        return [effect.key for effect in self.world.effects(kind)]

    async def exchanged(self, worth: int, price: int, **values: Any) -> tuple[ReturnCase, Exchange]:
        """One exchange to its new order, the old unit back."""
        await self.sold(worth)
        case = await self.returned()
        known = await self.exchange(case, price, **values)
        await self.keeps(known, price)
        await self.came_back(case)
        await self.makes_order(self.latest(case))
        return self.world.case(case.id), self.latest(case)


async def refund(world: World, case: ReturnCase, **values: Any) -> Receipt:
    return await world.run(lambda work: world.app.refund(work, case.id, **values), SUE)


def shop(currency: str = "EUR") -> Shop:
    return Shop(World(), currency)
