"""Service levels as a fold over the moments of a case.

Guarantee: the clocks depend on the set of moments alone. Taking them one by one as they become known,
late ones included, gives what folding all of them afresh in the order of their instants gives.

First response runs from the customer's message (a case opened by a detection has none until then), an
automatic message fulfils nothing, and waiting on a carrier or a warehouse stops no clock: only waiting
on the customer does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from casework.calendars import ALWAYS, WorkingCalendar

FIRST_RESPONSE = "first_response"
NEXT_RESPONSE = "next_response"
PERIODIC_UPDATE = "periodic_update"
RESOLUTION = "resolution"


class What(IntEnum):
    """What a moment was; moments of one instant are folded in this order."""

    OPENED = 1
    REOPENED = 2
    CUSTOMER_WROTE = 3
    WAITS_ON_OTHERS = 4
    WAITS_ON_CUSTOMER = 5
    PERSON_ANSWERED = 6
    CLOSED = 7


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that moves clocks, at its own instant."""

    at: datetime
    what: What


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The goal of one target in working minutes, and how long before its end somebody is warned."""

    target: str
    goal_minutes: int
    warn_minutes: int


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """The service levels promised for a case, with the calendar they run in."""

    name: str
    version: str
    calendar: WorkingCalendar
    levels: tuple[ServiceLevel, ...]

    def near(self, instant: datetime) -> "ServicePlan":
        """Small enough to lie in an event: holidays around `instant` only."""
        return replace(self, calendar=self.calendar.near(instant))


NO_PLAN = ServicePlan("none", "0", ALWAYS, ())


@dataclass(frozen=True, slots=True)
class Clock:
    """One target's clock. A new cycle starts each time it is activated after it ended."""

    level: ServiceLevel
    cycle: int = 0
    spent: timedelta = timedelta()
    running_since: datetime | None = None
    paused: bool = False
    fulfilled_at: datetime | None = None
    breached_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Activated and not fulfilled."""
        return self.running_since is not None or self.paused

    def activate(self, at: datetime) -> "Clock":
        """Start a new cycle, unless one is open."""
        return self if self.is_open else Clock(self.level, self.cycle + 1, running_since=at)

    def pause(self, at: datetime, calendar: WorkingCalendar) -> "Clock":
        """Stop counting; what was spent stays spent."""
        return self if self.running_since is None else replace(self._stopped(at, calendar), paused=True)

    def resume(self, at: datetime) -> "Clock":
        """Count on."""
        return replace(self, running_since=at, paused=False) if self.paused else self

    def fulfil(self, at: datetime, calendar: WorkingCalendar) -> "Clock":
        """End the cycle; a breach that came first stays."""
        return replace(self._stopped(at, calendar), paused=False, fulfilled_at=at) if self.is_open else self

    def due_at(self, calendar: WorkingCalendar) -> datetime | None:
        """When the goal is, or was, missed; None while paused in time, fulfilled, or never activated."""
        if self.breached_at is not None:
            return self.breached_at
        return None if self.running_since is None else calendar.end_after(self.running_since, self._left)

    def warn_at(self, calendar: WorkingCalendar) -> datetime | None:
        """When somebody is warned."""
        if self.running_since is None or self.breached_at is not None:
            return None
        return calendar.end_after(self.running_since, self._left - timedelta(minutes=self.level.warn_minutes))

    @property
    def _left(self) -> timedelta:
        return timedelta(minutes=self.level.goal_minutes) - self.spent

    def _stopped(self, at: datetime, calendar: WorkingCalendar) -> "Clock":
        if self.running_since is None:
            return self
        due = self.due_at(calendar)
        breached = due if due is not None and due < at else self.breached_at
        spent = self.spent + calendar.worked_between(self.running_since, at)
        return replace(self, spent=spent, running_since=None, breached_at=breached)


Ends = tuple[Clock, datetime | None, datetime | None]
"""An open clock, when somebody is warned, and when its goal is missed."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """All clocks of one case. Immutable: every step gives a new value."""

    plan: ServicePlan = NO_PLAN
    clocks: tuple[Clock, ...] = ()
    moments: tuple[Moment, ...] = ()
    _ends: tuple[Ends, ...] | None = field(default=None, init=False, repr=False, compare=False)

    def under(self, plan: ServicePlan) -> "Clocks":
        """The same moments under another plan."""
        return recompute(plan, self.moments)

    def after(self, moment: Moment) -> "Clocks":
        """Take one more moment, whenever it was."""
        if self.moments and moment < self.moments[-1]:
            return recompute(self.plan, (*self.moments, moment))
        return replace(
            self,
            clocks=_step(self.plan, self.clocks, moment),
            moments=(*self.moments, moment),
        )

    def of(self, target: str) -> Clock | None:
        """The clock of one target, where the plan has it."""
        return next((clock for clock in self.clocks if clock.level.target == target), None)

    def next_due(self) -> datetime | None:
        """When the next goal is missed, over all open clocks."""
        return min((due for _, _, due in self.ends() if due is not None), default=None)

    def ends(self) -> tuple[Ends, ...]:
        """Each open clock with when somebody is warned and when its goal is missed. They follow from the value, which
        decision after decision asks for: they are counted once."""
        known = self._ends
        if known is None:
            calendar = self.plan.calendar
            known = tuple(
                (clock, clock.warn_at(calendar), clock.due_at(calendar)) for clock in self.clocks if clock.is_open
            )
            object.__setattr__(self, "_ends", known)
        return known


def recompute(plan: ServicePlan, moments: Iterable[Moment]) -> Clocks:
    """Fold all moments afresh in the order of their instants."""
    ordered = tuple(sorted(moments))
    clocks = tuple(Clock(level) for level in plan.levels)
    for moment in ordered:
        clocks = _step(plan, clocks, moment)
    return Clocks(plan, clocks, ordered)


def _step(plan: ServicePlan, clocks: tuple[Clock, ...], moment: Moment) -> tuple[Clock, ...]:
    first = next((clock for clock in clocks if clock.level.target == FIRST_RESPONSE), None)
    return tuple(_moved(clock, moment, plan.calendar, first) for clock in clocks)


def _moved(clock: Clock, moment: Moment, calendar: WorkingCalendar, first: Clock | None) -> Clock:
    at, target = moment.at, clock.level.target
    match moment.what:
        case What.OPENED | What.REOPENED:
            return clock.activate(at) if target == RESOLUTION else clock
        case What.CUSTOMER_WROTE:
            answered_before = first is None or first.fulfilled_at is not None
            starts = (target == FIRST_RESPONSE and clock.cycle == 0) or (target == NEXT_RESPONSE and answered_before)
            return clock.activate(at) if starts else clock.resume(at)
        case What.WAITS_ON_CUSTOMER:
            return clock.pause(at, calendar) if target in (RESOLUTION, PERIODIC_UPDATE) else clock
        case What.WAITS_ON_OTHERS:
            return clock.resume(at)
        case What.PERSON_ANSWERED if target == PERIODIC_UPDATE:
            return clock.fulfil(at, calendar).activate(at)
        case What.PERSON_ANSWERED:
            return clock.fulfil(at, calendar) if target in (FIRST_RESPONSE, NEXT_RESPONSE) else clock
        case What.CLOSED:
            return clock.fulfil(at, calendar)
