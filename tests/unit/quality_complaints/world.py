"""Quality complaints in memory: real decisions on real aggregates, kept in a dict instead of a log."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from aftercare.compensation.v1 import requests_pb2

from casework import AgentDay, Deputy, OrderApprovals, StaffMember
from chassis.aggregates import Aggregates
from chassis.domain import Aggregate, DomainError, Event, Money
from chassis.effects.effect import Effect
from chassis.service import FiredTimer, Model, Receipt
from chassis.work import Actor, Work
from services.quality_complaints import timers
from services.quality_complaints.application import Application
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from services.quality_complaints.domain.values import OrderLine, PickedLot
from services.quality_complaints.policies import load_rules
from services.quality_complaints.publisher import LEDGER, publish
from services.quality_complaints.read_model import metadata, rows

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = load_rules()
WANTED = timers.wanted_under(RULES)
MODEL = Model(
    "quality_complaints",
    (Order, Complaint, Investigation, ReturnedUnit, AgentDay, OrderApprovals, StaffMember, Deputy),
    metadata,
    rows=rows,
    timers=WANTED,
)

AGENT = Actor("agent-1", frozenset({"agent"}))
SENIOR = Actor("senior-1", frozenset({"senior_agent"}))
SUPERVISOR = Actor("sup-1", frozenset({"supervisor"}))
SYSTEM = Actor("system")

A = TypeVar("A", bound=Aggregate)
R = TypeVar("R")


def euros(minor: int) -> Money:
    """An amount in cents."""
    return Money(minor, "EUR")


class World:
    """One service's state; `now` is moved by the test."""

    def __init__(self) -> None:
        self.now = NOON
        self.app = Application(RULES)
        self.aggregates: dict[UUID, Aggregate] = {}
        self.events: list[Event] = []
        self.public: list[tuple[str, str, Any]] = []

    async def current(self, cls: type[A], id: UUID) -> A | None:
        """As the kernel's cache answers."""
        return cast("A | None", self.aggregates.get(id))

    def wanted(self, _: Aggregate) -> None:
        """Nobody has asked it yet."""

    async def decide(self, decide: Callable[[Work], Awaitable[R]], *, by: Actor = AGENT) -> R:
        """Take one decision and keep what it wrote and told; a refusal keeps nothing."""
        handlers = dict.fromkeys(("replacement", "repair"), self.app.request_changed)
        work = Work(
            cast(Aggregates, self),
            MODEL,
            now=self.now,
            actor=by,
            cause="test",
            effect_handlers={**handlers, "stop_ship": self.app.stop_ship_changed},
        )
        result = await decide(work)
        for aggregate, _ in list(work.changed()):
            fresh = cast("list[Event]", list(aggregate.collect_events()))
            self.events += fresh
            self.public += [(p.topic, p.key, p.message) for event in fresh for p in publish(event, aggregate)]
            self.aggregates[aggregate.id] = aggregate
        return result

    async def refused(self, decide: Callable[[Work], Awaitable[Any]], *, by: Actor = AGENT) -> str:
        """The reason of a refusal, with the proof that it wrote nothing."""
        before = len(self.events), dict(self.aggregates)
        try:
            await self.decide(decide, by=by)
        except DomainError as error:
            assert (len(self.events), self.aggregates) == before
            return error.reason
        raise AssertionError("it was not refused")

    async def order(self, order_id: str = "O-1", *, quantity: int = 1, cents: int = 5000, version: int = 1) -> None:
        """The shop tells of an order of one line."""
        line = OrderLine("1", "LAMP", quantity, tuple([euros(cents)] * quantity))
        await self.decide(
            lambda work: self.app.order_recorded(
                work,
                "demo",
                order_id,
                version,
                customer_id=order_id.replace("O", "C"),
                country="DE",
                currency="EUR",
                lines=(line,),
            ),
            by=SYSTEM,
        )

    async def parcel(self, order_id: str = "O-1", *lots: tuple[str, int], at: datetime = NOON) -> None:
        """The shop tells what a parcel was picked from."""
        picked = tuple(PickedLot("1", "LAMP", lot, quantity) for lot, quantity in lots)
        await self.decide(
            lambda work: self.app.parcel_picked(work, "demo", order_id, order_id.replace("O", "S"), picked, told_at=at),
            by=SYSTEM,
        )

    async def file(self, order_id: str = "O-1", by: Actor = AGENT, **said: Any) -> Complaint:
        """A customer complains."""
        values = {"line_id": "1", "quantity": 1, "symptom": "flickers", **said}
        receipt = await self.decide(
            lambda work: self.app.file(work, shop_id="demo", order_id=order_id, **values), by=by
        )
        return self.complaint(receipt)

    async def assessed(
        self, order_id: str = "O-1", *, severity: str = "major", safety: bool = False, **said: Any
    ) -> Complaint:
        """A complaint that somebody has judged."""
        found = await self.file(order_id, **said)
        receipt = await self.decide(
            lambda work: self.app.assess(work, found.id, severity=severity, safety=safety, urgency="normal")
        )
        return self.complaint(receipt)

    async def resolve(self, found: Complaint, remedy: str = "replacement", **said: Any) -> str:
        """Somebody decides on a remedy; gives its key."""
        receipt = await self.decide(lambda work: self.app.resolve(work, found.id, remedy, **said))
        return receipt.facts["remedy_id"]

    async def reserved(self, found: Complaint, key: str, amount: Money | None = None) -> None:
        """The ledger keeps it."""
        await self.decide(lambda work: self.app.reserved(work, found.id, key, amount, None), by=SYSTEM)

    def complaint(self, known: Receipt | Complaint) -> Complaint:
        """The complaint as it stands."""
        found = self.aggregates[UUID(str(known.id))]
        assert isinstance(found, Complaint)
        return found

    def investigations(self) -> list[Investigation]:
        """Every investigation."""
        return [found for found in self.aggregates.values() if isinstance(found, Investigation)]

    def effects(self) -> list[Effect]:
        """What is asked of the shop."""
        return [found for found in self.aggregates.values() if isinstance(found, Effect)]

    def asked_of_ledger(self) -> list[Any]:
        """Requests to the compensation ledger, in order."""
        return [message for topic, _, message in self.public if topic == LEDGER]

    def told(self) -> list[str]:
        """Names of the public events, in order."""
        return [type(message).__name__ for topic, _, message in self.public if topic != LEDGER]

    async def pass_time(self, span: timedelta) -> None:
        """Move the clock and fire what is due by then, once each."""
        until = self.now + span
        armed = [(timer, found.id) for found in self.aggregates.values() for timer in WANTED(found)]
        for timer, subject in sorted(armed, key=lambda pair: pair[0].due_at):
            if timer.due_at <= until:
                self.now = max(self.now, timer.due_at)
                fired = FiredTimer(timer.kind, subject, timer.key, timer.due_at)
                await self.decide(lambda work, fired=fired: self.app.due(work, fired), by=SYSTEM)  # type: ignore[misc]
        self.now = until


RELEASED = requests_pb2.CompensationReleased
REQUESTED = requests_pb2.CompensationRequested
SETTLED = requests_pb2.CompensationSettled
