"""The use cases of shipping issues on aggregates in memory, through the real `Work`, with a clock that is set by hand.

What a unit would write is collected: public messages, planned effects and wanted timers. Timers fire as the
chassis fires them: what is due is asked, and what the aggregate still wants for the future is armed again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from casework import AgentDay, Deputy, OrderApprovals, StaffMember
from chassis.domain import Aggregate, Event
from chassis.effects.effect import Effect
from chassis.service import EffectChanged, FiredTimer, Model, Receipt, WantedTimer
from chassis.work import SYSTEM, Actor, Work
from services.shipping_issues import read_model
from services.shipping_issues.application import Application, ParcelRef
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.remedy import ADDRESS_REQUEST, RESHIP_REQUEST
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import (
    Delivery,
)
from services.shipping_issues.policies import load_rules
from services.shipping_issues.publisher import publish
from services.shipping_issues.timers import handlers, wanted_under
from tests.unit.shipping_issues.build import DAY, HOUR, MONDAY, label, order_snapshot, scan

R = TypeVar("R")
A = TypeVar("A", bound=Aggregate)

REF = ParcelRef("shop", "S-1", "O-1")
ANN = Actor("ann", frozenset({"agent"}))
BEA = Actor("bea", frozenset({"agent"}))
SUE = Actor("sue", frozenset({"supervisor"}))
RULES = load_rules()


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
    """One shop's parcels, and everything that was told."""

    now: datetime = MONDAY
    memory: Memory = field(default_factory=Memory)
    told: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    fired: list[FiredTimer] = field(default_factory=list)
    timers: dict[tuple[UUID, str, str], WantedTimer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = Application(RULES)
        self.model = Model(
            name="shipping_issues",
            aggregates=(Shipment, Order, DeliveryCase, AgentDay, OrderApprovals, StaffMember, Deputy),
            read_model=read_model.metadata,
            rows=read_model.rows,
            publish=publish,
            timers=wanted_under(RULES),
        )
        self.effect_handlers = {
            RESHIP_REQUEST: self.app.request_changed,
            ADDRESS_REQUEST: self.app.request_changed,
        }

    async def run(self, decide: Callable[[Work], Awaitable[R]], actor: Actor = SYSTEM) -> R:
        """One unit: decided, and committed whole unless it raises."""
        work = Work(
            self.memory,  # type: ignore[arg-type]  # the same door as the log's aggregates
            self.model,
            now=self.now,
            actor=actor,
            cause="test",
            effect_handlers=self.effect_handlers,
        )
        result = await decide(work)
        for aggregate, _ in work.changed():
            for event in aggregate.collect_events():
                assert isinstance(event, Event)
                self.events.append(event)
                self.told += [public.message for public in self.model.publish(event, aggregate)]
            self.memory.held[aggregate.id] = aggregate
            self._arm(aggregate)
            list(self.model.rows(aggregate))
        return result

    def _arm(self, aggregate: Aggregate) -> None:
        wanted = {(aggregate.id, w.kind, w.key): w for w in self.model.timers(aggregate)}
        for key in [key for key in self.timers if key[0] == aggregate.id and key not in wanted]:
            del self.timers[key]
        for key, timer in wanted.items():
            armed = self.timers.get(key)
            if armed is None or timer.due_at < armed.due_at:  # a later one is found when the armed one fires
                self.timers[key] = timer

    async def pass_until(self, instant: datetime) -> None:
        """Move the clock; timers fire at their own instants."""
        ask = handlers(self.app)
        while due := sorted(
            ((key, timer) for key, timer in self.timers.items() if timer.due_at <= instant),
            key=lambda entry: (entry[1].due_at, str(entry[0])),
        ):
            (subject, kind, name), timer = due[0]
            self.now = max(self.now, timer.due_at)
            fired = FiredTimer(kind, subject, name, timer.due_at)
            self.fired.append(fired)
            del self.timers[subject, kind, name]

            async def fire(work: Work, fired: FiredTimer = fired) -> None:
                await ask[fired.kind](work, fired)

            await self.run(fire)
            again = {(w.kind, w.key): w for w in self.model.timers(self.memory.held[subject])}
            if (wanted := again.get((kind, name))) is not None:
                assert wanted.due_at > self.now, f"{kind} {name} would fire for ever"
                self.timers[subject, kind, name] = wanted
        self.now = instant

    def parcel(self, shipment_id: str = "S-1") -> Shipment:
        found = self.memory.held[Shipment.id_of("shop", shipment_id)]
        assert isinstance(found, Shipment)
        return found

    def order(self) -> Order:
        found = self.memory.held[Order.id_of("shop", "O-1")]
        assert isinstance(found, Order)
        return found

    def cases(self) -> list[DeliveryCase]:
        return [held for held in self.memory.held.values() if isinstance(held, DeliveryCase)]

    def case(self) -> DeliveryCase:
        (only,) = self.cases()
        return only

    def effects(self) -> list[Effect]:
        return [held for held in self.memory.held.values() if isinstance(held, Effect)]

    def tell(self, kind: str) -> list[Any]:
        """Public messages of one type."""
        return [message for message in self.told if message.DESCRIPTOR.name == kind]

    def told_names(self) -> list[str]:
        return [message.DESCRIPTOR.name for message in self.told]

    async def order_told(
        self,
        *,
        history: bool = False,
        version: int = 1,
        deliver_by: datetime | None = None,
        ship_by: datetime | None = None,
    ) -> None:
        snapshot = order_snapshot(version=version, deliver_by=deliver_by or MONDAY + 5 * DAY, ship_by=ship_by)
        await self.run(lambda work: self.app.order_recorded(work, "shop", "O-1", snapshot, history=history))

    async def label(self, ref: ParcelRef = REF, *, history: bool = False, **changes: Any) -> None:
        facts = label(**changes)
        await self.run(lambda work: self.app.parcel_described(work, ref, facts, history=history))

    async def handed_over(self, at: datetime, *, history: bool = False) -> None:
        await self.run(lambda work: self.app.handed_over(work, REF, at, history=history))

    async def scan(self, key: str, at: datetime, status: str = "in_transit", sub: str = "", **more: Any) -> None:
        history = bool(more.get("history", False))
        made = scan(key, at, status, sub)
        await self.run(lambda work: self.app.scanned(work, REF, made, history=history))

    async def delivered(self, key: str, at: datetime) -> None:
        made = Delivery(key, at, "recipient")
        await self.run(lambda work: self.app.delivered(work, REF, made, history=False))

    async def silent_parcel(self) -> DeliveryCase:
        """A parcel scanned once on Monday, then silent until a rule found it on Wednesday."""
        await self.order_told()
        await self.label()
        await self.handed_over(MONDAY)
        await self.scan("a", MONDAY + HOUR)
        await self.pass_until(MONDAY + 2 * DAY + HOUR)
        return self.case()

    async def reserve(self, key: str) -> None:
        """The ledger keeps it."""
        case_id = self.case().id
        await self.run(lambda work: self.app.reserved(work, case_id, key, None, None))

    async def effect_is(self, key: str, state: str) -> None:
        """The role `effects` tells what became of our request."""
        change = EffectChanged("reship", key, self.case().id, {}, state, 1, "ANSWER_OVERDUE", "", {})
        await self.run(lambda work: self.app.request_changed(work, change))

    async def reship(self, actor: Actor = ANN, **more: Any) -> Receipt:
        case_id = self.case().id
        return await self.run(lambda work: self.app.reship(work, case_id, **more), actor)
