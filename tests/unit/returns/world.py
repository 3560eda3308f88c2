"""The use cases of returns on aggregates in memory, through the real `Work`, with a clock that is set by hand.

What a unit would write is collected: public messages and events. Effects are moved by hand, as the role
`effects` and the provider would.
"""
# long: one shorthand for each thing that is told or asked

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from chassis.domain import Aggregate, Event, Money
from chassis.effects.effect import Effect, effect_id
from chassis.service import EffectChanged, FiredTimer, Receipt, TimerHandler, WantedTimer
from chassis.work import SYSTEM, Actor, Work
from services.returns.application import Application
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT, TENDER_RELEASE_EFFECT
from services.returns.application.collecting import (
    PICKUP_CANCEL_EFFECT,
    PICKUP_EFFECT,
    PICKUP_OFFER_EFFECT,
    PICKUP_PURCHASE_EFFECT,
    PICKUP_REFUND_EFFECT,
)
from services.returns.application.common import (
    BANK_EFFECT,
    CREDIT_EFFECT,
    LABEL_EFFECT,
    REFUND_EFFECT,
    RELEASE_EFFECT,
    REPAIR_EFFECT,
    REPLACEMENT_EFFECT,
    STRIPE_EFFECT,
)
from services.returns.application.deciding import Finding, Item
from services.returns.application.exchange_requests import KIND_OF_STEP
from services.returns.application.labelling import (
    CODE_EFFECT,
    OFFER_EFFECT,
    PURCHASE_EFFECT,
    TAKE_BACK_EFFECT,
    VOID_EFFECT,
)
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT
from services.returns.application.outside import Outside
from services.returns.application.stopping import STOP_EFFECT
from services.returns.bootstrap import MODEL
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import ConformityLaw
from services.returns.domain.identity import ledger_id_of, order_id_of, receipt_id_of
from services.returns.domain.ledger import Ledger
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import (
    Delivery,
    Order,
    OrderLine,
    PaymentFact,
    PaymentKind,
    ShipmentFact,
)
from services.returns.domain.policy import Policy
from services.returns.domain.receipt import Receipt as WarehouseReceipt
from services.returns.domain.receipt import ReceiptFact
from services.returns.domain.withdrawal import Withdrawal, WithdrawalLaw
from services.returns.law_terms import conformity_law, place_of, withdrawal_law
from services.returns.money_terms import money_terms
from services.returns.policies import default_policy, service_plans
from tests.unit.returns.build import DAY, T0, eur, line, snapshot

R = TypeVar("R")
PLANS = service_plans()
A = TypeVar("A", bound=Aggregate)

ANN = Actor("ann", frozenset({"agent"}))
BEN = Actor("ben", frozenset({"agent"}))
SUE = Actor("sue", frozenset({"supervisor"}))
WALT = Actor("walt", frozenset({"warehouse"}))
CUSTOMER = Actor("c-1", frozenset({"customer"}), customer_id="c1")
STRANGER = Actor("c-2", frozenset({"customer"}), customer_id="c2")


class Memory:
    """Committed aggregates."""

    def __init__(self) -> None:
        self.held: dict[UUID, Aggregate] = {}

    async def current(self, cls: type[A], id: UUID) -> A | None:
        """What is committed."""
        found = self.held.get(id)
        assert found is None or isinstance(found, cls)
        return found

    def wanted(self, _: Aggregate) -> None:
        """Nobody has asked any aggregate yet."""


@dataclass
class World:
    """One shop's orders and returns, and everything that was told."""

    now: datetime = T0
    terms: MoneyTerms = field(default_factory=money_terms)
    law: WithdrawalLaw = field(default_factory=withdrawal_law)
    policy: Policy = field(default_factory=default_policy)
    conformity: ConformityLaw = field(default_factory=conformity_law)
    label_makers: dict[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    told: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = Application(
            self.policy,
            PLANS,
            self.terms,
            law=self.law,
            conformity=self.conformity,
            place_of=place_of,
            outside=Outside(self.label_makers),
        )
        self.handlers = {
            REFUND_EFFECT: self.app.refund_changed,
            STRIPE_EFFECT: self.app.refund_changed,
            RELEASE_EFFECT: self.app.refund_changed,
            BANK_EFFECT: self.app.refund_changed,
            CREDIT_EFFECT: self.app.refund_changed,
            NOTE_EFFECT: self.app.note_changed,
            CANCEL_EFFECT: self.app.note_cancellation_changed,
            LABEL_EFFECT: self.app.label_changed,
            OFFER_EFFECT: self.app.label_offered,
            PURCHASE_EFFECT: self.app.label_purchased,
            CODE_EFFECT: self.app.label_coded,
            **dict.fromkeys((VOID_EFFECT, TAKE_BACK_EFFECT), self.app.label_void_changed),
            **dict.fromkeys((PICKUP_EFFECT, PICKUP_PURCHASE_EFFECT), self.app.pickup_changed),
            PICKUP_OFFER_EFFECT: self.app.pickup_offered,
            **dict.fromkeys((PICKUP_CANCEL_EFFECT, PICKUP_REFUND_EFFECT), self.app.pickup_cancel_changed),
            **dict.fromkeys(KIND_OF_STEP.values(), self.app.exchange_changed),
            **dict.fromkeys((REPAIR_EFFECT, REPLACEMENT_EFFECT), self.app.remedy_changed),
            **dict.fromkeys(CHANGE_EFFECTS.values(), self.app.change_answered),
            INTERCEPTION_EFFECT: self.app.interception_answered,
            STOP_EFFECT: self.app.stop_answered,
            TENDER_RELEASE_EFFECT: self.app.tender_released,
        }
        self.timer_handlers: dict[str, TimerHandler] = {
            "return_due": self.app.return_due,
            "alarm": self.app.alarm_due,
            "reservation_due": self.app.reservation_due,
            "duty_due": self.app.duty_due,
            "exchange_due": self.app.exchange_due,
            "change_due": self.app.change_due,
            "stop_due": self.app.stop_unanswered,
        }

    async def run(self, decide: Callable[[Work], Awaitable[R]], actor: Actor = SYSTEM) -> R:
        """One unit: decided, and committed whole unless it raises."""
        work = self.work(actor)
        result = await decide(work)
        for aggregate, _ in work.changed():
            for event in aggregate.collect_events():
                assert isinstance(event, Event)
                self.events.append(event)
                self.told += [public.message for public in MODEL.publish(event, aggregate)]
            self.memory.held[aggregate.id] = aggregate
            list(MODEL.rows(aggregate))
        return result

    async def look(self, decide: Callable[[Work], Awaitable[R]], actor: Actor = SYSTEM) -> R:
        """What a decision would find now; nothing of it is stored."""
        return await decide(self.work(actor))

    def work(self, actor: Actor) -> Work:
        """A decision about to be taken."""
        return Work(
            self.memory,  # type: ignore[arg-type]  # the same door as the log's aggregates
            MODEL,
            now=self.now,
            actor=actor,
            cause="test",
            effect_handlers=self.handlers,
        )

    def tell(self, name: str) -> list[Any]:
        """The public messages of one type."""
        return [message for message in self.told if message.DESCRIPTOR.name == name]

    def order(self, order_id: str = "o1") -> Order:
        found = self.memory.held[order_id_of("s1", order_id)]
        assert isinstance(found, Order)
        return found

    def ledger(self, order_id: str = "o1") -> Ledger:
        found = self.memory.held[ledger_id_of("s1", order_id)]
        assert isinstance(found, Ledger)
        return found

    def case(self, case_id: str | UUID) -> ReturnCase:
        found = self.memory.held[UUID(str(case_id))]
        assert isinstance(found, ReturnCase)
        return found

    def withdrawal(self, withdrawal_id: str | UUID) -> Withdrawal:
        found = self.memory.held[UUID(str(withdrawal_id))]
        assert isinstance(found, Withdrawal)
        return found

    def change(self, change_id: str | UUID) -> OrderChange:
        found = self.memory.held[UUID(str(change_id))]
        assert isinstance(found, OrderChange)
        return found

    def receipt(self, number: str) -> WarehouseReceipt:
        found = self.memory.held[receipt_id_of("s1", number)]
        assert isinstance(found, WarehouseReceipt)
        return found

    def timers(self) -> list[tuple[str, WantedTimer]]:
        """What every aggregate wants to be asked, and when."""
        return [(type(a).__name__, timer) for a in self.memory.held.values() for timer in MODEL.timers(a)]

    async def fire(self, kind: str, subject: UUID, key: str = "") -> None:
        """A timer of that kind fires now."""
        handler = self.timer_handlers[kind]
        await self.run(lambda work: handler(work, FiredTimer(kind, subject, key, self.now)))

    async def order_told(self, *lines: OrderLine, captured: int | None = None, **values: Any) -> None:
        """An order, paid by card unless `captured` says how much of it was."""
        told = snapshot(*(lines or (line("l1", 3),)), **values)
        await self.run(lambda work: self.app.order_recorded(work, "s1", "o1", told))
        total = sum(price.paid.minor for price in self.order().prices)
        taken = total if captured is None else captured
        if taken:
            fact = PaymentFact(PaymentKind.CAPTURED, "cap", "card", eur(taken), self.now)
            await self.run(lambda work: self.app.payment_told(work, "s1", "o1", fact))

    async def delivered(self, days_ago: int = 2) -> None:
        """Everything reached the customer."""
        shipment = ShipmentFact("p1", self.now - (days_ago + 2) * DAY, True)
        delivery = Delivery("p1", "d1", self.now - days_ago * DAY)
        await self.run(lambda work: self.app.shipment_told(work, "s1", "o1", shipment))
        await self.run(lambda work: self.app.delivery_told(work, "s1", "o1", delivery))

    async def asked(self, *items: Item, actor: Actor = CUSTOMER, **values: Any) -> ReturnCase:
        """A return was asked for."""
        wanted = items or (Item("l1", 1, "too_small"),)
        receipt, _ = await self.run(lambda work: self.app.ask_return(work, "s1", "o1", wanted, **values), actor)
        return self.case(receipt.id)

    async def received(self, case: ReturnCase, *lines: ArrivedLine, number: str = "r1", correction: int = 0) -> None:
        """The warehouse received goods on a return."""
        fact = ReceiptFact(correction, str(case.id), "", lines or (ArrivedLine("1", "sku-l1", 1),), self.now)
        await self.run(lambda work: self.app.receipt_told(work, "s1", number, fact, by="warehouse"))

    async def inspected(self, case: ReturnCase, *findings: Finding) -> None:
        """The warehouse inspected units."""
        found = findings or (Finding("l1#1", "sealed", "customer", "restock"),)
        await self.run(lambda work: self.app.inspect(work, case.id, found), WALT)

    async def ready_to_refund(self) -> ReturnCase:
        """One of three units came back as promised."""
        await self.order_told()
        await self.delivered()
        case = await self.asked()
        await self.received(case)
        await self.inspected(case)
        return self.case(case.id)

    async def refunded(self, case: ReturnCase, actor: Actor = ANN, **values: Any) -> Receipt:
        """An agent pays back."""
        return await self.run(lambda work: self.app.refund(work, case.id, **values), actor)

    def effects(self, kind: str = REFUND_EFFECT) -> list[Effect]:
        """Planned calls to the outside."""
        return [a for a in self.memory.held.values() if isinstance(a, Effect) and a.kind == kind]

    async def effect_moved(self, effect: Effect, state: str, reason: str = "", attempt: int = 1) -> None:
        """The role `effects` tells what became of an attempt."""
        handler = self.handlers[effect.kind]
        change = EffectChanged(
            effect.kind, effect.key, effect.subject, effect.body, state, attempt, reason, reference="", facts={}
        )
        await self.run(lambda work: handler(work, change))

    def effect(self, key: str, kind: str = REFUND_EFFECT) -> Effect:
        found = self.memory.held[effect_id("returns", kind, key)]
        assert isinstance(found, Effect)
        return found

    async def paid(self, key: str, amount: Money, reference: str = "re-1", **values: Any) -> None:
        """The provider's own fact."""
        defaults: dict[str, Any] = {"request_id": key, "provider_refund_id": reference}
        fact = PaymentFact(PaymentKind.REFUNDED, reference, "card", amount, self.now, **(defaults | values))
        await self.run(lambda work: self.app.payment_told(work, "s1", "o1", fact))

    async def bounced(self, key: str, amount: Money, reference: str = "re-1") -> None:
        """The provider says that a refund did not reach the customer."""
        fact = PaymentFact(
            PaymentKind.REFUND_FAILED,
            reference,
            "card",
            amount,
            self.now,
            request_id=key,
            provider_refund_id=reference,
            reason="account_closed",
        )
        await self.run(lambda work: self.app.payment_told(work, "s1", "o1", fact))
