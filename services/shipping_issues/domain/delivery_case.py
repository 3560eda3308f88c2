"""One trouble of one parcel, from the finding to its end.

Guarantee: a trouble has one case; at most one reshipment or refund stands at a time, and whoever comes
second is told who did it, what and when. Goods are asked of the shop only after the ledger's reservation is
stored.
"""

from datetime import datetime
from uuid import UUID

from casework import DecisionRecord
from chassis.domain import Money, Personal, derived_id
from services.shipping_issues.domain import errors
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain import remedy as r
from services.shipping_issues.domain.case_state import DeliveryCaseState
from services.shipping_issues.domain.finding import Finding
from services.shipping_issues.domain.guidelines import NO_SIGN_OF_LIFE, REFUND, RESHIP, FindingGuideline
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import (
    DELIVERED,
    IN_TRANSIT,
    OUT_FOR_DELIVERY,
    READY_FOR_PICKUP,
    Content,
    Given,
)

ENDINGS = ("delivered", "reshipped", "refunded", "no_trouble", "duplicate")
_REOPENED_BY_NEWS = frozenset({"delivered", "no_trouble"})
_NO_ADDRESS = ""

MOVING = (IN_TRANSIT, OUT_FOR_DELIVERY, READY_FOR_PICKUP)
DISPUTES_DELIVERY = frozenset({"not_received", "damaged"})


class DeliveryCase(DeliveryCaseState, topic="shipping_issues.DeliveryCase"):
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
        are given again, or a person closed it so, the old parcel's troubles say nothing more."""
        if self.standing is not None or (not self.is_open and self.outcome not in _REOPENED_BY_NEWS):
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

    def check_remedy(self, remedy: str, guideline_version: str) -> None:
        """Whether a remedy may be decided now; raises the refusal."""
        if remedy in r.COMPENSATES:
            self._require_nothing_standing(remedy)  # first: who did it says more than that the case is closed
        self.require_open()
        if same := next((x for x in self.remedies.values() if x.remedy == remedy and x.is_under_way), None):
            raise _already(same, remedy)
        if remedy not in self.proposals:
            allowed = ", ".join(self.proposals) or "nothing"
            raise errors.NotProposed(
                f"guideline {guideline_version} does not allow {_words(remedy)} for {_words(self.finding)}; "
                f"it allows {_words(allowed)}",
                remedy=remedy,
                finding=self.finding,
                allowed=allowed,
                guideline_version=guideline_version,
            )
        if self.parcel_status == DELIVERED and self.finding not in DISPUTES_DELIVERY:
            when = self.delivered_at.isoformat() if self.delivered_at else ""
            raise errors.ParcelHasArrived(f"the parcel was delivered at {when}", delivered_at=when)

    def ask_remedy(
        self,
        remedy: str,
        *,
        guideline_version: str,
        reason: str,
        units: tuple[Content, ...] = (),
        value: Money | None = None,
        amount: Money | None = None,
        address: str = _NO_ADDRESS,
        service_level: str = "",
        approved_by: str = "",
        by: str,
        role: str,
        at: datetime,
    ) -> str:
        """Decide on a remedy; gives its id."""
        self.check_remedy(remedy, guideline_version)
        key = r.remedy_id(self.id, len(self.remedies) + 1)
        self.record(
            e.RemedyAsked,
            at=at,
            remedy_id=key,
            remedy=remedy,
            reason=reason,
            units=units,
            value=value,
            amount=amount,
            address=Personal(self.customer_id, address or None),
            service_level=service_level,
            approved_by=approved_by,
            by=by,
            role=role,
        )
        self.wait_on("shop", by=by, at=at)
        return key

    def reserve(self, key: str, amount: Money | None, hold_until: datetime | None, *, at: datetime) -> bool:
        """The ledger keeps it. True where the shop may now be asked for goods."""
        if self._remedy(key).state != r.ASKED:
            return False
        self.record(e.RemedyReserved, at=at, remedy_id=key, amount=amount, hold_until=hold_until)
        return self._remedy(key).remedy in r.BY_THE_SHOP

    def delay(self, key: str, reason: str, *, at: datetime) -> None:
        """The ledger cannot say yet."""
        if self._remedy(key).state == r.ASKED and self._remedy(key).reason != reason:
            self.record(e.RemedyDelayed, at=at, remedy_id=key, reason=reason)

    def refuse(self, key: str, reason: str, left: Money | None, given: tuple[Given, ...], *, at: datetime) -> None:
        """The ledger says no."""
        if self._remedy(key).state == r.ASKED:
            self.record(e.RemedyRefused, at=at, remedy_id=key, reason=reason, left=left, given=given)
            self._back_to_agent(at)

    def requested(self, key: str, *, at: datetime) -> None:
        """The shop was asked."""
        if self._remedy(key).state in (r.ASKED, r.RESERVED):
            self.record(e.RemedyRequested, at=at, remedy_id=key)

    def uncertain(self, key: str, reason: str, *, at: datetime) -> None:
        """Nobody answered in time."""
        if self._remedy(key).state in (r.RESERVED, r.REQUESTED, r.ACCEPTED):
            self.record(e.RemedyUncertain, at=at, remedy_id=key, reason=reason)
            self._back_to_agent(at)

    def accept(self, key: str, reference: str, expected_by: datetime | None, *, at: datetime) -> None:
        """The shop will do it."""
        if self._remedy(key).state in (r.RESERVED, r.REQUESTED, r.UNKNOWN):
            self.record(e.RemedyAccepted, at=at, remedy_id=key, reference=reference, expected_by=expected_by)

    def finish(self, key: str, reference: str, amount: Money | None, *, at: datetime) -> None:
        """A proof that it was done counts in every state; the case closes with it."""
        remedy = self._remedy(key)
        if remedy.state == r.DONE:
            return
        self.record(e.RemedyDone, at=at, remedy_id=key, reference=reference, amount=amount)
        if self.is_open and remedy.remedy in r.COMPENSATES:
            self.close("reshipped" if remedy.remedy == RESHIP else "refunded", "", by="system", at=at)

    def fail(self, key: str, reason: str, *, at: datetime) -> None:
        """It will not be done, or did not last."""
        remedy = self._remedy(key)
        if remedy.state in (r.REFUSED, r.FAILED, r.RELEASED) or (remedy.state == r.DONE and remedy.remedy != REFUND):
            return
        self.record(e.RemedyFailed, at=at, remedy_id=key, reason=reason)
        if not self.is_open:
            self.reopen(f"{remedy.remedy} failed: {reason}", by="system", at=at)
        self._back_to_agent(at)

    def withdraw(self, key: str, reason: str, *, by: str, at: datetime) -> None:
        """Take a remedy back before anything was carried out."""
        remedy = self._remedy(key)
        if remedy.state == r.RELEASED:
            return
        early = (r.ASKED,) if remedy.remedy in r.BY_THE_SHOP else (r.ASKED, r.RESERVED)
        if remedy.state not in early:
            raise errors.RemedyUnderWay(
                f"the {remedy.remedy} by {remedy.by} is {remedy.state} and cannot be taken back",
                remedy_id=key,
                state=remedy.state,
                by=remedy.by,
            )
        self.record(e.RemedyWithdrawn, at=at, remedy_id=key, reason=reason, by=by)
        self._back_to_agent(at)

    def not_released(self, key: str, state: str, *, at: datetime) -> None:
        """The ledger says that the withdrawal came too late."""
        if self._remedy(key).state == r.RELEASED:
            self.record(e.RemedyNotReleased, at=at, remedy_id=key, state=state)

    def overdue(self, key: str, *, at: datetime) -> None:
        """The ledger asks what became of it: an agent looks."""
        if self._remedy(key).is_under_way:
            self.record(e.RemedyOverdue, at=at, remedy_id=key)
            if self.is_open:
                self.escalate("escalations", f"{self._remedy(key).remedy} overdue", by="system", at=at)

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

    def _remedy(self, key: str) -> r.Remedy:
        if key not in self.remedies:
            raise errors.RemedyUnknown(f"there is no remedy {key} in this case", remedy_id=key)
        return self.remedies[key]

    def _require_nothing_standing(self, wanted: str) -> None:
        if self.standing is not None:
            raise _already(self.standing, wanted)

    def _back_to_agent(self, at: datetime) -> None:
        if self.is_open:
            self.wait_on("agent", by="system", at=at)


def _already(standing: r.Remedy, wanted: str) -> errors.AlreadyRemedied:
    when = standing.at.strftime("%Y-%m-%d %H:%M UTC")
    return errors.AlreadyRemedied(
        f"{standing.by} decided on a {_words(standing.remedy)} at {when}; it is {standing.state}, so no "
        f"{_words(wanted)} now",
        remedy_id=standing.id,
        remedy=standing.remedy,
        by=standing.by,
        at=standing.at.isoformat(),
        state=standing.state,
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
