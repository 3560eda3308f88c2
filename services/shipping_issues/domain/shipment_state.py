"""What is known of a parcel, and how each fact about it is folded.

Guarantee: the fold only sets attributes; the whereabouts never depend on the order in which signs were told: one that
is later than all others is folded onto what they amount to, and with any other all are folded afresh.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, applies
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.signs import Sign, Whereabouts, fold_later, fold_signs
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


class ShipmentState(Aggregate):
    """State and fold of `Shipment`."""

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
        self.order_cancelled = False
        self.reports: dict[str, Report] = {}
        self.found: dict[str, UUID] = {}
        self.live = False
        self.watched_from: datetime | None = None
        self.whereabouts = Whereabouts()

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
        said, label = self.estimates.get("carrier"), self.parcel
        if label is None or label.estimated_delivery is None:
            return said
        if said is not None and newest_estimate(said) >= (label.occurred_at, label.estimated_delivery):
            return said
        return Estimate(label.occurred_at, "carrier", label.estimated_delivery)

    @property
    def has_scan(self) -> bool:
        """The carrier has seen it."""
        return any(key not in self.revoked_scans for key in self.scans)

    @applies(e.ShipmentOpened)
    def _on_opened(self, event: e.ShipmentOpened) -> None:
        self.shop_id, self.shipment_id, self.order_id = event.shop_id, event.shipment_id, event.order_id

    @applies(e.ParcelDescribed)
    def _on_described(self, event: e.ParcelDescribed) -> None:
        is_new = self.parcel is None and event.facts.direction != RETURN
        self.parcel = event.facts
        self._seen(_label(event.facts), is_new, event.history)

    @applies(e.HandedOver)
    def _on_handed_over(self, event: e.HandedOver) -> None:
        is_new = self.handed_over_at is None
        self.handed_over_at = event.occurred_at
        self._seen(_hand_over(event.occurred_at), is_new, event.history)

    @applies(e.Scanned)
    def _on_scanned(self, event: e.Scanned) -> None:
        scan = event.scan
        is_new = scan.key not in self.scans and scan.key not in self.revoked_scans
        self.scans[scan.key] = scan
        self._seen(_seen_by_carrier(scan), is_new, event.history)

    @applies(e.ScanRevoked)
    def _on_scan_revoked(self, event: e.ScanRevoked) -> None:
        self.revoked_scans.add(event.scan_key)
        self._folded(event.history)

    @applies(e.EstimateChanged)
    def _on_estimate(self, event: e.EstimateChanged) -> None:
        self.estimates[event.estimate.source] = event.estimate
        self.live = self.live or not event.history

    @applies(e.ParcelDelivered)
    def _on_delivered(self, event: e.ParcelDelivered) -> None:
        delivery = event.delivery
        is_new = delivery.key not in self.deliveries and delivery.key not in self.revoked_deliveries
        self.deliveries[delivery.key] = delivery
        self._seen(_handed_out(delivery), is_new, event.history)

    @applies(e.DeliveryRevoked)
    def _on_delivery_revoked(self, event: e.DeliveryRevoked) -> None:
        self.revoked_deliveries[event.delivery_key] = event.occurred_at
        self._folded(event.history)

    @applies(e.ExceptionTold)
    def _on_told(self, event: e.ExceptionTold) -> None:
        is_new = event.told.key not in self.told
        self.told[event.told.key] = event.told
        self._seen(_told(event.told), is_new, event.history)

    @applies(e.OrderLearnt)
    def _on_order(self, event: e.OrderLearnt) -> None:
        self.order_customer_id, self.order_cancelled = event.customer_id, event.cancelled
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

    def _seen(self, sign: Sign, is_new: bool, history: bool) -> None:
        """Fold a sign. `is_new`: it takes no other's place, and changes nothing of what the others mean."""
        last = self.whereabouts.last_sign_at
        if is_new and (last is None or sign.at > last):
            self.live = self.live or not history
            self.whereabouts = fold_later(self.whereabouts, sign, is_return=self.direction == RETURN)
        else:
            self._folded(history)

    def _folded(self, history: bool) -> None:
        self.live = self.live or not history
        self.whereabouts = fold_signs(self._signs(), is_return=self.direction == RETURN)

    def _signs(self) -> list[Sign]:
        signs = [_seen_by_carrier(scan) for key, scan in self.scans.items() if key not in self.revoked_scans]
        signs += [_told(told) for told in self.told.values()]
        signs += [_handed_out(d) for key, d in self.deliveries.items() if key not in self.revoked_deliveries]
        for key, revoked_at in self.revoked_deliveries.items():
            signs.append(Sign(revoked_at, f"revoked:{key}", IN_TRANSIT, "delivery_revoked", "carrier"))
        if self.parcel:
            signs.append(_label(self.parcel))
        if self.handed_over_at:
            signs.append(_hand_over(self.handed_over_at))
        return signs


def _seen_by_carrier(scan: Scan) -> Sign:
    meaning = scan.meaning
    return Sign(scan.at, f"scan:{scan.key}", meaning.status, meaning.sub_status, meaning.responsibility, scan.place)


def _told(told: ToldException) -> Sign:
    return Sign(told.at, f"told:{told.key}", EXCEPTION, told.sub_status, told.responsibility, "", False)


def _handed_out(delivery: Delivery) -> Sign:
    return Sign(delivery.at, f"delivery:{delivery.key}", DELIVERED_STATUS)


def _label(facts: ParcelFacts) -> Sign:
    return Sign(facts.occurred_at, "label", CREATED, by_carrier=False)


def _hand_over(occurred_at: datetime) -> Sign:
    return Sign(occurred_at, "handed_over", HANDED_OVER, by_carrier=False)


def newest_label(facts: ParcelFacts) -> tuple[datetime, str]:
    """The order of labels: by their instant, and at one instant by what they say."""
    return facts.occurred_at, repr(facts)


def newest_estimate(estimate: Estimate) -> tuple[datetime, datetime]:
    """The order of estimates: by when they were said."""
    return estimate.said_at, estimate.delivery_by
