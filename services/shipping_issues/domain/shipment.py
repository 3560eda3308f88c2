"""A parcel: everything known of it, in whatever order it was told.

Guarantee: the same facts, permuted and repeated, give the same state. Identity is the shop's shipment id,
never the tracking number. A fact already known records nothing, so a repeat cannot wake what history laid
to rest.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, applies, derived_id
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.signs import Sign, Whereabouts, fold_signs
from services.shipping_issues.domain.values import (
    CREATED,
    EXCEPTION,
    HANDED_OVER,
    IN_TRANSIT,
    OUTBOUND,
    RETURN,
    Content,
    Delivery,
    Estimate,
    ParcelFacts,
    Report,
    Scan,
    ToldException,
)
from services.shipping_issues.domain.values import DELIVERED as DELIVERED_STATUS


class Shipment(Aggregate, topic="shipping_issues.Shipment"):
    """One parcel of one order."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.shipment_id = ""
        self.order_id = ""
        self.parcel: ParcelFacts | None = None
        self.handed_over_at: datetime | None = None
        self.scans: dict[str, Scan] = {}
        self.revoked_scans: set[str] = set()
        self.deliveries: dict[str, Delivery] = {}
        self.revoked_deliveries: dict[str, datetime] = {}
        self.told: dict[str, ToldException] = {}
        self.estimates: dict[str, Estimate] = {}
        self.order_customer_id = ""
        self.order_ship_by: datetime | None = None
        self.order_promised_by: datetime | None = None
        self.reports: dict[str, Report] = {}
        self.found: dict[str, UUID] = {}
        self.live = False
        self.watched_from: datetime | None = None
        self.whereabouts = Whereabouts()

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

    @property
    def direction(self) -> str:
        """Outbound until a label says otherwise."""
        return self.parcel.direction if self.parcel else OUTBOUND

    @property
    def carrier(self) -> str:
        """The carrier of the label, or of the latest scan."""
        if self.parcel:
            return self.parcel.carrier
        latest = max(self.scans.values(), key=lambda scan: (scan.at, scan.key), default=None)
        return latest.carrier if latest else ""

    @property
    def customer_id(self) -> str:
        """As the order says, or the label."""
        return self.order_customer_id or (self.parcel.customer_id if self.parcel else "")

    @property
    def contents(self) -> tuple[Content, ...]:
        """What is in it, as far as it was told."""
        return self.parcel.contents if self.parcel else ()

    @property
    def ship_by(self) -> datetime | None:
        """Promised to be handed to the carrier by then."""
        return (self.parcel.ship_by if self.parcel else None) or self.order_ship_by

    @property
    def promised_by(self) -> datetime | None:
        """Promised at checkout to be with the customer by then; not an estimate."""
        return (self.parcel.promised_by if self.parcel else None) or self.order_promised_by

    @property
    def carrier_estimate(self) -> Estimate | None:
        """What the carrier said last; its first word lies in the label."""
        first = None
        if self.parcel and self.parcel.estimated_delivery:
            first = Estimate(self.parcel.occurred_at, "carrier", self.parcel.estimated_delivery)
        said = [estimate for estimate in (self.estimates.get("carrier"), first) if estimate is not None]
        return max(said, key=_newest_estimate, default=None)

    @property
    def has_scan(self) -> bool:
        """The carrier has seen it."""
        return any(key not in self.revoked_scans for key in self.scans)

    def describe(self, facts: ParcelFacts, *, at: datetime, history: bool) -> None:
        """A label exists, or more is known of it."""
        if self.parcel is None or _newest_label(facts) > _newest_label(self.parcel):
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
        if known is None or _newest_estimate(estimate) > _newest_estimate(known):
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
        at: datetime,
        history: bool,
    ) -> None:
        """The order became known, or changed."""
        if (customer_id, ship_by, promised_by) != (self.order_customer_id, self.order_ship_by, self.order_promised_by):
            self.record(
                e.OrderLearnt,
                at=at,
                customer_id=customer_id,
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

    @applies(e.ShipmentOpened)
    def _on_opened(self, event: e.ShipmentOpened) -> None:
        self.shop_id, self.shipment_id, self.order_id = event.shop_id, event.shipment_id, event.order_id

    @applies(e.ParcelDescribed)
    def _on_described(self, event: e.ParcelDescribed) -> None:
        self.parcel = event.facts
        self._folded(event.history)

    @applies(e.HandedOver)
    def _on_handed_over(self, event: e.HandedOver) -> None:
        self.handed_over_at = event.occurred_at
        self._folded(event.history)

    @applies(e.Scanned)
    def _on_scanned(self, event: e.Scanned) -> None:
        self.scans[event.scan.key] = event.scan
        self._folded(event.history)

    @applies(e.ScanRevoked)
    def _on_scan_revoked(self, event: e.ScanRevoked) -> None:
        self.revoked_scans.add(event.scan_key)
        self._folded(event.history)

    @applies(e.EstimateChanged)
    def _on_estimate(self, event: e.EstimateChanged) -> None:
        self.estimates[event.estimate.source] = event.estimate
        self._folded(event.history)

    @applies(e.ParcelDelivered)
    def _on_delivered(self, event: e.ParcelDelivered) -> None:
        self.deliveries[event.delivery.key] = event.delivery
        self._folded(event.history)

    @applies(e.DeliveryRevoked)
    def _on_delivery_revoked(self, event: e.DeliveryRevoked) -> None:
        self.revoked_deliveries[event.delivery_key] = event.occurred_at
        self._folded(event.history)

    @applies(e.ExceptionTold)
    def _on_told(self, event: e.ExceptionTold) -> None:
        self.told[event.told.key] = event.told
        self._folded(event.history)

    @applies(e.OrderLearnt)
    def _on_order(self, event: e.OrderLearnt) -> None:
        self.order_customer_id = event.customer_id
        self.order_ship_by, self.order_promised_by = event.ship_by, event.promised_by

    @applies(e.TroubleReported)
    def _on_reported(self, event: e.TroubleReported) -> None:
        self.reports[event.report.id] = event.report
        self.live = True

    @applies(e.TroubleFound)
    def _on_found(self, event: e.TroubleFound) -> None:
        self.found[f"{event.finding}|{event.basis}"] = event.case_id

    @applies(e.HistoryEnded)
    def _on_history_ended(self, event: e.HistoryEnded) -> None:
        self.live, self.watched_from = True, event.timestamp

    def _folded(self, history: bool) -> None:
        self.live = self.live or not history
        self.whereabouts = fold_signs(self._signs(), is_return=self.direction == RETURN)

    def _signs(self) -> list[Sign]:
        signs = [
            Sign(s.at, f"scan:{key}", s.meaning.status, s.meaning.sub_status, s.meaning.responsibility, s.place)
            for key, s in self.scans.items()
            if key not in self.revoked_scans
        ]
        signs += [
            Sign(told.at, f"told:{key}", EXCEPTION, told.sub_status, told.responsibility, by_carrier=False)
            for key, told in self.told.items()
        ]
        for key, delivery in self.deliveries.items():
            if key not in self.revoked_deliveries:
                signs.append(Sign(delivery.at, f"delivery:{key}", DELIVERED_STATUS))
        for key, revoked_at in self.revoked_deliveries.items():
            signs.append(Sign(revoked_at, f"revoked:{key}", IN_TRANSIT, "delivery_revoked", "carrier"))
        if self.parcel:
            signs.append(Sign(self.parcel.occurred_at, "label", CREATED, by_carrier=False))
        if self.handed_over_at:
            signs.append(Sign(self.handed_over_at, "handed_over", HANDED_OVER, by_carrier=False))
        return signs


def _newest_label(facts: ParcelFacts) -> tuple[datetime, str]:
    return facts.occurred_at, repr(facts)


def _newest_estimate(estimate: Estimate) -> tuple[datetime, datetime]:
    return estimate.said_at, estimate.delivery_by
