"""What one decision sees and changes: private copies, a read set, and nothing of the outside.

A decision may run again after a conflict, so everything it does goes through its `Work`, and a `Work` that
was not committed leaves no trace. Every aggregate asked for, present or absent, enters the read set; the
append refuses the unit when one of them has moved meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from chassis.aggregates import Aggregates
from chassis.domain import Aggregate, Event, NotFound
from chassis.ids import new_id
from chassis.service import (
    EffectChanged,
    EffectHandler,
    Failed,
    FiredTimer,
    Model,
    Succeeded,
    Unknown,
    WantedTimer,
)

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `shops` empty means every shop; `customer_id` is set for a customer's own token."""

    id: str
    roles: frozenset[str] = frozenset()
    customer_id: str | None = None
    shops: frozenset[str] = frozenset()

    def may_see(self, *, shop_id: str, customer_id: str | None) -> bool:
        """False for another shop's or, to a customer, another person's case: both look absent."""
        if self.shops and shop_id not in self.shops:
            return False
        return self.customer_id is None or self.customer_id == customer_id


SYSTEM = Actor("system")


class Held:
    """A private copy with what it was when it came. `before` is shared with the cache: nobody changes it."""

    __slots__ = ("_model", "_timers", "aggregate", "before", "version", "wanted")

    def __init__(self, model: Model, before: Aggregate | None, timers: tuple[WantedTimer, ...] | None) -> None:
        self._model, self._timers = model, timers
        self.before = before
        self.aggregate = None if before is None else before.clone()
        self.version = 0 if before is None else before.version
        self.wanted: tuple[WantedTimer, ...] | None = None
        """The timers it wants after the decision, once the unit is built."""

    @property
    def timers(self) -> tuple[WantedTimer, ...]:
        """The timers it wanted when it came."""
        if self._timers is None:
            self._timers = () if self.before is None else tuple(self._model.timers(self.before))
        return self._timers

    def back_to(self, events: int) -> None:
        """The private copy as it was after its first `events` pending events: a state is the fold of its events."""
        kept = [] if self.aggregate is None else list(pending(self.aggregate))[:events]
        copy = None if self.before is None else self.before.clone()
        for event in kept:
            copy = event.mutate(copy)
        if copy is not None:
            copy.pending_events.extend(kept)
        self.aggregate = copy


@dataclass(slots=True)
class Ids:
    """New ids that stay the same when a decision is taken again."""

    made: list[UUID] = field(default_factory=list)

    def at(self, n: int) -> UUID:
        while len(self.made) <= n:
            self.made.append(new_id())
        return self.made[n]


class Work:
    """One decision in progress. See the module."""

    def __init__(
        self,
        aggregates: Aggregates,
        model: Model,
        *,
        now: datetime,
        actor: Actor,
        cause: str,
        effect_handlers: Mapping[str, EffectHandler],
        ids: Ids | None = None,
        incarnation: int = 1,
    ) -> None:
        self.now, self.actor, self.cause = now, actor, cause
        self.correlation = ""
        self._causes: dict[UUID, list[tuple[str, str]]] = {}
        self.incarnation = incarnation  # part of every key that is counted up and seen outside: a restored log repeats
        self.history = False
        self.fired: FiredTimer | None = None
        self.forgotten: set[str] = set()
        self._forgotten_before: set[str] = set()
        self.model, self.effect_handlers = model, effect_handlers
        self._aggregates = aggregates
        self._ids, self._used = ids or Ids(), 0
        self._held: dict[UUID, Held] = {}
        self._absent: frozenset[UUID] = frozenset()
        self._marks: dict[UUID, int] | None = None

    def new_id(self) -> UUID:
        """A time-ordered id; the same one again when the decision is retried."""
        self._used += 1
        return self._ids.at(self._used - 1)

    async def expect(self, ids: Iterable[UUID]) -> None:
        """Load what is about to be asked for with one query, instead of one by one as it is asked for."""
        self._absent |= await self._aggregates.prefetch(id for id in ids if id not in self._held)

    async def find(self, cls: type[A], id: UUID) -> A | None:
        """A private copy of the aggregate, or None; either way it is part of what the decision rests on."""
        held = self._held.get(id)
        if held is None:
            current = None if id in self._absent else await self._aggregates.current(cls, id)
            timers = () if current is None else self._aggregates.wanted(current)
            held = self._held[id] = Held(self.model, current, timers)
        self._mark(id, held)
        if held.aggregate is not None and not isinstance(held.aggregate, cls):
            raise TypeError(f"{id} is a {type(held.aggregate).__name__}, not a {cls.__name__}")
        return held.aggregate

    async def get(self, cls: type[A], id: UUID) -> A:
        """Like `find`; raises NotFound where there is none."""
        found = await self.find(cls, id)
        if found is None:
            raise NotFound(cls.__name__, id)
        return found

    def add(self, aggregate: A) -> A:
        """Take in a new aggregate. Two racers: the second is decided again and then finds the first's."""
        held = self._held.get(aggregate.id)
        if held is None:
            held = self._held[aggregate.id] = Held(self.model, None, ())
        self._mark(aggregate.id, held)
        if held.aggregate is not None:
            raise ValueError(f"{type(aggregate).__name__} {aggregate.id} is there already; find it instead")
        held.aggregate = aggregate
        return aggregate

    def forget_person(self, subject: str) -> None:
        """End `subject`'s keys with this unit: nothing about the person is written any more, the rest is a job."""
        self.forgotten.add(subject)

    async def plan_effect(self, kind: str, key: str, *, subject: UUID, body: Mapping[str, Any]) -> None:
        """Intend one call to the outside. The same (kind, key) again is the same effect, whoever asks.

        `body` holds ids and figures, never personal data. `subject` is the aggregate that is told the outcome.
        """
        from chassis.effects.effect import Effect, effect_id

        id = effect_id(self.model.name, kind, key)
        if await self.find(Effect, id) is None:
            self.add(Effect.plan(self.model.name, kind, key, subject=subject, body=body, at=self.now))

    async def effect_fact(self, kind: str, key: str, answer: Succeeded | Failed | Unknown) -> None:
        """A proof from outside about one of our effects. Its owner is told in this same unit."""
        from chassis.effects.effect import Effect, effect_id

        effect = await self.find(Effect, effect_id(self.model.name, kind, key))
        if effect is not None and effect.prove(answer, at=self.now):
            await self.tell_owner(effect.changed())

    async def tell_owner(self, change: EffectChanged) -> None:
        """Hand an effect's new state to the service's handler of its kind."""
        handler = self.effect_handlers.get(change.kind)
        if handler is not None:
            await handler(self, change)

    def begin(self, cause: str = "", correlation: str = "") -> None:
        """A record of a batch starts: `rollback` returns to here, and what follows is put down to it."""
        self._put_down()
        self._marks = {}
        if cause:
            self.cause, self.correlation = cause, correlation
        self._forgotten_before = set(self.forgotten)

    def rollback(self) -> None:
        """Undo what was decided since `begin`. What was read stays in the read set: the refusal rests on it."""
        for id, events in (self._marks or {}).items():
            self._held[id].back_to(events)
        self._marks = None
        self.forgotten = set(self._forgotten_before)

    def causes(self, aggregate: Aggregate) -> list[tuple[str, str]]:
        """What asked for each pending event of `aggregate`, and the correlation id it came with."""
        self._put_down()
        said = self._causes.get(aggregate.id, [])
        return said + [(self.cause, self.correlation)] * (len(aggregate.pending_events) - len(said))

    def reads(self) -> dict[UUID, int]:
        """Every aggregate this decision rests on, with its version in the log (0: absent)."""
        return {id: held.version for id, held in self._held.items()}

    def changed(self) -> Iterator[tuple[Aggregate, Held]]:
        """Aggregates with pending events, in the order they were first touched."""
        for held in self._held.values():
            if held.aggregate is not None and held.aggregate.pending_events:
                yield held.aggregate, held

    def held(self, id: UUID) -> Aggregate | None:
        """What this decision holds of an aggregate, without reading it."""
        found = self._held.get(id)
        return found.aggregate if found else None

    def wanted(self, id: UUID) -> tuple[WantedTimer, ...]:
        """The timers an aggregate that is held wants after the decision; of a changed one once they are derived."""
        held = self._held[id]
        return held.timers if held.wanted is None else held.wanted

    def _mark(self, id: UUID, held: Held) -> None:
        if self._marks is not None and id not in self._marks:
            self._marks[id] = 0 if held.aggregate is None else len(held.aggregate.pending_events)

    def _put_down(self) -> None:
        """Note which events the record that ends here has left."""
        for id in self._marks or ():
            aggregate = self._held[id].aggregate
            if aggregate is not None:
                said = self._causes.setdefault(id, [])
                said += [(self.cause, self.correlation)] * (len(aggregate.pending_events) - len(said))


def pending(aggregate: Aggregate) -> Sequence[Event]:
    """The events a decision added to `aggregate`."""
    return aggregate.pending_events  # type: ignore[return-value]  # the library types them by its own base
