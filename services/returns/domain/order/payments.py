"""What became of the money of one order, read from the facts the payment system told.

Guarantee: the answers depend on the set of facts, not on the order they came in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Money
from services.returns.domain.order.facts import Authorised, Capture, OrderSnapshot, PaymentFact, PaymentKind


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """Where one refund stands after all facts about it."""

    reference: str
    request_id: str
    succeeded: bool
    amount: Money
    tender_id: str
    reason: str
    at: datetime


def captures_of(order: OrderSnapshot | None, facts: Iterable[PaymentFact]) -> tuple[Capture, ...]:
    """All money taken, each capture once; the payment system's own word goes before the order's."""
    found = {f.reference: Capture(f.reference, f.tender_id, f.amount) for f in facts if f.kind is PaymentKind.CAPTURED}
    for tender in order.tenders if order else ():
        for capture in tender.captures:
            found.setdefault(capture.capture_id, capture)
    return tuple(found[key] for key in sorted(found))


def authorisations_of(order: OrderSnapshot | None, facts: Iterable[PaymentFact]) -> tuple[Authorised, ...]:
    """All money that may be, or was, taken, each authorisation once; the payment system's own word goes first."""
    told = (f for f in facts if f.kind is PaymentKind.AUTHORISED)
    found = {f.reference: Authorised(f.reference, f.tender_id, f.amount) for f in told}
    for tender in order.tenders if order else ():
        for one in tender.authorisations:
            found.setdefault(one.authorisation_id, one)
    return tuple(found[key] for key in sorted(found))


def outcomes_of(facts: Iterable[PaymentFact], *, request_id: str = "", reference: str = "") -> list[RefundOutcome]:
    """Where everything stands that the provider did for one request, or under one reference; what counts comes first.

    Success of any attempt at one request is success of the request. Of the facts about one provider's
    refund the later holds; of two at one instant, the failure: a refund can fail after it succeeded.
    """
    about = [
        f
        for f in facts
        if f.kind in (PaymentKind.REFUNDED, PaymentKind.REFUND_FAILED)
        and (f.request_id == request_id if request_id else f.reference == reference)
    ]
    latest: dict[str, PaymentFact] = {}
    for told in sorted(about, key=lambda f: (f.at, f.kind is PaymentKind.REFUND_FAILED)):
        latest[told.reference] = told
    ranked = sorted(latest.values(), key=lambda f: (f.kind is PaymentKind.REFUNDED, f.at, f.reference), reverse=True)
    return [
        RefundOutcome(
            reference=one.provider_refund_id or one.reference,
            request_id=one.request_id,
            succeeded=one.kind is PaymentKind.REFUNDED,
            amount=one.amount,
            tender_id=one.tender_id,
            reason=one.reason,
            at=one.at,
        )
        for one in ranked
    ]
