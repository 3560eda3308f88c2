"""What returns tells the world, mapped at save time: ids and facts, never personal data.

A return's own events go to its case; the ledger's go to the case they are for, whosever it is, and as an
answer to the service that asked. Records loaded as history are told to nobody.
"""

from collections.abc import Iterable

from chassis.domain import Aggregate, Event
from chassis.service import PublicEvent
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.ledger import Ledger
from services.returns.domain.withdrawal import Withdrawal
from services.returns.publisher.changes import publish_change
from services.returns.publisher.conformity import publish_conformity
from services.returns.publisher.expected import publish_expected
from services.returns.publisher.money import publish_ledger
from services.returns.publisher.returns import EVENTS, publish_return
from services.returns.publisher.withdrawals import publish_withdrawal

__all__ = ["publish"]


def publish(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    """The public events of one domain event."""
    if isinstance(aggregate, ReturnCase):
        yield from publish_return(event, aggregate)
        yield from _expected(event, aggregate)
    elif isinstance(aggregate, Withdrawal):
        yield from publish_withdrawal(event, aggregate)
        yield from _expected(event, aggregate)
    elif isinstance(aggregate, Conformity):
        yield from publish_conformity(event, aggregate)
    elif isinstance(aggregate, OrderChange):
        yield from publish_change(event, aggregate)
    elif isinstance(aggregate, Ledger):
        yield from publish_ledger(event, aggregate)


def _expected(event: Event, case: ReturnCase | Withdrawal) -> Iterable[PublicEvent]:
    for message in publish_expected(event, case):
        yield PublicEvent(EVENTS, str(case.id), message, case.shop_id)
