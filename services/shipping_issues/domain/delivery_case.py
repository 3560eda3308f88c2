"""One trouble of one parcel, from the finding to its end.

Guarantee: a trouble has one case; at most one reshipment or refund stands at a time, and whoever comes
second is told who did it, what and when. Goods are asked of the shop only after the ledger's reservation is
stored.
"""

from datetime import datetime
from uuid import UUID

from casework import DecisionRecord
from chassis.domain import derived_id
from services.shipping_issues.domain import errors
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain import remedy as r
from services.shipping_issues.domain.finding import Finding
from services.shipping_issues.domain.guidelines import NO_SIGN_OF_LIFE, REFUND, RESHIP, FindingGuideline
from services.shipping_issues.domain.remedying import DISPUTES_DELIVERY, Remedying
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import (
    DELIVERED,
    IN_TRANSIT,
    OUT_FOR_DELIVERY,
    READY_FOR_PICKUP,
)

ENDINGS = ("delivered", "reshipped", "refunded", "no_trouble", "duplicate")
_REOPENED_BY_NEWS = frozenset({"delivered", "no_trouble"})

MOVING = (IN_TRANSIT, OUT_FOR_DELIVERY, READY_FOR_PICKUP)


class DeliveryCase(Remedying, topic="shipping_issues.DeliveryCase"):
    """A case about one trouble of one parcel."""

    @staticmethod
    def id_of(shop_id: str, shipment_id: str, trouble: str) -> UUID:
        """The case of this trouble of this parcel: two finders meet in it."""
        return derived_id("shipping_issues.case", shop_id, shipment_id, trouble)

    @classmethod
    def open(
        cls,
        case_id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        shipment_id: str,
        trouble: str,
        queue: str,
        at: datetime,
    ) -> "DeliveryCase":
        """A parcel is in trouble; no shipment id where there should be a parcel and is none."""
        return cls.start(
            e.DeliveryCaseOpened,
            id=case_id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            shipment_id=shipment_id,
            trouble=trouble,
            queue=queue,
        )

    def assign_parcel(self, shipment_id: str, *, at: datetime) -> None:
        """The parcel that was missing exists now."""
        if not self.shipment_id:
            self.record(e.ParcelAssigned, at=at, shipment_id=shipment_id)

    def find(self, found: Finding, decision: DecisionRecord, guideline: FindingGuideline, *, at: datetime) -> None:
        """Take a finding: the first opens the story, a further one goes on with it. Once the goods or the money
        are given again, or a person closed it so, the old parcel's troubles say nothing more; nor does the clock
        alone while the customer waits for a date that was agreed."""
        if self.standing is not None or (not self.is_open and self.outcome not in _REOPENED_BY_NEWS):
            return
        if found.noticed_by == "timer" and self.is_open and self.waits_until is not None and self.waits_until > at:
            return
        if not self.is_open:
            self.reopen(f"found {found.finding.replace('_', ' ')}", by="system", at=at)
        self.record(
            e.FindingMade,
            at=at,
            finding=found.finding,
            previous=self.finding,
            noticed_by=found.noticed_by,
            responsibility=found.responsibility,
            carrier=found.carrier,
            tracking_number=found.tracking_number,
            promised_by=found.promised_by,
            hours_before_promise=found.hours_before_promise,
            expected_by=found.expected_by,
            last_seen_at=found.last_seen_at,
            last_seen_place=found.last_seen_place,
            choices=guideline.choices,
            proposals=guideline.proposals,
            decision=decision,
        )
        if self.waiting_on != "agent":
            self.wait_on("agent", by="system", at=at)

    def decide_wait(self, expect_by: datetime, reason: str, *, by: str, at: datetime) -> None:
        """Do nothing but tell the customer an honest date."""
        self.require_open()
        if expect_by <= at:
            raise errors.DateHasPassed(
                f"{expect_by.isoformat()} is not after {at.isoformat()}", expect_by=expect_by.isoformat()
            )
        self._require_nothing_standing("wait")
        if self.waits_until != expect_by:
            self.record(e.WaitDecided, at=at, expect_by=expect_by, reason=reason, by=by)
            self.wait_on("carrier", by=by, at=at)

    def end_wait(self, *, at: datetime) -> None:
        """The date passed; an agent looks again."""
        if self.is_open and self.waits_until is not None and self.waits_until <= at:
            self.record(e.WaitEnded, at=at, expect_by=self.waits_until)
            self.wait_on("agent", by="system", at=at)

    def hear_of(self, parcel: Shipment, expected_by: datetime | None, *, at: datetime) -> None:
        """The parcel was seen again: news where the case knew of no sign of life, or where it arrived. Without a
        remedy an arrival ends the case. An older sign that comes late is no news."""
        where = parcel.whereabouts
        if where.status == DELIVERED and where.delivered_at is not None:
            self._arrived(where.delivered_at, at)
        elif where.status in MOVING and where.last_sign_at is not None:
            silent = [found for found in self.findings if found.finding in NO_SIGN_OF_LIFE]
            known = silent[-1].last_seen_at if silent else None
            if silent and not self.parcel_status and (known is None or where.last_sign_at > known):
                self._turned_up("moving", where.last_sign_at, None, expected_by, at)
                if self.is_open and self.standing is None:
                    self.wait_on("carrier", by="system", at=at)

    def _arrived(self, delivered_at: datetime, at: datetime) -> None:
        disputes = [x for x in self.findings if x.finding in DISPUTES_DELIVERY]
        known = max((max(x.found_at, x.last_seen_at or x.found_at) for x in disputes), default=None)
        if self.parcel_status == DELIVERED or (known is not None and delivered_at <= known):
            return
        self._turned_up(DELIVERED, delivered_at, delivered_at, None, at)
        if self.is_open and self.standing is None and self.under_way is None:
            self.close("delivered", "the parcel arrived", by="system", at=at)

    def _turned_up(
        self, status: str, seen_at: datetime, delivered_at: datetime | None, expected_by: datetime | None, at: datetime
    ) -> None:
        self.record(
            e.ParcelTurnedUp,
            at=at,
            status=status,
            seen_at=seen_at,
            remedy=self.standing.remedy if self.standing else "",
            delivered_at=delivered_at,
            expected_by=expected_by,
        )

    def end(self, outcome: str, reason: str, *, by: str, at: datetime) -> None:
        """An agent ends the case, with an outcome that the facts show."""
        self.require_open()
        if under_way := self.under_way:
            raise errors.RemedyUnderWay(
                f"the {under_way.remedy} by {under_way.by} is {under_way.state}; the case ends with it",
                remedy_id=under_way.id,
                state=under_way.state,
            )
        done = {x.remedy for x in self.remedies.values() if x.state == r.DONE}
        shown = {
            "delivered": self.parcel_status == DELIVERED,
            "reshipped": RESHIP in done,
            "refunded": REFUND in done,
            "no_trouble": True,
            "duplicate": True,
        }
        if not shown.get(outcome, False):
            allowed = ", ".join(name for name, is_shown in shown.items() if is_shown)
            raise errors.OutcomeNotShown(
                f"no fact shows that the case ended as {outcome!r}; possible now: {allowed}", allowed=allowed
            )
        self.close(outcome, reason, by=by, at=at)
