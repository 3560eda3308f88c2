"""Notifications in memory: real decisions on real aggregates, kept in a dict instead of a log."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from chassis.aggregates import Aggregates
from chassis.domain import Aggregate, DomainError, Event
from chassis.effects.effect import Effect
from chassis.service import EffectChanged, FiredTimer, Model, WantedTimer
from chassis.work import Actor, Work
from services.notifications.application import Application, CustomerTold
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.story import Story
from services.notifications.domain.values import Facts, Notice
from services.notifications.policies import load_catalogue
from services.notifications.read_model import metadata, rows
from services.notifications.timers import wanted

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CATALOGUE = load_catalogue()
MODEL = Model("notifications", (Contact, Story, Message), metadata, rows=rows, timers=wanted)

A = TypeVar("A", bound=Aggregate)
R = TypeVar("R")


class World:
    """One service's state; `now` is moved by the test."""

    def __init__(self) -> None:
        self.now = NOON
        self.app = Application(CATALOGUE)
        self.aggregates: dict[UUID, Aggregate] = {}
        self.events: list[Event] = []
        self.erased: set[str] = set()
        self.done: set[str] = set()  # keys of attempts that were carried out

    async def current(self, cls: type[A], id: UUID) -> A | None:
        """As the kernel's cache answers."""
        return cast("A | None", self.aggregates.get(id))

    def wanted(self, _: Aggregate) -> None:
        """Nobody has asked it yet."""

    async def decide(self, decide: Callable[[Work], Awaitable[R]], *, history: bool = False, by: str = "system") -> R:
        """Take one decision and keep what it wrote; a refusal keeps nothing."""
        work = Work(
            cast(Aggregates, self),
            MODEL,
            now=self.now,
            actor=Actor(by),
            cause="test",
            effect_handlers={"email": self.app.mail_changed, "email_rather_twice": self.app.mail_changed},
        )
        work.history = history
        result = await decide(work)
        for aggregate, _ in list(work.changed()):
            self.events += cast("list[Event]", list(aggregate.collect_events()))
            self.aggregates[aggregate.id] = aggregate
        self.erased |= set(work.forgotten)
        return result

    async def refused(self, decide: Callable[[Work], Awaitable[Any]]) -> str:
        """The reason of a refusal, with the proof that it wrote nothing."""
        before = len(self.events), dict(self.aggregates)
        try:
            await self.decide(decide)
        except DomainError as error:
            assert (len(self.events), self.aggregates) == before
            return error.reason
        raise AssertionError("it was not refused")

    async def tell(self, notice: Notice, *, history: bool = False) -> None:
        """A public event came."""
        await self.decide(lambda work: self.app.tell(work, notice), history=history)

    async def know(self, customer_id: str = "C-1", version: int = 1, **changed: Any) -> None:
        """The shop tells of a customer."""
        await self.decide(lambda work: self.app.learn_contact(work, told(customer_id, version, **changed)))

    def messages(self) -> list[Message]:
        """Every message, in the order they were planned."""
        return [found for found in self.aggregates.values() if isinstance(found, Message)]

    def message(self) -> Message:
        """The only message."""
        (found,) = self.messages()
        return found

    def effects(self) -> list[Effect]:
        """Every attempt that was handed over."""
        return [found for found in self.aggregates.values() if isinstance(found, Effect)]

    async def outcome(
        self, effect: Effect, state: str, reason: str = "", facts: Mapping[str, str] | None = None
    ) -> None:
        """The effect role tells what became of an attempt."""
        change = EffectChanged(
            kind=effect.kind,
            key=effect.key,
            subject=effect.subject,
            body=effect.body,
            state=state,
            attempt=1,
            reason=reason,
            reference="<mail@shop.example>",
            facts=facts or {},
        )
        await self.decide(lambda work: self.app.mail_changed(work, change))

    async def deliver(self) -> list[Message]:
        """Carry out every attempt that may go, as the effect role does. Returns the messages that went out."""
        sent = []
        for effect in [e for e in self.effects() if e.key not in self.done]:
            self.done.add(effect.key)
            await self.outcome(effect, "attempting")
            message = self.aggregates[effect.subject]
            assert isinstance(message, Message)
            if message.may_go(int(effect.body["attempt"])):
                await self.outcome(effect, "succeeded")
                sent.append(message)
            else:
                await self.outcome(effect, "failed", "OVERTAKEN")
        return sent

    def timers(self) -> list[tuple[WantedTimer, UUID]]:
        """What is armed."""
        found = [(timer, a.id) for a in self.aggregates.values() for timer in wanted(a)]
        return sorted(found, key=lambda pair: pair[0].due_at)

    async def pass_time(self, span: timedelta) -> None:
        """Move the clock and fire what is due by then, once each."""
        until = self.now + span
        for timer, subject in self.timers():
            if timer.due_at <= until:
                self.now = max(self.now, timer.due_at)
                fired = FiredTimer(timer.kind, subject, timer.key, timer.due_at)
                await self.decide(lambda work, fired=fired: self.app.timer(work, fired))  # type: ignore[misc]
        self.now = until


def told(customer_id: str = "C-1", version: int = 1, **changed: Any) -> CustomerTold:
    """What the shop says of a customer."""
    values: dict[str, Any] = {
        "shop_id": "demo",
        "customer_id": customer_id,
        "version": version,
        "given_name": "Ana",
        "family_name": "Berger",
        "email": "ana@customers.example",
        "phone": "",
        "language": "de",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "refused": frozenset(),
        "granted": frozenset(),
    }
    return CustomerTold(**{**values, **changed})


def finding(
    what: str = "stalled", *, at: datetime = NOON, changed: bool = False, trouble: str = "T-1", customer: str = "C-1"
) -> Notice:
    """Shipping issues found a parcel in trouble, or found more about it."""
    return Notice(
        code="shipping_issues.ShippingTroubleChanged" if changed else "shipping_issues.ShippingTroubleFound",
        shop_id="demo",
        customer_id=customer,
        order_id="O-1",
        case_id="case-1",
        occurred_at=at,
        facts=Facts(
            {"finding": what, "trouble_id": trouble, "carrier": "dhl"}, {}, {"promised_by": NOON + timedelta(hours=41)}
        ),
        cause=f"{what}@{at.isoformat()}",
    )


def event(name: str, *, at: datetime = NOON, case_id: str = "case-1", **texts: str) -> Notice:
    """Another public event about the same order."""
    return Notice(
        code=name,
        shop_id="demo",
        customer_id="C-1",
        order_id="O-1",
        case_id=case_id,
        occurred_at=at,
        facts=Facts({"trouble_id": "T-1", **texts}),
        cause=f"{name}@{at.isoformat()}",
    )
