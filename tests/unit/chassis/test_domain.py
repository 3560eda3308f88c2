"""The pure part of the kernel: aggregates, money, personal text, computed ids."""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import (
    Aggregate,
    Event,
    Money,
    Personal,
    PersonalDataErased,
    applies,
    derived_id,
    split_by_weight,
)
from tests.integration.chassis.example import Account, Counted, Opened, ReminderWanted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = UUID(int=1)


def account() -> Account:
    return Account.open(ID, limit=100, at=NOW)


def test_a_clone_is_private() -> None:
    original = account()
    copy = original.clone()
    copy.count(5, at=NOW, note="mine")
    assert (original.total, original.notes, len(original.pending_events)) == (0, [], 1)


def test_no_event_can_be_made_with_the_machines_time() -> None:
    with pytest.raises(TypeError, match="machine's clock"):
        account().trigger_event(Counted, amount=1)


def test_an_event_is_recorded_as_the_library_records_it_without_asking_the_library() -> None:
    """The short way is really taken, and nothing of the event or its aggregate tells which way it was."""
    short, whole = account(), account()
    short.trigger_event = _never  # type: ignore[method-assign]
    short.record(Counted, at=NOW, amount=5, note="n")
    whole.trigger_event(Counted, timestamp=NOW, amount=5, note="n")
    del short.__dict__["trigger_event"]
    assert short.pending_events[-1].__dict__ == whole.pending_events[-1].__dict__
    assert (short.pending_events, short) == (whole.pending_events, whole)


def _never(*_: object, **__: object) -> None:
    raise AssertionError("the library was asked")


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="zone"):
        account().record(Counted, at=datetime(2026, 3, 1), amount=1)


def test_no_aggregate_gets_a_random_id() -> None:
    with pytest.raises(TypeError, match="id comes with the command"):
        Account._create(Opened, timestamp=NOW, limit=1)


def test_an_aggregate_that_would_begin_with_more_than_its_first_event_cannot_be_defined() -> None:
    """A fold could not give it what `__init__` takes, so it is refused when it is written and not when it is read."""
    with pytest.raises(TypeError, match=r"Greedy.__init__ takes \(self, limit"):

        class Greedy(Aggregate):
            def __init__(self, limit: int) -> None:
                self.limit = limit


def test_folding_the_events_gives_the_state_again() -> None:
    a = account()
    a.count(5, at=NOW, note="n")
    a.name_owner(Personal("c1", "Ada"), at=NOW)
    folded: Aggregate | None = None
    for event in a.pending_events:
        folded = event.mutate(folded)
    a.collect_events()
    assert folded == a


def test_an_event_without_applier_is_an_error() -> None:
    class Bare(Aggregate, topic="example.Bare"):
        def __init__(self) -> None: ...

    with pytest.raises(TypeError, match="no @applies"):
        Bare.applier_of(ReminderWanted)


class Painted(Event):
    """Abstract: each kind of thing has its own."""

    colour: str


class DoorPainted(Painted):
    TOPIC = "example.Door.Painted"


class DoorOpened(Event):
    TOPIC = "example.Door.Opened"


class Colour(Aggregate):
    def __init__(self) -> None:
        self.colour = ""

    @applies(Painted)
    def _on_painted(self, event: Painted) -> None:
        self.colour = event.colour


class Hinge(Aggregate):
    def __init__(self) -> None:
        super().__init__()
        self.opened = 0

    @applies(DoorOpened)
    def _on_opened(self, event: DoorOpened) -> None:
        self.opened += 1


def test_an_aggregate_of_several_parts_folds_the_events_of_each_and_stores_its_own_class_of_an_abstract_one() -> None:
    class Door(Hinge, Colour):
        OWN_EVENTS: ClassVar = {Painted: DoorPainted}

    assert Door.event_classes() == {DoorPainted, DoorOpened, PersonalDataErased}
    assert Door.applier_of(DoorPainted) is Colour.applier_of(Painted)
    assert Door.applier_of(DoorOpened) is Hinge.applier_of(DoorOpened)


def test_what_is_nearest_folds_an_event_whichever_parent_comes_first() -> None:
    class Counter(Hinge):
        @applies(DoorOpened)
        def _twice(self, event: DoorOpened) -> None:
            self.opened += 2

    class Handle(Hinge):
        def __init__(self) -> None:
            super().__init__()

    class Door(Handle, Counter): ...

    assert Door.applier_of(DoorOpened) is Counter.applier_of(DoorOpened)
    assert Door.applier_of(DoorOpened) is not Hinge.applier_of(DoorOpened)


def test_erasing_empties_the_text_of_that_person_only() -> None:
    a = account()
    a.name_owner(Personal("c1", "Ada"), at=NOW)
    a.erase_personal_data("c2", at=NOW)
    assert a.owner == Personal("c1", "Ada")
    a.erase_personal_data("c1", at=NOW)
    assert a.owner == Personal("c1", None)
    events = len(a.pending_events)
    a.erase_personal_data("c1", at=NOW)
    assert len(a.pending_events) == events


def test_personal_text_never_shows_in_repr() -> None:
    assert "Ada" not in repr(Personal("c1", "Ada"))


@given(total=st.integers(-(10**12), 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_splitting_loses_and_makes_nothing(total: int, weights: list[int]) -> None:
    parts = split_by_weight(total, weights)
    assert sum(parts) == total and len(parts) == len(weights)
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = abs(total) * (weight if any(weights) else 1)
        assert abs(part) * whole - exact < whole and exact - abs(part) * whole < whole


def test_the_largest_remainder_gets_the_odd_unit_and_the_earlier_of_equals() -> None:
    assert split_by_weight(100, [1, 1, 1]) == (34, 33, 33)
    assert split_by_weight(10, [3, 6, 1]) == (3, 6, 1)
    assert split_by_weight(-5, [1, 1]) == (-3, -2)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_different_names_give_different_ids(one: list[str], two: list[str]) -> None:
    assert (derived_id(*one) == derived_id(*two)) == (one == two)
