"""Complaints and investigations in the contract's words. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from typing import Any

from aftercare.common.v1 import case_pb2, command_pb2, decision_pb2
from aftercare.quality_complaints.v1 import model_pb2, self_service_pb2

from casework import ApprovalRequest, DecisionRecord, NextAction, Note, tell
from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from desk import presenting as desk
from services.quality_complaints.application.investigating import RULE
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.remedy import Remedy
from services.quality_complaints.domain.values import REFUND
from services.quality_complaints.queries import HistoryEntry
from services.quality_complaints.read_model import rows
from services.quality_complaints.sentences import SENTENCES

RPCS = {"resolve": "ResolveComplaint"}
_MINE = {"received": "received", "assessed": "assessed", "investigated": "investigated", "remedy": "assessed"}


def actor(id: str, role: str = "") -> command_pb2.Actor:
    """Who did something; our own rules and timers are the service."""
    return command_pb2.Actor(kind="service" if id in ("", "system", RULE) else "agent", id=id, role=role)


def summary(row: Mapping[str, Any]) -> case_pb2.CaseSummary:
    """A row of the list of complaints."""
    return case_pb2.CaseSummary(
        case_id=str(row["id"]),
        kind="complaint",
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        state=row["state"],
        trouble=row["trouble"],
        assignee=row["assignee"],
        waiting_on=row["waiting_on"],
        opened_at=timestamp_to_proto(row["opened_at"]),
        updated_at=timestamp_to_proto(row["updated_at"]),
        due_at=timestamp_to_proto(row["due_at"]),
        version=row["version"],
        etag=etag_of(row["id"], row["version"]),
    )


def summary_of(complaint: Complaint) -> case_pb2.CaseSummary:
    """The same of a complaint as the log has it."""
    return summary(next(row.values for row in rows(complaint) if row.table == "cases"))


def complaint(found: Complaint, actions: Sequence[NextAction]) -> model_pb2.Complaint:
    """A whole complaint."""
    judged = found.assessment
    return model_pb2.Complaint(
        summary=summary_of(found),
        line_id=found.line_id,
        sku=found.sku,
        quantity=found.quantity,
        lot_id=found.lot_id,
        lot_source="inferred" if found.lot_source == "picking" else found.lot_source,
        symptom=found.symptom,
        remedy_sought=found.remedy_sought,
        assessment=model_pb2.Assessment(
            severity=judged.severity,
            safety=judged.safety,
            urgency=judged.urgency,
            assessed_by=actor(judged.by),
            assessed_at=timestamp_to_proto(judged.at),
        )
        if judged
        else None,
        investigation_id=str(found.investigation_id or ""),
        remedies=[_remedy(remedy) for remedy in found.remedies.values()],
        approvals=[approval(found, asked) for asked in found.approvals.values()],
        notes=[note(written) for written in found.notes],
        next_actions=[next_action(action) for action in actions],
        decision_ids=[str(id) for id in reversed(found.decisions)],
    )


def my_complaint(found: Complaint) -> self_service_pb2.MyComplaint:
    """A complaint as its customer sees it."""
    standing = found.standing
    amount = standing.amount or standing.value if standing and standing.remedy == REFUND else None
    return self_service_pb2.MyComplaint(
        case_id=str(found.id),
        order_id=found.order_id,
        line_id=found.line_id,
        symptom=found.symptom,
        state=_MINE.get(found.state, found.state),
        remedy=standing.remedy if standing else "",
        remedy_state=standing.state if standing else "",
        amount=money_to_proto(amount) if amount else None,
        received_at=timestamp_to_proto(found.opened_at),
    )


def investigation(found: Investigation) -> model_pb2.Investigation:
    """A whole investigation."""
    cause = found.cause
    return model_pb2.Investigation(
        investigation_id=str(found.id),
        shop_id=found.shop_id,
        sku=found.sku,
        lot_id=found.lot_id,
        symptom=found.symptom,
        state=found.state,
        members=[
            model_pb2.Investigation.Member(
                case_id=str(member.case_id),
                order_id=member.order_id,
                customer_id=member.customer_id,
                joined_at=timestamp_to_proto(member.joined_at),
                joined_by=member.joined_by,
            )
            for member in found.members.values()
        ],
        evidence=[
            model_pb2.Investigation.Evidence(
                return_id=unit.return_id,
                order_id=unit.order_id,
                customer_id=unit.customer_id,
                line_id=unit.line_id,
                unit=unit.unit,
                taken_at=timestamp_to_proto(unit.taken_at),
            )
            for unit in found.evidence.values()
        ],
        root_cause=model_pb2.RootCause(
            cause=cause.cause,
            escape_point=cause.escape_point,
            description=cause.description,
            recorded_by=actor(cause.by),
            recorded_at=timestamp_to_proto(cause.at),
        )
        if cause
        else None,
        opened_at=timestamp_to_proto(found.created_on),
        opened_by=actor(found.opened_by),
        version=found.version,
        etag=etag_of(found.id, found.version),
        containment=found.containment,
        containment_lifted=found.lifted,
    )


def story_entry(entry: HistoryEntry) -> case_pb2.StoryEntry:
    """One line of a complaint's story."""
    line = tell(entry.event, SENTENCES)
    decision = str(entry.event.decision.id) if isinstance(entry.event, e.ComplaintAssessed) else ""
    return case_pb2.StoryEntry(
        at=timestamp_to_proto(line.at),
        event_id=f"{entry.event.originator_id}.{entry.event.originator_version}",
        position=entry.position,
        what=line.what,
        text=line.text,
        actor=actor(line.by or entry.meta.get("by", ""), getattr(entry.event, "role", "")),
        facts={name: value for name, value in line.facts.items() if name != "decision"},
        decision_id=decision,
    )


def next_action(action: NextAction) -> case_pb2.NextAction:
    """Something that may be done next, or why not."""
    return case_pb2.NextAction(
        rpc=action.rpc,
        label=action.label,
        arguments=dict(action.arguments),
        why=action.why,
        recommended=action.recommended,
        needs_approval=action.needs_approval,
        refused=not action.allowed,
    )


def note(written: Note) -> case_pb2.Note:
    """An agent's note; empty once the customer was forgotten."""
    return case_pb2.Note(
        note_id=str(written.id),
        author=actor(written.by),
        at=timestamp_to_proto(written.at),
        text=written.text.text or "",
    )


def approval(found: Complaint, asked: ApprovalRequest) -> case_pb2.Approval:
    """What a second person was asked."""
    return desk.approval(found.id, asked, RPCS.get(asked.action, asked.action))


def decision(found: Complaint, record: DecisionRecord) -> decision_pb2.Decision:
    """Why something was proposed."""
    return decision_pb2.Decision(
        decision_id=str(record.id),
        case_id=str(found.id),
        question=record.question,
        outcome=record.outcome,
        policy_id=record.policy,
        policy_version=record.policy_version,
        decided_at=timestamp_to_proto(record.decided_at),
        decided_by=actor(record.decided_by),
        facts=record.facts,
        clauses=[
            decision_pb2.Decision.Clause(clause_id=c.id, verdict=c.verdict, text=c.text, source=c.source)
            for c in record.clauses
        ],
        alternatives=[
            decision_pb2.Decision.Alternative(outcome=a.outcome, why_not=a.why_not) for a in record.alternatives
        ],
    )


def _remedy(remedy: Remedy) -> model_pb2.Remedy:
    return model_pb2.Remedy(
        remedy_id=remedy.id,
        remedy=remedy.remedy,
        state=remedy.state,
        amount=money_to_proto(remedy.amount or remedy.value),
        reference=remedy.reference,
        decided_by=actor(remedy.by, remedy.role),
        decided_at=timestamp_to_proto(remedy.at),
        reason=remedy.reason,
        given_by="; ".join(f"{given.by or given.requester} in case {given.case_id}" for given in remedy.given),
    )
