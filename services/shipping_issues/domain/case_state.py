"""What a delivery case knows, and how each of its facts changes it.

Guarantee: the fold only sets attributes; it decides nothing and reads no clock.
"""

from datetime import datetime
from uuid import UUID

from casework import Case, DecisionRecord
from chassis.domain import applies
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain import remedy as r
from services.shipping_issues.domain.finding import Finding
from services.shipping_issues.domain.guidelines import NO_SIGN_OF_LIFE


class DeliveryCaseState(Case):
    """State and fold of `DeliveryCase`."""

    def __init__(self) -> None:
        super().__init__()
        self.shipment_id = ""
        self.trouble = ""
        self.findings: list[Finding] = []
        self.choices: tuple[str, ...] = ()
        self.proposals: tuple[str, ...] = ()
        self.expected_by: datetime | None = None
        self.last_seen_at: datetime | None = None
        self.waits_until: datetime | None = None
        self.remedies: dict[str, r.Remedy] = {}
        self.parcel_status = ""
        self.delivered_at: datetime | None = None
        self.decisions: dict[UUID, DecisionRecord] = {}

    @property
    def trouble_id(self) -> str:
        """One story over all its findings, for whoever tells the customer."""
        return str(self.id)

    @property
    def finding(self) -> str:
        """What was found last."""
        return self.findings[-1].finding if self.findings else ""

    @property
    def standing(self) -> r.Remedy | None:
        """The reshipment or refund that is under way or done."""
        return next((x for x in self.remedies.values() if x.remedy in r.COMPENSATES and x.stands), None)

    @property
    def state(self) -> str:
        """The roll-up: open, waiting, remedy, or closed."""
        if not self.is_open:
            return "closed"
        if any(x.is_under_way for x in self.remedies.values()):
            return "remedy"
        return "waiting" if self.waits_until else "open"

    @property
    def under_way(self) -> r.Remedy | None:
        """A remedy that was decided and is not at an end."""
        return next((x for x in self.remedies.values() if x.is_under_way), None)

    @applies(e.DeliveryCaseOpened)
    def _on_opened(self, event: e.DeliveryCaseOpened) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue=event.queue,
            at=event.timestamp,
        )
        self.shipment_id, self.trouble = event.shipment_id, event.trouble

    @applies(e.ParcelAssigned)
    def _on_parcel(self, event: e.ParcelAssigned) -> None:
        self.shipment_id = event.shipment_id

    @applies(e.FindingMade)
    def _on_finding(self, event: e.FindingMade) -> None:
        self.findings.append(
            Finding(
                finding=event.finding,
                found_at=event.timestamp,
                noticed_by=event.noticed_by,
                responsibility=event.responsibility,
                carrier=event.carrier,
                tracking_number=event.tracking_number,
                promised_by=event.promised_by,
                hours_before_promise=event.hours_before_promise,
                expected_by=event.expected_by,
                last_seen_at=event.last_seen_at,
                last_seen_place=event.last_seen_place,
            )
        )
        self.choices, self.proposals = event.choices, event.proposals
        self.expected_by, self.last_seen_at = event.expected_by, event.last_seen_at
        self.decisions[event.decision.id] = event.decision
        self.waits_until = None
        if event.finding in NO_SIGN_OF_LIFE:
            self.parcel_status, self.delivered_at = "", None

    @applies(e.WaitDecided)
    def _on_wait(self, event: e.WaitDecided) -> None:
        self.waits_until = self.expected_by = event.expect_by

    @applies(e.WaitEnded)
    def _on_wait_ended(self, event: e.WaitEnded) -> None:
        self.waits_until = None

    @applies(e.RemedyAsked)
    def _on_asked(self, event: e.RemedyAsked) -> None:
        self.remedies[event.remedy_id] = r.Remedy(
            id=event.remedy_id,
            remedy=event.remedy,
            state=r.ASKED,
            units=event.units,
            value=event.value,
            amount=event.amount,
            address=event.address,
            service_level=event.service_level,
            by=event.by,
            role=event.role,
            at=event.timestamp,
        )
        self.waits_until = None

    @applies(e.RemedyReserved)
    def _on_reserved(self, event: e.RemedyReserved) -> None:
        amount = event.amount or self.remedies[event.remedy_id].amount
        self._move(event.remedy_id, r.RESERVED, amount=amount, reason="")

    @applies(e.RemedyDelayed)
    def _on_delayed(self, event: e.RemedyDelayed) -> None:
        self._move(event.remedy_id, r.ASKED, reason=event.reason)

    @applies(e.RemedyRefused)
    def _on_refused(self, event: e.RemedyRefused) -> None:
        self._move(event.remedy_id, r.REFUSED, reason=event.reason, left=event.left, given=event.given)

    @applies(e.RemedyRequested)
    def _on_requested(self, event: e.RemedyRequested) -> None:
        self._move(event.remedy_id, r.REQUESTED)

    @applies(e.RemedyUncertain)
    def _on_uncertain(self, event: e.RemedyUncertain) -> None:
        self._move(event.remedy_id, r.UNKNOWN, reason=event.reason)

    @applies(e.RemedyAccepted)
    def _on_accepted(self, event: e.RemedyAccepted) -> None:
        self._move(event.remedy_id, r.ACCEPTED, reference=event.reference, reason="")

    @applies(e.RemedyDone)
    def _on_done(self, event: e.RemedyDone) -> None:
        known = self.remedies[event.remedy_id]
        reference, amount = event.reference or known.reference, event.amount or known.amount
        self._move(event.remedy_id, r.DONE, reference=reference, amount=amount, reason="")

    @applies(e.RemedyFailed)
    def _on_failed(self, event: e.RemedyFailed) -> None:
        self._move(event.remedy_id, r.FAILED, reason=event.reason)

    @applies(e.RemedyWithdrawn)
    def _on_withdrawn(self, event: e.RemedyWithdrawn) -> None:
        self._move(event.remedy_id, r.RELEASED, reason=event.reason)

    @applies(e.RemedyNotReleased)
    def _on_not_released(self, event: e.RemedyNotReleased) -> None:
        self._move(event.remedy_id, r.REQUESTED, reason=f"release came too late: {event.state}")

    @applies(e.RemedyOverdue)
    def _on_overdue(self, event: e.RemedyOverdue) -> None:
        self._move(event.remedy_id, self.remedies[event.remedy_id].state, reason="overdue")

    @applies(e.ParcelTurnedUp)
    def _on_turned_up(self, event: e.ParcelTurnedUp) -> None:
        self.parcel_status, self.delivered_at = event.status, event.delivered_at
        self.expected_by = event.expected_by

    def _move(self, remedy_id: str, state: str, **changes: object) -> None:
        self.remedies[remedy_id] = self.remedies[remedy_id].to(state, **changes)
