"""A small case of its own, so that the shared kernel is tested without any service."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from casework import Case, ServiceLevel, ServicePlan, Shift, WorkingCalendar
from chassis.domain import Created, Money, applies

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
CASE_ID = UUID(int=1)

OFFICE = WorkingCalendar("office", "UTC", (Shift(9 * 60, 17 * 60),) * 5 + (Shift(0, 0),) * 2)
PLAN = ServicePlan(
    "standard",
    "1",
    OFFICE,
    (
        ServiceLevel("first_response", 120, 30),
        ServiceLevel("next_response", 240, 60),
        ServiceLevel("periodic_update", 480, 60),
        ServiceLevel("resolution", 960, 120),
    ),
)


class ExampleOpened(Created):
    """The first event of the example case."""

    TOPIC = "tests.Example.Opened"
    customer_id: str


class ExampleCase(Case, topic="tests.Example"):
    """The least a case can be."""

    @classmethod
    def open(cls, *, at: datetime = NINE) -> "ExampleCase":
        return cls.start(ExampleOpened, id=CASE_ID, at=at, customer_id="C-1")

    @applies(ExampleOpened)
    def _on_opened(self, event: ExampleOpened) -> None:
        self._identify(
            shop_id="shop",
            customer_id=event.customer_id,
            order_id="O-1",
            queue="q",
            at=event.timestamp,
        )


def opened() -> ExampleCase:
    """An open case with nothing pending."""
    case = ExampleCase.open()
    case.collect_events()
    return case


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")
