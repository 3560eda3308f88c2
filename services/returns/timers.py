"""When a return or a ledger has to be looked at again: a pure function of its state."""

from collections.abc import Iterable

from casework.alarms import open_alarms
from chassis.domain import Aggregate
from chassis.service import WantedTimer
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.ledger import ClaimState, Ledger
from services.returns.domain.withdrawal import Withdrawal

RETURN_DUE = "return_due"
ALARM = "alarm"
RESERVATION_DUE = "reservation_due"
DUTY_DUE = "duty_due"
EXCHANGE_DUE = "exchange_due"
CHANGE_DUE = "change_due"
STOP_DUE = "stop_due"


def wanted(aggregate: Aggregate) -> Iterable[WantedTimer]:
    """Goods that were not sent, alarms of the case, duties of the law, reservations that reach their end."""
    if isinstance(aggregate, ReturnCase):
        due = aggregate.awaited_until()
        if due is not None:
            yield WantedTimer(RETURN_DUE, due)
        for exchange_id, due in aggregate.exchange_dues():
            yield WantedTimer(EXCHANGE_DUE, due, exchange_id)
        for clock in open_alarms(aggregate):
            yield WantedTimer(ALARM, clock.due_at, clock.key)
    elif isinstance(aggregate, (Withdrawal, Conformity)):
        for alarm in aggregate.alarms_of_duties():
            yield WantedTimer(DUTY_DUE, alarm.at, f"{alarm.kind}:{alarm.duty}")
        if isinstance(aggregate, Withdrawal) and (asked := aggregate.stop_due()) is not None:
            yield WantedTimer(STOP_DUE, asked[1], asked[0])
        if isinstance(aggregate, Withdrawal) and (at := aggregate.look_ends()) is not None:
            yield WantedTimer(DUTY_DUE, at, "itself:repay")
    elif isinstance(aggregate, OrderChange):
        if (awaited := aggregate.next_due()) is not None:
            yield WantedTimer(CHANGE_DUE, awaited[1], awaited[0])
    elif isinstance(aggregate, Ledger):
        for claim in aggregate.claims.values():
            if claim.state is ClaimState.RESERVED and not claim.overdue and claim.hold_until is not None:
                yield WantedTimer(RESERVATION_DUE, claim.hold_until, claim.id)
