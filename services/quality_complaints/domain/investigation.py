"""One possible cause, looked into for all the complaints and returned units that may share it.

Each joins and leaves, at most once at a time; a new one opens a closed investigation again.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Invalid, applies, derived_id, numbered
from services.quality_complaints.domain import errors
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain.returned_events import EvidenceLetGo, EvidenceTaken, ReopenedByUnit
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from services.quality_complaints.domain.values import Evidence, Member, RootCause

OUTCOMES = ("cause_fixed", "no_defect", "duplicate")
STOPPING = frozenset({"asked", "requested", "accepted", "done", "unknown"})


class Investigation(Aggregate, topic="quality_complaints.Investigation"):
    """Goods of one SKU, of one lot or of every lot."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.sku = ""
        self.lot_id = ""
        self.symptom = ""
        self.opened_by = ""
        self.members: dict[UUID, Member] = {}
        self.evidence: dict[UUID, Evidence] = {}
        self.cause: RootCause | None = None
        self.outcome = ""
        self.containment = ""  # what became of the last request: asked, requested, accepted, done, refused, unknown
        self.containment_id = ""
        self.containments = 0
        self.lifted = False

    @staticmethod
    def id_of(shop_id: str, sku: str, lot_id: str, symptom: str = "") -> UUID:
        """The one investigation of these goods: whoever opens it, or joins it, meets the others there. Of one lot there
        is one, whatever the symptom; of every lot there is one for each symptom."""
        return derived_id("quality_complaints.investigation", shop_id, sku, lot_id, "" if lot_id else symptom)

    @classmethod
    def open(cls, shop_id: str, sku: str, lot_id: str, symptom: str = "", *, by: str, at: datetime) -> "Investigation":
        """Look into it."""
        key = cls.id_of(shop_id, sku, lot_id, symptom)
        return cls.start(
            e.InvestigationOpened, id=key, at=at, shop_id=shop_id, sku=sku, lot_id=lot_id, symptom=symptom, by=by
        )

    @property
    def state(self) -> str:
        """open, cause_found, or closed."""
        if self.outcome:
            return "closed"
        return "cause_found" if self.cause is not None else "open"

    @property
    def is_contained(self) -> bool:
        """The shop was asked to stop sending it, and has not said no."""
        return self.containment in STOPPING and not self.lifted

    def join(
        self, case_id: UUID, *, sku: str, lot_id: str, order_id: str, customer_id: str, by: str, at: datetime
    ) -> bool:
        """Take in a complaint about the same goods. False where it is in already."""
        if sku != self.sku or (self.lot_id and lot_id and lot_id != self.lot_id):
            raise errors.OtherGoods(
                f"the complaint is about {sku} lot {lot_id or 'unknown'}, the investigation about {self.sku} "
                f"lot {self.lot_id or 'any'}",
                sku=sku,
                lot_id=lot_id,
            )
        if case_id in self.members:
            return False
        if self.outcome:
            self.record(e.InvestigationReopened, at=at, case_id=case_id)
        self.record(e.MemberJoined, at=at, case_id=case_id, order_id=order_id, customer_id=customer_id, by=by)
        return True

    def leave(self, case_id: UUID, reason: str, *, by: str, at: datetime) -> None:
        """A complaint was about something else."""
        if case_id not in self.members:
            raise errors.NotAMember(f"complaint {case_id} is not in this investigation", case_id=case_id)
        self.record(e.MemberLeft, at=at, case_id=case_id, reason=reason, by=by)

    def take(self, unit: ReturnedUnit, *, at: datetime) -> None:
        """Take in a unit that came back, once."""
        if unit.id in self.evidence:
            return
        if self.outcome:
            self.record(ReopenedByUnit, at=at, returned_unit_id=unit.id)
        self.record(
            EvidenceTaken,
            at=at,
            returned_unit_id=unit.id,
            return_id=unit.here.return_id if unit.here else "",
            order_id=unit.order_id,
            customer_id=unit.customer_id,
            line_id=unit.line_id,
            unit=unit.unit,
        )

    def let_go(self, returned_unit_id: UUID, *, at: datetime) -> None:
        """It speaks for nothing here any more."""
        if returned_unit_id in self.evidence:
            self.record(EvidenceLetGo, at=at, returned_unit_id=returned_unit_id)

    def contain(self, *, lifted: bool, by: str, at: datetime, incarnation: int = 1) -> str:
        """Ask the shop to send nothing more of it, or to send it again; gives the request's id."""
        self._require_open()
        if lifted != self.is_contained:
            raise errors.AlreadyContained("the lot is stopped already" if not lifted else "the lot is not stopped")
        key = f"qi.{self.id}.{numbered(self.containments + 1, incarnation)}"
        self.record(e.ContainmentAsked, at=at, request_id=key, lifted=lifted, by=by)
        return key

    def containment_answered(self, request_id: str, state: str, reason: str, *, at: datetime) -> None:
        """What became of the request; a proof that it was done is not unsaid by a later word."""
        if request_id == self.containment_id and state != self.containment and self.containment != "done":
            self.record(e.ContainmentAnswered, at=at, request_id=request_id, state=state, reason=reason)

    def find_cause(self, cause: str, *, escape_point: str, description: str, by: str, at: datetime) -> None:
        """The cause is known; said again with other words, the later ones count."""
        self._require_open()
        if self.cause is None or (cause, escape_point, description) != (
            self.cause.cause,
            self.cause.escape_point,
            self.cause.description,
        ):
            self.record(e.CauseRecorded, at=at, cause=cause, escape_point=escape_point, description=description, by=by)

    def close(self, outcome: str, *, by: str, at: datetime) -> None:
        """End it."""
        if outcome not in OUTCOMES:
            raise Invalid("outcome", f"{outcome!r} is no outcome; there are {', '.join(OUTCOMES)}")
        self._require_open()
        if outcome == "cause_fixed" and self.cause is None:
            raise errors.OutcomeNotShown("no cause was recorded that could have been fixed", outcome=outcome)
        self.record(e.InvestigationClosed, at=at, outcome=outcome, by=by)

    def _require_open(self) -> None:
        if self.outcome:
            raise errors.InvestigationIsClosed(f"the investigation was closed ({self.outcome})", outcome=self.outcome)

    @applies(e.InvestigationOpened)
    def _on_opened(self, event: e.InvestigationOpened) -> None:
        self.shop_id, self.sku, self.lot_id = event.shop_id, event.sku, event.lot_id
        self.symptom, self.opened_by = event.symptom, event.by

    @applies(e.MemberJoined)
    def _on_joined(self, event: e.MemberJoined) -> None:
        member = Member(event.case_id, event.order_id, event.customer_id, event.timestamp, event.by)
        self.members[event.case_id] = member

    @applies(e.MemberLeft)
    def _on_left(self, event: e.MemberLeft) -> None:
        self.members.pop(event.case_id, None)

    @applies(EvidenceTaken)
    def _on_evidence_taken(self, event: EvidenceTaken) -> None:
        self.evidence[event.returned_unit_id] = Evidence(
            event.return_id, event.order_id, event.customer_id, event.line_id, event.unit, event.timestamp
        )

    @applies(ReopenedByUnit)
    def _on_reopened_by_unit(self, event: ReopenedByUnit) -> None:
        self.outcome = ""

    @applies(EvidenceLetGo)
    def _on_evidence_let_go(self, event: EvidenceLetGo) -> None:
        self.evidence.pop(event.returned_unit_id, None)

    @applies(e.ContainmentAsked)
    def _on_containment_asked(self, event: e.ContainmentAsked) -> None:
        self.containment, self.containment_id, self.lifted = "asked", event.request_id, event.lifted
        self.containments += 1

    @applies(e.ContainmentAnswered)
    def _on_containment_answered(self, event: e.ContainmentAnswered) -> None:
        self.containment = event.state

    @applies(e.CauseRecorded)
    def _on_cause(self, event: e.CauseRecorded) -> None:
        self.cause = RootCause(event.cause, event.escape_point, event.description, event.by, event.timestamp)

    @applies(e.InvestigationClosed)
    def _on_closed(self, event: e.InvestigationClosed) -> None:
        self.outcome = event.outcome

    @applies(e.InvestigationReopened)
    def _on_reopened(self, event: e.InvestigationReopened) -> None:
        self.outcome = ""
