"""Between the contracts' words and the domain's, inbound: snapshots, payments, asks of the ledger.

Guarantee: field by field, nothing is decided; an instant or amount that cannot be read is an error.
"""

from collections.abc import Iterable
from datetime import date, datetime

from aftercare.common.v1 import money_pb2
from aftercare.compensation.v1 import ledger_pb2, requests_pb2
from aftercare.orders.v1 import orders_pb2, payments_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Invalid, Money
from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from services.returns.domain.bundle import PartOf
from services.returns.domain.identity import unit_id_of
from services.returns.domain.ledger import Ask, Book, UnitsAsked
from services.returns.domain.order import (
    Authorised,
    Capture,
    Component,
    Discount,
    OrderLine,
    OrderSnapshot,
    PaymentFact,
    PaymentKind,
    TaxLine,
    Tender,
)
from services.returns.domain.order.facts import proof_of_gift

BOOKS = {
    ledger_pb2.BOOK_RESTITUTION: Book.RESTITUTION,
    ledger_pb2.BOOK_IN_KIND: Book.IN_KIND,
    ledger_pb2.BOOK_COSTS: Book.COSTS,
    ledger_pb2.BOOK_GESTURES: Book.GESTURES,
    ledger_pb2.BOOK_RECOVERIES: Book.RECOVERIES,
    ledger_pb2.BOOK_OUTSIDE: Book.OUTSIDE,
}
BOOK_CODES = {book: code for code, book in BOOKS.items()}

RefundMessage = payments_pb2.PaymentRefunded | payments_pb2.PaymentRefundFailed


def snapshot_of(message: orders_pb2.OrderRecorded) -> OrderSnapshot:
    """The whole order at one version."""
    return OrderSnapshot(
        version=message.version,
        customer_id=message.customer_id,
        placed_at=timestamp_from_proto(message.placed_at, "placed_at"),
        country=message.country,
        time_zone=message.time_zone,
        currency=message.currency,
        prices_include_tax=message.prices_include_tax,
        lines=tuple(_line(line) for line in message.lines),
        components=tuple(_component(component) for component in message.components),
        unallocated_discounts=_discounts(message.unallocated_discounts),
        tenders=tuple(_tender(tender) for tender in message.tenders),
        order_number=message.order_number,
        channel=message.channel,
        exchange_of=message.exchange_of,
        exchange_value=money_from_proto(message.exchange_value) if message.HasField("exchange_value") else None,
        fulfilment_request_id=message.fulfilment_request_id,
        cancelled_at=_instant(message.cancelled_at) if message.HasField("cancelled_at") else None,
        language=message.language,
        customer_tier=message.customer_tier,
    )


def refund_fact(message: RefundMessage, kind: PaymentKind) -> PaymentFact:
    """Money that went back, or did not reach the customer."""
    return PaymentFact(
        kind=kind,
        reference=message.provider_refund_id or message.request_id,
        tender_id=message.tender_id,
        amount=money_from_proto(message.amount),
        at=_instant(message.occurred_at),
        request_id=message.request_id,
        provider_refund_id=message.provider_refund_id,
        outside=message.outside,
        reason=getattr(message, "reason", ""),
    )


def money_in_fact(
    message: payments_pb2.PaymentAuthorised | payments_pb2.PaymentCaptured, kind: PaymentKind, reference: str
) -> PaymentFact:
    """Money that may be taken, or was."""
    amount = money_from_proto(message.amount)
    return PaymentFact(kind, reference, message.tender_id, amount, _instant(message.occurred_at))


def dispute_fact(message: payments_pb2.DisputeOpened | payments_pb2.DisputeClosed) -> PaymentFact:
    """The customer's bank takes money back, or is done with it."""
    if isinstance(message, payments_pb2.DisputeOpened):
        kind, reason = PaymentKind.DISPUTE_OPENED, message.reason
    else:
        won = message.outcome == payments_pb2.DISPUTE_OUTCOME_WON
        kind, reason = (PaymentKind.DISPUTE_WON if won else PaymentKind.DISPUTE_LOST), ""
    return PaymentFact(
        kind,
        message.dispute_id,
        message.tender_id,
        money_from_proto(message.amount),
        _instant(message.occurred_at),
        outside=True,
        reason=reason,
    )


def ask_of(message: requests_pb2.CompensationRequested) -> Ask:
    """What another service asks of the ledger."""
    book = BOOKS[message.book]
    if book in (Book.RECOVERIES, Book.OUTSIDE):
        raise Invalid("book", f"nothing is asked from the book of {book.value}")
    return Ask(
        requester=message.requester,
        request_key=message.request_key,
        case_id=message.case_id,
        book=book,
        reason=message.reason,
        by=message.decided_by.id,
        units=tuple(UnitsAsked(u.line_id, u.quantity, tuple(u.units)) for u in message.units),
        subjects=tuple(message.component_ids),
        amount=optional_money(message.amount) if message.HasField("amount") else None,
        tender_id=message.tender_id,
        approved_by=message.approved_by.id,
        customer_id=message.customer_id,
        hold_until=_instant(message.hold_until) if message.HasField("hold_until") else None,
    )


def day_of(text: str, field: str) -> date:
    """A date as ISO 8601 writes it, or `Invalid`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field, f"{text!r} is no date") from None


def unit_ids(units: Iterable[ledger_pb2.LineUnits]) -> tuple[str, ...]:
    """Named units, in their order."""
    return tuple(unit_id_of(group.line_id, number) for group in units for number in group.units)


def optional_money(message: money_pb2.Money) -> Money | None:
    """An amount, or None where it was left out."""
    return money_from_proto(message) if message.currency else None


def _line(line: orders_pb2.Line) -> OrderLine:
    return OrderLine(
        line_id=line.line_id,
        sku=line.sku,
        quantity=line.quantity,
        unit_price=money_from_proto(line.unit_price),
        product_id=line.product_id,
        title=line.title,
        category=line.category,
        options=tuple(sorted(line.options.items())),
        tags=tuple(line.tags),
        gift=line.gift,
        final_sale=line.final_sale,
        cancelled_quantity=line.cancelled_quantity,
        discounts=_discounts(line.discounts),
        taxes=_taxes(line.taxes),
        gift_proof=proof_of_gift(line.line_id, line.gift_code),
        part_of=_part_of(line) if line.HasField("bundle") else None,
    )


def _part_of(line: orders_pb2.Line) -> PartOf:
    bundle = line.bundle
    per, uneven = divmod(line.quantity, bundle.quantity or 1)
    if uneven:
        raise Invalid("lines", f"{line.quantity} of line {line.line_id} are not evenly in {bundle.quantity} bundles")
    return PartOf(bundle.bundle_id, bundle.sku, bundle.title, per)


def _component(component: orders_pb2.Component) -> Component:
    return Component(
        component_id=component.component_id,
        kind=component.kind,
        amount=money_from_proto(component.amount),
        discounts=_discounts(component.discounts),
        taxes=_taxes(component.taxes),
        line_id=component.line_id,
        service_level=component.service_level,
    )


def _tender(tender: orders_pb2.Tender) -> Tender:
    captures = (Capture(c.capture_id, tender.tender_id, money_from_proto(c.amount)) for c in tender.captures)
    authorised = (
        Authorised(a.authorisation_id, tender.tender_id, money_from_proto(a.amount)) for a in tender.authorisations
    )
    return Tender(tender.tender_id, tender.kind, tender.provider, tuple(captures), tuple(authorised))


def _discounts(discounts: Iterable[orders_pb2.DiscountAllocation]) -> tuple[Discount, ...]:
    return tuple(Discount(d.discount_id, d.code, money_from_proto(d.amount)) for d in discounts)


def _taxes(taxes: Iterable[orders_pb2.TaxLine]) -> tuple[TaxLine, ...]:
    return tuple(TaxLine(t.name, t.rate, t.jurisdiction, money_from_proto(t.amount)) for t in taxes)


def _instant(stamp: Timestamp) -> datetime:
    return timestamp_from_proto(stamp, "occurred_at")
