"""When parcels and cases want to be asked again, and what a due timer asks.

Guarantee: what is wanted is a pure function of state and rules; a fire is a question, so a timer that is
overtaken finds nothing.
"""

from collections.abc import Callable, Iterable, Mapping

from chassis.domain import Aggregate
from chassis.service import TimerHandler, WantedTimer
from services.shipping_issues.application import Application
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.guidelines import Rules
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.watching import watches

WATCH, ORDER_WATCH, CASE_ALARM, WAIT_OVER = "watch", "order_watch", "case_alarm", "wait_over"


def wanted_under(rules: Rules) -> Callable[[Aggregate], Iterable[WantedTimer]]:
    """What each aggregate wants to be asked, and when."""

    def wanted(aggregate: Aggregate) -> Iterable[WantedTimer]:
        if isinstance(aggregate, Shipment):
            for watch in watches(aggregate, rules.carriers.of(aggregate.carrier)):
                yield WantedTimer(WATCH, watch.due_at, watch.finding)
        elif isinstance(aggregate, Order) and (missing := aggregate.missing_parcel()) is not None:
            for watch in watches(missing, rules.carriers.default):
                yield WantedTimer(ORDER_WATCH, watch.due_at, watch.finding)
        elif isinstance(aggregate, DeliveryCase):
            for alarm in aggregate.alarms():
                yield WantedTimer(CASE_ALARM, alarm.due_at, alarm.key)
            if aggregate.is_open and aggregate.waits_until is not None:
                yield WantedTimer(WAIT_OVER, aggregate.waits_until)

    return wanted


def handlers(app: Application) -> Mapping[str, TimerHandler]:
    """The command each kind of timer asks."""
    return {WATCH: app.watch_due, ORDER_WATCH: app.order_due, CASE_ALARM: app.case_due, WAIT_OVER: app.case_due}
