"""The whole vocabulary of shipping issues: facts about parcels and orders, and what was decided in a case.

An event's `timestamp` is when we learnt or decided it; `occurred_at` inside a fact is when it was so.
"""
# long: the whole vocabulary of the service in one place, to be read top down

from datetime import datetime
from uuid import UUID

from casework.decisions import DecisionRecord
from chassis.domain import Created, Event, Money, Personal
from services.shipping_issues.domain.values import (
    CheckoutPromise,
    Content,
    Delivery,
    Estimate,
    Given,
    OrderLine,
    ParcelFacts,
    Report,
    Scan,
    ToldException,
)


class ShipmentOpened(Created):
    """The first fact of any kind about a parcel."""

    TOPIC = "shipping_issues.Shipment.Opened"
    shop_id: str
    shipment_id: str
    order_id: str


class ParcelDescribed(Event):
    """A label exists, or more is known of it."""

    TOPIC = "shipping_issues.Shipment.ParcelDescribed"
    facts: ParcelFacts
    history: bool


class HandedOver(Event):
    """The carrier has the parcel."""

    TOPIC = "shipping_issues.Shipment.HandedOver"
    occurred_at: datetime
    history: bool


class Scanned(Event):
    """The carrier saw the parcel, or says something of it."""

    TOPIC = "shipping_issues.Shipment.Scanned"
    scan: Scan
    history: bool


class ScanRevoked(Event):
    """A scan never happened; it may not have been told yet."""

    TOPIC = "shipping_issues.Shipment.ScanRevoked"
    scan_key: str
    occurred_at: datetime
    history: bool


class EstimateChanged(Event):
    """The carrier or the shop expects the parcel at another time."""

    TOPIC = "shipping_issues.Shipment.EstimateChanged"
    estimate: Estimate
    history: bool


class ParcelDelivered(Event):
    """Somebody was handed the parcel."""

    TOPIC = "shipping_issues.Shipment.Delivered"
    delivery: Delivery
    history: bool


class DeliveryRevoked(Event):
    """A delivery was not so; it may not have been told yet."""

    TOPIC = "shipping_issues.Shipment.DeliveryRevoked"
    delivery_key: str
    occurred_at: datetime
    history: bool


class ExceptionTold(Event):
    """A trouble was named by the shop or the carrier."""

    TOPIC = "shipping_issues.Shipment.ExceptionTold"
    told: ToldException
    history: bool


class OrderLearnt(Event):
    """What the order says of this parcel: whose it is, what was promised, and whether it still stands."""

    TOPIC = "shipping_issues.Shipment.OrderLearnt"
    customer_id: str
    cancelled: bool
    ship_by: datetime | None
    promised_by: datetime | None
    history: bool


class TroubleReported(Event):
    """The customer, or an agent for the customer, says that something is wrong."""

    TOPIC = "shipping_issues.Shipment.TroubleReported"
    report: Report
    by: str


class TroubleFound(Event):
    """A rule spoke, resting on `basis`; the same rule on the same basis speaks once."""

    TOPIC = "shipping_issues.Shipment.TroubleFound"
    finding: str
    basis: str
    case_id: UUID


class HistoryEnded(Event):
    """The shop's past is loaded: from here on this parcel is watched, its silence counted from now."""

    TOPIC = "shipping_issues.Shipment.HistoryEnded"
    by: str


class OrderOpened(Created):
    """The first fact about an order, perhaps only that a parcel of it exists."""

    TOPIC = "shipping_issues.Order.Opened"
    shop_id: str
    order_id: str


class OrderRecorded(Event):
    """The whole order as it now is; the highest version wins."""

    TOPIC = "shipping_issues.Order.Recorded"
    order_version: int
    customer_id: str
    country: str
    currency: str
    language: str
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    promises: tuple[CheckoutPromise, ...]
    cancelled_at: datetime | None
    exchange_of: str
    fulfilment_request_id: str
    address: Personal
    history: bool


class ShipmentLinked(Event):
    """A parcel of this order exists."""

    TOPIC = "shipping_issues.Order.ShipmentLinked"
    shipment_id: str


class OrderTroubleFound(Event):
    """A rule spoke about a parcel that should exist and does not."""

    TOPIC = "shipping_issues.Order.TroubleFound"
    finding: str
    basis: str
    case_id: UUID


class OrderHistoryEnded(Event):
    """The shop's past is loaded: from here on this order is watched."""

    TOPIC = "shipping_issues.Order.HistoryEnded"
    by: str


class RemedyCounted(Event):
    """A remedy counts against what agents may grant in this order."""

    TOPIC = "shipping_issues.Order.RemedyCounted"
    remedy_id: str
    action: str
    amount: Money


class RemedyUncounted(Event):
    """It came to nothing and counts no more."""

    TOPIC = "shipping_issues.Order.RemedyUncounted"
    remedy_id: str


class DeliveryCaseOpened(Created):
    """A parcel is in trouble. `trouble` names one story over all its findings."""

    TOPIC = "shipping_issues.DeliveryCase.Opened"
    shop_id: str
    order_id: str
    customer_id: str
    shipment_id: str
    trouble: str
    queue: str


class ParcelAssigned(Event):
    """The parcel that was missing exists now; the story goes on with it."""

    TOPIC = "shipping_issues.DeliveryCase.ParcelAssigned"
    shipment_id: str


class FindingMade(Event):
    """Something was found to be wrong, with why, and what the customer should now expect."""

    TOPIC = "shipping_issues.DeliveryCase.FindingMade"
    finding: str
    previous: str
    noticed_by: str
    responsibility: str
    carrier: str
    tracking_number: str
    promised_by: datetime | None
    hours_before_promise: int | None
    expected_by: datetime | None
    last_seen_at: datetime | None
    last_seen_place: str
    choices: tuple[str, ...]
    proposals: tuple[str, ...]
    decision: DecisionRecord


class WaitDecided(Event):
    """The customer is given another date to expect; the case comes back when it passes."""

    TOPIC = "shipping_issues.DeliveryCase.WaitDecided"
    expect_by: datetime
    reason: str
    by: str


class WaitEnded(Event):
    """The date passed and the parcel did not come."""

    TOPIC = "shipping_issues.DeliveryCase.WaitEnded"
    expect_by: datetime


class RemedyAsked(Event):
    """Somebody decided on a remedy; the ledger is asked where it compensates."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyAsked"
    remedy_id: str
    remedy: str
    reason: str
    units: tuple[Content, ...]
    value: Money | None
    amount: Money | None
    address: Personal
    service_level: str
    approved_by: str
    by: str
    role: str


class RemedyReserved(Event):
    """The ledger keeps it for this case."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyReserved"
    remedy_id: str
    amount: Money | None
    hold_until: datetime | None


class RemedyDelayed(Event):
    """The ledger cannot say yet."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyDelayed"
    remedy_id: str
    reason: str


class RemedyRefused(Event):
    """The ledger says no: what is left, and who gave the rest."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyRefused"
    remedy_id: str
    reason: str
    left: Money | None
    given: tuple[Given, ...]


class RemedyRequested(Event):
    """The shop was asked to carry it out."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyRequested"
    remedy_id: str


class RemedyUncertain(Event):
    """Nobody answered in time: it may or may not have been done, and a person decides."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyUncertain"
    remedy_id: str
    reason: str


class RemedyAccepted(Event):
    """The shop will do it."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyAccepted"
    remedy_id: str
    reference: str
    expected_by: datetime | None


class RemedyDone(Event):
    """The shop did it, or the money is with the customer."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyDone"
    remedy_id: str
    reference: str
    amount: Money | None


class RemedyFailed(Event):
    """It will not be done, or did not last; what the ledger kept for it is released."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyFailed"
    remedy_id: str
    reason: str


class RemedyWithdrawn(Event):
    """Taken back before it was carried out; the ledger is told."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyWithdrawn"
    remedy_id: str
    reason: str
    by: str


class RemedyNotReleased(Event):
    """The ledger says the withdrawal came too late."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyNotReleased"
    remedy_id: str
    state: str


class RemedyOverdue(Event):
    """The ledger asks what became of it."""

    TOPIC = "shipping_issues.DeliveryCase.RemedyOverdue"
    remedy_id: str


class ParcelTurnedUp(Event):
    """A parcel that was in trouble moves again or arrived."""

    TOPIC = "shipping_issues.DeliveryCase.ParcelTurnedUp"
    status: str
    seen_at: datetime
    remedy: str
    delivered_at: datetime | None
    expected_by: datetime | None
