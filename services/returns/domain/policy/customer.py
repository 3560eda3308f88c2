"""The returns one customer asked for, counted only where a policy looks at them.

Guarantee: a return counts once; what was asked for before the policy looked is not known and not guessed.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from chassis.domain import Aggregate, Created, Event, applies
from services.returns.domain.identity import customer_returns_id_of
from services.returns.domain.policy.values import ClauseKind, Policy

KEPT = 100
"""How many of the latest are remembered: more are as many as anybody has to know."""


class CustomerReturnsOpened(Created):
    """The shop's policy looks at how often its customers return."""

    TOPIC = "returns.CustomerReturns.Opened"
    shop_id: str
    customer_id: str


class ReturnCounted(Event):
    """The customer asked for one more return."""

    TOPIC = "returns.CustomerReturns.Counted"
    case_id: str


class CustomerReturns(Aggregate, topic="returns.CustomerReturns"):
    """The latest returns of one customer of one shop."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.asked: dict[str, datetime] = {}

    @classmethod
    def open(cls, shop_id: str, customer_id: str, *, at: datetime) -> "CustomerReturns":
        """Nothing counted yet."""
        id = customer_returns_id_of(shop_id, customer_id)
        return cls.start(CustomerReturnsOpened, id=id, at=at, shop_id=shop_id, customer_id=customer_id)

    def count(self, case_id: str, *, at: datetime) -> None:
        """One more; the same return counts once."""
        if case_id not in self.asked:
            self.record(ReturnCounted, at=at, case_id=case_id)

    def days_before(self, time_zone: str) -> tuple[date, ...]:
        """The customer's days on which returns were asked for, earliest first."""
        return tuple(sorted(at.astimezone(ZoneInfo(time_zone)).date() for at in self.asked.values()))

    @applies(CustomerReturnsOpened)
    def _on_opened(self, event: CustomerReturnsOpened) -> None:
        self.shop_id, self.customer_id = event.shop_id, event.customer_id

    @applies(ReturnCounted)
    def _on_counted(self, event: ReturnCounted) -> None:
        self.asked[event.case_id] = event.timestamp
        while len(self.asked) > KEPT:
            del self.asked[next(iter(self.asked))]


def looks_at_returns(policy: Policy) -> bool:
    """Whether any clause asks how often a customer returns."""
    return any(
        clause.kind is ClauseKind.SIGNAL and clause.text("signal") == "serial_returner" for clause in policy.clauses
    )
