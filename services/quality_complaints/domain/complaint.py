"""One customer's complaint about goods, from the first word to the proof that it was put right.

A complaint is not yet a defect: it is assessed, looked into together with others, put right (`remedying.py`) and closed
only with an outcome that the facts show.
"""

from datetime import datetime, timedelta
from uuid import UUID

from casework import DecisionRecord
from chassis.domain import Invalid, Personal, subject_of
from services.quality_complaints.domain import errors
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain.remedying import Remedying
from services.quality_complaints.domain.values import (
    AGENT,
    PICKED,
    REFUND,
    REPAIR,
    REPLACEMENT,
    SEVERITIES,
    STATED,
    URGENCIES,
)

OUTCOME_OF = {REPLACEMENT: "replaced", REPAIR: "repaired", REFUND: "refunded"}
OUTCOMES = (*OUTCOME_OF.values(), "no_defect", "duplicate", "withdrawn")
_PROVEN = frozenset({STATED, AGENT})


class Complaint(Remedying, topic="quality_complaints.Complaint"):
    """A complaint about units of one order line."""

    @classmethod
    def receive(
        cls,
        id: UUID,
        *,
        shop_id: str,
        order_id: str,
        customer_id: str,
        line_id: str,
        sku: str,
        quantity: int,
        symptom: str,
        lot_id: str,
        remedy_sought: str,
        safety: bool,
        description: str,
        channel: str,
        queue: str,
        by: str,
        at: datetime,
    ) -> "Complaint":
        """A customer says that something is wrong with the goods."""
        return cls.start(
            e.ComplaintReceived,
            id=id,
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            line_id=line_id,
            sku=sku,
            quantity=quantity,
            symptom=symptom,
            lot_id=lot_id,
            lot_source=STATED if lot_id else "",
            remedy_sought=remedy_sought,
            safety=safety,
            description=Personal(subject_of(shop_id, customer_id), description or None),
            channel=channel,
            queue=queue,
            by=by,
        )

    def acknowledge(self, message_id: str, *, at: datetime) -> None:
        """The customer has been told that we look into it."""
        if self.acknowledged_at is None:
            self.record(e.ComplaintAcknowledged, at=at, message_id=message_id)

    def assess(
        self,
        severity: str,
        *,
        safety: bool,
        urgency: str,
        symptom: str,
        decision: DecisionRecord,
        by: str,
        at: datetime,
    ) -> None:
        """Judge how bad it is; judged again, the later judgement counts."""
        self.require_open()
        for field, value, known in (("severity", severity, SEVERITIES), ("urgency", urgency, URGENCIES)):
            if value not in known:
                raise Invalid(field, f"{value!r} is none of {', '.join(known)}")
        judged = self.assessment
        symptom = symptom or self.symptom
        if judged is None or (judged.severity, judged.safety, judged.urgency, self.symptom) != (
            severity,
            safety,
            urgency,
            symptom,
        ):
            self.record(
                e.ComplaintAssessed,
                at=at,
                severity=severity,
                safety=safety,
                urgency=urgency,
                symptom=symptom,
                decision=decision,
                by=by,
            )

    def state_lot(self, lot_id: str, *, by: str, at: datetime) -> None:
        """A person found out what lot it is."""
        if lot_id and (lot_id, AGENT) != (self.lot_id, self.lot_source):
            self.record(e.LotFound, at=at, lot_id=lot_id, source=AGENT, by=by)

    def infer_lot(self, lot_id: str, *, at: datetime) -> bool:
        """Picking shows the lot. It never unsays what the goods or a person said. True where that is news."""
        if not lot_id or self.lot_source in _PROVEN or lot_id == self.lot_id:
            return False
        self.record(e.LotFound, at=at, lot_id=lot_id, source=PICKED, by="system")
        return True

    def join(self, investigation_id: UUID, complaints: int, *, by: str, at: datetime) -> None:
        """It is looked into together with others."""
        if investigation_id != self.investigation_id:
            self.record(e.InvestigationJoined, at=at, investigation_id=investigation_id, complaints=complaints, by=by)

    def leave(self, reason: str, *, by: str, at: datetime) -> None:
        """It was about something else."""
        if self.investigation_id is None:
            raise errors.NotAMember("the complaint is in no investigation", case_id=self.id)
        self.record(e.InvestigationLeft, at=at, investigation_id=self.investigation_id, reason=reason, by=by)

    def holds_at(self, after: timedelta) -> datetime | None:
        """When the customer's silence shows that what was done holds; None where that cannot be said."""
        if not self.is_open or self.resolved_at is None or self.standing is None or self.standing.is_under_way:
            return None
        wrote = [message.at for message in self.messages.values() if not message.by]
        return None if any(at > self.resolved_at for at in wrote) else self.resolved_at + after

    def verify(self, how: str, *, by: str, at: datetime) -> None:
        """What was done holds."""
        if self.resolved_at is not None and self.verified_at is None:
            self.record(e.ResolutionVerified, at=at, how=how, by=by)

    def end(self, outcome: str, *, by: str, at: datetime) -> None:
        """Close it with an outcome that the facts show."""
        self.require_open()
        if outcome not in OUTCOMES:
            raise Invalid("outcome", f"{outcome!r} is no outcome; there are {', '.join(OUTCOMES)}")
        standing = self.standing
        if standing is not None and standing.is_under_way:
            raise errors.RemedyUnderWay(
                f"the {standing.remedy} by {standing.by} is {standing.state}", remedy_id=standing.id, by=standing.by
            )
        shown = OUTCOME_OF[standing.remedy] if standing is not None else ""
        if outcome != shown and (shown or outcome in OUTCOME_OF.values()):
            raise errors.OutcomeNotShown(
                f"the facts show {shown or 'no remedy'}, not {outcome}", shown=shown, outcome=outcome
            )
        if outcome == "no_defect" and self.assessment is None:
            raise errors.NotAssessed("nobody has judged the complaint yet")
        if standing is not None:
            self.verify("person" if by != "system" else "silence", by=by, at=at)
        self.close(outcome, "", by=by, at=at)
