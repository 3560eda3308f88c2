"""A parcel: everything known of it, in whatever order it was told.

Guarantee: the same facts, permuted and repeated, give the same state. Identity is the shop's shipment id,
never the tracking number. A fact already known records nothing, so a repeat cannot wake what history laid
to rest.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import derived_id
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.shipment_state import ShipmentState, newest_estimate, newest_label
from services.shipping_issues.domain.values import Delivery, Estimate, ParcelFacts, Report, Scan, ToldException


class Shipment(ShipmentState, topic="shipping_issues.Shipment"):
    """One parcel of one order."""

    @staticmethod
    def id_of(shop_id: str, shipment_id: str) -> UUID:
        """Where the facts about this parcel are kept."""
        return derived_id("shipping_issues.shipment", shop_id, shipment_id)

    @classmethod
    def open(cls, shop_id: str, shipment_id: str, order_id: str, *, at: datetime) -> "Shipment":
        """Something was told about a parcel not heard of before."""
        return cls.start(
            e.ShipmentOpened,
            id=cls.id_of(shop_id, shipment_id),
            at=at,
            shop_id=shop_id,
            shipment_id=shipment_id,
            order_id=order_id,
        )

    def describe(self, facts: ParcelFacts, *, at: datetime, history: bool) -> None:
        """A label exists, or more is known of it."""
        if self.parcel is None or newest_label(facts) > newest_label(self.parcel):
            self.record(e.ParcelDescribed, at=at, facts=facts, history=history)

    def hand_over(self, occurred_at: datetime, *, at: datetime, history: bool) -> None:
        """The carrier has it; told twice, the earlier instant stands."""
        if self.handed_over_at is None or occurred_at < self.handed_over_at:
            self.record(e.HandedOver, at=at, occurred_at=occurred_at, history=history)

    def scan(self, scan: Scan, *, at: datetime, history: bool) -> None:
        """The carrier saw it; the scan key is the identity."""
        if scan.key not in self.scans:
            self.record(e.Scanned, at=at, scan=scan, history=history)

    def revoke_scan(self, scan_key: str, occurred_at: datetime, *, at: datetime, history: bool) -> None:
        """A scan never happened."""
        if scan_key not in self.revoked_scans:
            self.record(e.ScanRevoked, at=at, scan_key=scan_key, occurred_at=occurred_at, history=history)

    def estimate(self, estimate: Estimate, *, at: datetime, history: bool) -> None:
        """Somebody expects it at another time; the latest word of each source stands."""
        known = self.estimates.get(estimate.source)
        if known is None or newest_estimate(estimate) > newest_estimate(known):
            self.record(e.EstimateChanged, at=at, estimate=estimate, history=history)

    def deliver(self, delivery: Delivery, *, at: datetime, history: bool) -> None:
        """Somebody was handed it."""
        if delivery.key not in self.deliveries:
            self.record(e.ParcelDelivered, at=at, delivery=delivery, history=history)

    def revoke_delivery(self, key: str, occurred_at: datetime, *, at: datetime, history: bool) -> None:
        """A delivery was not so."""
        if key not in self.revoked_deliveries:
            self.record(e.DeliveryRevoked, at=at, delivery_key=key, occurred_at=occurred_at, history=history)

    def tell(self, told: ToldException, *, at: datetime, history: bool) -> None:
        """A trouble was named."""
        if told.key not in self.told:
            self.record(e.ExceptionTold, at=at, told=told, history=history)

    def learn_order(
        self,
        customer_id: str,
        ship_by: datetime | None,
        promised_by: datetime | None,
        *,
        cancelled: bool = False,
        at: datetime,
        history: bool,
    ) -> None:
        """The order became known, or changed."""
        known = (self.order_customer_id, self.order_ship_by, self.order_promised_by, self.order_cancelled)
        if (customer_id, ship_by, promised_by, cancelled) != known:
            self.record(
                e.OrderLearnt,
                at=at,
                customer_id=customer_id,
                cancelled=cancelled,
                ship_by=ship_by,
                promised_by=promised_by,
                history=history,
            )

    def report(self, report: Report, *, by: str, at: datetime) -> None:
        """Somebody says that something is wrong; the same report counts once."""
        if report.id not in self.reports:
            self.record(e.TroubleReported, at=at, report=report, by=by)

    def note_found(self, finding: str, basis: str, case_id: UUID, *, at: datetime) -> None:
        """Remember that a rule spoke on this basis."""
        self.record(e.TroubleFound, at=at, finding=finding, basis=basis, case_id=case_id)

    def was_found(self, finding: str, basis: str) -> bool:
        """Whether the rule has spoken on this basis."""
        return f"{finding}|{basis}" in self.found

    def end_history(self, *, by: str, at: datetime) -> None:
        """Watch it from now, unless it is watched already."""
        if not self.live:
            self.record(e.HistoryEnded, at=at, by=by)
