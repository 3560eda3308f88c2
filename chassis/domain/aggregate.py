"""Aggregates whose events never carry wall time or a random id.

The types are the `eventsourcing` library's. Three of its defaults are taken away because a fold must
give the same state on every machine and at any time: the timestamp, the id and the topic of an event
are always given by the caller, and leaving one out is an error.

A state attribute holds an immutable value or one flat list, dict or set of immutable values. That is
what makes `clone` a private copy at the price of a few dict copies.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from inspect import signature
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from eventsourcing.domain import Aggregate as LibraryAggregate
from eventsourcing.domain import AggregateCreated, AggregateEvent, CanMutateAggregate, DomainEvent, MetaAggregate
from eventsourcing.utils import register_topic, resolve_topic

from chassis.domain.personal import Personal

TAgg = TypeVar("TAgg", bound="Aggregate")
TEvent = TypeVar("TEvent", bound="Event")
Applier = Callable[[Any, Any], None]


class Event(AggregateEvent):
    """A fact that happened to one aggregate; `timestamp` is the business instant in UTC.

    Every subclass names its own stable `TOPIC`; the class may be renamed or moved, the topic never. One without is
    abstract: several kinds of aggregates store it, each as a class of its own (`Aggregate.OWN_EVENTS`).
    """

    TOPIC: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        topic = cls.__dict__.get("TOPIC")
        if topic:
            register_topic(topic, cls)

    @staticmethod
    def create_timestamp() -> datetime:
        raise TypeError("an event's timestamp comes with the command, never from the machine's clock")

    def apply(self, aggregate: Any) -> None:
        type(aggregate).applier_of(type(self))(aggregate, self)


class Created(Event, AggregateCreated):
    """The first event of an aggregate."""

    def mutate(self, aggregate: Any) -> Any:
        """The aggregate that begins with this event. The library looks up what each `__init__` takes; ours take
        nothing, and state comes from the fold alone."""
        if aggregate is not None:
            raise TypeError(f"{type(self).__name__} is the first event of an aggregate, and there is one already")
        cls = resolve_topic(self.originator_topic)
        begun = object.__new__(cls)
        begun.__base_init__(self.originator_id, self.originator_version, self.timestamp)
        begun.__init__()
        self.apply(begun)
        return begun


class PersonalDataErased(Event):
    """A person was forgotten: every personal text of `subject` in this aggregate is empty from here on."""

    TOPIC = "chassis.PersonalDataErased"
    subject: str


def applies(event_class: type[TEvent]) -> Callable[[Callable[[TAgg, TEvent], None]], Callable[[TAgg, TEvent], None]]:
    """Mark a method as the fold of one event class. It may only set attributes of `self`."""

    def mark(method: Callable[[TAgg, TEvent], None]) -> Callable[[TAgg, TEvent], None]:
        method.__applies__ = event_class  # type: ignore[attr-defined]  # read once by __init_subclass__
        return method

    return mark


class _Kind(MetaAggregate[Any]):
    """Asks what an aggregate is as of any object: nobody registers virtual subclasses, and looking for them is most of
    the cost of an `isinstance`, of which a decision has some forty."""

    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__


class Aggregate(LibraryAggregate, metaclass=_Kind):
    """Base of all aggregates: ``class Shipment(Aggregate, topic="shipping_issues.Shipment")``.

    Subclasses define `__init__(self)` for the empty state and one `@applies` method per event.
    """

    TOPIC: ClassVar[str] = ""
    OWN_EVENTS: ClassVar[Mapping[type[Event], type[Event]]] = {}
    """Its own class of each abstract event that a part it shares with other aggregates records."""

    _folds: ClassVar[dict[type[Event], Applier]] = {}
    _appliers: ClassVar[dict[type[Event], Applier]] = {}

    def __init_subclass__(cls, *, topic: str = "", **kwargs: Any) -> None:
        has_own_init = "__init__" in cls.__dict__
        super().__init_subclass__(**kwargs)
        if not has_own_init and "__init__" in cls.__dict__:
            del cls.__init__  # the library makes an empty one, which would hide the inherited
        if has_own_init and len(signature(cls.__init__).parameters) > 1:
            raise TypeError(f"{cls.__name__}.__init__ takes {signature(cls.__init__)}: state comes from the fold alone")
        if topic:  # set after the library has looked: it would demand one of the event class it derives itself
            cls.TOPIC = topic
            register_topic(topic, cls)
        folds = (value for value in vars(cls).values() if hasattr(value, "__applies__"))
        cls._folds = {fold.__applies__: fold for fold in folds}
        found: dict[type[Event], Applier] = {}
        for part in reversed(cls.__mro__):  # of several parents each brings its own, the nearest stands
            found |= vars(part).get("_folds", {})
        for kind, own in cls.OWN_EVENTS.items():
            found.setdefault(own, found[kind])
        cls._appliers = found

    @staticmethod
    def create_id(*_: Any, **__: Any) -> UUID:
        raise TypeError("an aggregate's id comes with the command or is computed from its business key")

    @classmethod
    def applier_of(cls, event_class: type[Event]) -> Applier:
        """The fold of `event_class`; TypeError where the aggregate does not know the event."""
        try:
            return cls._appliers[event_class]
        except KeyError:
            raise TypeError(f"{cls.__name__} has no @applies method for {event_class.__name__}") from None

    @classmethod
    def event_classes(cls) -> frozenset[type[Event]]:
        """Every event class this aggregate can fold."""
        return frozenset(event_class for event_class in cls._appliers if hasattr(event_class, "TOPIC"))

    @classmethod
    def start(cls: type[TAgg], event_class: type[Created], *, id: UUID, at: datetime, **values: Any) -> TAgg:
        """Open a new aggregate with its first event; `at` is the business instant in UTC."""
        return cast(TAgg, cls._create(event_class, id=id, timestamp=_instant(at), **values))  # type: ignore[redundant-cast]

    def record(self, event_class: type[Event], *, at: datetime, **values: Any) -> None:
        """Add one event to the pending ones and fold it; `at` is the business instant in UTC.

        What the library's `trigger_event` does, less what is so already: the version is the next one, the id is ours.
        """
        names = _names_of(event_class)
        if names is None or values.keys() != names:  # a default is left to the library, and so is a mistake
            self.trigger_event(cast(type[CanMutateAggregate[UUID]], event_class), timestamp=_instant(at), **values)
            return
        applier = self.applier_of(event_class)
        event = object.__new__(event_class)
        state = event.__dict__
        state["originator_id"], state["originator_version"] = self._id, self._version + 1
        state["timestamp"] = _instant(at)
        state.update(values)
        applier(self, event)
        self._version += 1
        self._modified_on = at
        self._pending_events.append(cast(CanMutateAggregate[UUID], event))

    def clone(self: TAgg) -> TAgg:
        """A private copy: deciding on it leaves this one untouched."""
        copy = object.__new__(type(self))
        state = copy.__dict__
        state.update(self.__dict__)
        for name, value in self.__dict__.items():
            if type(value) in _CONTAINERS:
                state[name] = value.copy()
        return copy

    def erase_personal_data(self, subject: str, *, at: datetime) -> None:
        """Forget `subject`; does nothing where the aggregate holds no text of that person."""
        if any(_mentions(value, subject) for value in self.__dict__.values()):
            self.record(PersonalDataErased, at=at, subject=subject)

    def forget(self, subject: str) -> None:
        """Empty every text of `subject` in this copy, without an event: what a fold of sealed events would give."""
        for name, value in list(self.__dict__.items()):
            if name != "_pending_events":
                self.__dict__[name] = _scrub(value, subject)

    def _on_personal_data_erased(self, event: PersonalDataErased) -> None:
        self.forget(event.subject)


Aggregate._folds = Aggregate._appliers = {PersonalDataErased: Aggregate._on_personal_data_erased}

_CONTAINERS = (list, dict, set)


@cache
def _names_of(event_class: type[Event]) -> frozenset[str] | None:
    """What an event of this class holds beside its identity; None for a class that is made or folded in its own way."""
    if (
        event_class.apply is not Event.apply
        or event_class.mutate is not CanMutateAggregate.mutate
        or getattr(event_class, "__post_init__", None) is not DomainEvent.__post_init__  # it asks whether the id is one
    ):
        return None
    named = {f.name for f in fields(cast(Any, event_class)) if f.init}
    return frozenset(named - {"originator_id", "originator_version", "timestamp"})


def _instant(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise TypeError("instants are UTC and carry their zone")
    return at


def _mentions(value: Any, subject: str) -> bool:
    if isinstance(value, Personal):
        return value.subject == subject and value.text is not None
    if isinstance(value, dict):
        return any(_mentions(v, subject) for v in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_mentions(v, subject) for v in value)
    if is_dataclass(value) and not isinstance(value, (type, AggregateEvent)):
        return any(_mentions(getattr(value, f.name), subject) for f in fields(value))
    return False


def _scrub(value: Any, subject: str) -> Any:
    if not _mentions(value, subject):
        return value
    if isinstance(value, Personal):
        return value.erased()
    if isinstance(value, dict):
        return {k: _scrub(v, subject) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)(_scrub(v, subject) for v in value)
    return replace(value, **{f.name: _scrub(getattr(value, f.name), subject) for f in fields(value)})
