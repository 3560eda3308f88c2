"""What a complaint knows, and how each of its facts changes it.

The fold only sets attributes; it decides nothing and reads no clock.
"""

from datetime import datetime
from uuid import UUID

from casework import Case, DecisionRecord
from chassis.domain import Money, Personal, applies
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain import remedy as r
from services.quality_complaints.domain.values import Assessment


class ComplaintState(Case):
    """State and fold of `Complaint`."""

    def __init__(self) -> None:
        super().__init__()
        self.line_id = ""
        self.sku = ""
        self.quantity = 0
        self.symptom = ""
        self.lot_id = ""
        self.lot_source = ""
        self.remedy_sought = ""
        self.safety = False
        self.description = Personal("", None)
        self.acknowledged_at: datetime | None = None
        self.assessment: Assessment | None = None
        self.proposals: tuple[str, ...] = ()
        self.investigation_id: UUID | None = None
        self.remedies: dict[str, r.Remedy] = {}
        self.decisions: dict[UUID, DecisionRecord] = {}
        self.resolved_at: datetime | None = None
        self.verified_at: datetime | None = None

    @property
    def standing(self) -> r.Remedy | None:
        """The remedy that is under way or done."""
        return next((remedy for remedy in self.remedies.values() if remedy.stands), None)

    @property
    def state(self) -> str:
        """The roll-up: received, assessed, investigated, remedy, resolved, or closed."""
        if not self.is_open:
            return "closed"
        if self.standing is not None:
            return "resolved" if self.standing.state == r.DONE else "remedy"
        if self.investigation_id is not None and self.assessment is not None:
            return "investigated"
        return "received" if self.assessment is None else "assessed"

    @applies(e.ComplaintReceived)
    def _on_received(self, event: e.ComplaintReceived) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue=event.queue,
            at=event.timestamp,
        )
        self.line_id, self.sku, self.quantity = event.line_id, event.sku, event.quantity
        self.symptom, self.safety = event.symptom, event.safety
        self.lot_id, self.lot_source = event.lot_id, event.lot_source
        self.remedy_sought, self.description = event.remedy_sought, event.description

    @applies(e.ComplaintAcknowledged)
    def _on_acknowledged(self, event: e.ComplaintAcknowledged) -> None:
        self.acknowledged_at = event.timestamp

    @applies(e.ComplaintAssessed)
    def _on_assessed(self, event: e.ComplaintAssessed) -> None:
        self.assessment = Assessment(event.severity, event.safety, event.urgency, event.by, event.timestamp)
        self.safety, self.symptom = event.safety, event.symptom
        self.decisions[event.decision.id] = event.decision
        self.proposals = tuple(event.decision.outcome.split(", ")) if event.decision.outcome != "none" else ()

    @applies(e.LotFound)
    def _on_lot(self, event: e.LotFound) -> None:
        self.lot_id, self.lot_source = event.lot_id, event.source

    @applies(e.InvestigationJoined)
    def _on_joined(self, event: e.InvestigationJoined) -> None:
        self.investigation_id = event.investigation_id

    @applies(e.InvestigationLeft)
    def _on_left(self, event: e.InvestigationLeft) -> None:
        self.investigation_id = None

    @applies(e.RemedyAsked)
    def _on_asked(self, event: e.RemedyAsked) -> None:
        self.remedies[event.remedy_id] = r.Remedy(
            id=event.remedy_id,
            remedy=event.remedy,
            state=r.ASKED,
            value=event.value,
            amount=event.amount,
            address=event.address,
            by=event.by,
            role=event.role,
            at=event.timestamp,
        )

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
        before = self.remedies[event.remedy_id]
        amount: Money | None = event.amount or before.amount
        reference = event.reference or before.reference
        self._move(event.remedy_id, r.DONE, reference=reference, amount=amount, reason="")
        self.resolved_at = event.timestamp

    @applies(e.RemedyFailed)
    def _on_failed(self, event: e.RemedyFailed) -> None:
        self._move(event.remedy_id, r.FAILED, reason=event.reason)
        self.resolved_at = self.verified_at = None

    @applies(e.RemedyWithdrawn)
    def _on_withdrawn(self, event: e.RemedyWithdrawn) -> None:
        self._move(event.remedy_id, r.RELEASED, reason=event.reason)

    @applies(e.RemedyNotReleased)
    def _on_not_released(self, event: e.RemedyNotReleased) -> None:
        self._move(event.remedy_id, r.UNKNOWN, reason=event.state)

    @applies(e.RemedyOverdue)
    def _on_overdue(self, event: e.RemedyOverdue) -> None:
        self._move(event.remedy_id, self.remedies[event.remedy_id].state, reason="overdue")

    @applies(e.ResolutionVerified)
    def _on_verified(self, event: e.ResolutionVerified) -> None:
        self.verified_at = event.timestamp

    def _move(self, key: str, state: str, **changes: object) -> None:
        self.remedies[key] = self.remedies[key].to(state, **changes)
