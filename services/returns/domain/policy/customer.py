"""How often one customer returned, and reported a delivered parcel as not received.

Guarantee: each counts once. Returns are counted only where a policy looks at them: what was asked for before is not
known and not guessed. Reports are counted as they are told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chassis.domain import Aggregate, Created, Event, applies
from services.returns.domain.identity import customer_returns_id_of
from services.returns.domain.policy.values import ClauseKind, Policy

SERIAL, NOT_RECEIVED = "serial_returner", "item_not_received"
"""Signs that are in no parcel, but in what a customer did before."""

KEPT = 100
"""How many of the latest are remembered: more are as many as anybody has to know."""


@dataclass(frozen=True, slots=True)
class Before:
    """The days of what a customer did before: earliest first, in the customer's own time zone."""

    returns: tuple[date, ...] = ()
    not_received: tuple[date, ...] = ()


NOTHING_BEFORE = Before()


class CustomerReturnsOpened(Created):
    """There is something to count of a customer."""

    TOPIC = "returns.CustomerReturns.Opened"
    shop_id: str
    customer_id: str


class ReturnCounted(Event):
    """The customer asked for one more return."""

    TOPIC = "returns.CustomerReturns.Counted"
    case_id: str


class NonReceiptCounted(Event):
    """The customer says that a parcel which the carrier calls delivered did not come; told by shipping issues."""

    TOPIC = "returns.CustomerReturns.NonReceiptCounted"
    case_id: str
    reported_at: datetime


class CustomerReturns(Aggregate, topic="returns.CustomerReturns"):
    """The latest returns of one customer of one shop, and the latest reports of parcels that did not come."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.asked: dict[str, datetime] = {}
        self.not_received: dict[str, datetime] = {}

    @classmethod
    def open(cls, shop_id: str, customer_id: str, *, at: datetime) -> "CustomerReturns":
        """Nothing counted yet."""
        id = customer_returns_id_of(shop_id, customer_id)
        return cls.start(CustomerReturnsOpened, id=id, at=at, shop_id=shop_id, customer_id=customer_id)

    def count(self, case_id: str, *, at: datetime) -> None:
        """One more; the same return counts once."""
        if case_id not in self.asked:
            self.record(ReturnCounted, at=at, case_id=case_id)

    def count_not_received(self, case_id: str, reported_at: datetime, *, at: datetime) -> None:
        """One more report; the same case counts once."""
        if case_id not in self.not_received:
            self.record(NonReceiptCounted, at=at, case_id=case_id, reported_at=reported_at)

    def before(self, time_zone: str) -> "Before":
        """What is known of the customer, by their own days."""
        return Before(_days(self.asked.values(), time_zone), _days(self.not_received.values(), time_zone))

    @applies(CustomerReturnsOpened)
    def _on_opened(self, event: CustomerReturnsOpened) -> None:
        self.shop_id, self.customer_id = event.shop_id, event.customer_id

    @applies(ReturnCounted)
    def _on_counted(self, event: ReturnCounted) -> None:
        self.asked[event.case_id] = event.timestamp
        while len(self.asked) > KEPT:
            del self.asked[next(iter(self.asked))]

    @applies(NonReceiptCounted)
    def _on_not_received(self, event: NonReceiptCounted) -> None:
        self.not_received[event.case_id] = event.reported_at
        while len(self.not_received) > KEPT:
            del self.not_received[next(iter(self.not_received))]


def looks_at(policy: Policy, *signals: str) -> bool:
    """Whether any clause asks for one of these signs."""
    return any(clause.kind is ClauseKind.SIGNAL and clause.text("signal") in signals for clause in policy.clauses)


def _days(instants: Iterable[datetime], time_zone: str) -> tuple[date, ...]:
    return tuple(sorted(at.astimezone(ZoneInfo(time_zone)).date() for at in instants))
