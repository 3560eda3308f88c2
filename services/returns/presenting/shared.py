"""What every case has, in the contract's words: its story, what may be done next, notes, approvals, decisions."""

from aftercare.common.v1 import case_pb2, command_pb2, decision_pb2
from aftercare.returns.v1 import conformity_pb2, withdrawal_pb2
from aftercare.returns.v1 import model_pb2 as pb

from casework import ApprovalRequest, DecisionRecord, NextAction, Note, tell
from chassis.domain import Event
from chassis.grpc.convert import timestamp_to_proto
from desk import presenting as desk
from services.returns.domain.bundle import PartOf
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import parse_unit_id
from services.returns.queries import HistoryEntry
from services.returns.sentences import SENTENCES

SELF_SERVICE = "self_service"
"""The channel of what customers ask by themselves."""

PROGRAMS = ("", "system", "policy", "warehouse")


def unit_ref(unit_id: str) -> pb.UnitRef:
    """A unit by line and number; a replacement counts as the unit it stands for."""
    line_id, number = parse_unit_id(unit_id.partition("~")[0])
    return pb.UnitRef(line_id=line_id, unit=number)


def bundle(part_of: PartOf | None) -> pb.BundleRef | None:
    """The bundle of a unit; None where it was sold by itself."""
    return pb.BundleRef(bundle_id=part_of.bundle_id, sku=part_of.sku, title=part_of.title) if part_of else None


def actor(id: str, role: str = "") -> command_pb2.Actor:
    """Who did something; policy, timers and the warehouse's system are no persons."""
    return command_pb2.Actor(kind="service" if id in PROGRAMS else "agent", id=id, role=role)


def story_entry(entry: HistoryEntry) -> case_pb2.StoryEntry:
    """One line of a return's story."""
    line = tell(entry.event, SENTENCES)
    decision = getattr(entry.event, "decision", None)
    return case_pb2.StoryEntry(
        at=timestamp_to_proto(line.at),
        event_id=f"{entry.event.originator_id}.{entry.event.originator_version}",
        position=entry.position,
        what=line.what,
        text=line.text,
        actor=_actor_of(entry.event, line.by),
        facts=line.facts,
        decision_id=str(decision.id) if isinstance(decision, DecisionRecord) else "",
    )


def _actor_of(event: Event, by: str) -> command_pb2.Actor:
    """Self-service is open to customers only, so who asked there is one."""
    if getattr(event, "channel", "") == SELF_SERVICE:
        return command_pb2.Actor(kind="customer", id=by)
    return actor(by)


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
        would=dict(action.would),
    )


def hide_desks_own(shown: withdrawal_pb2.Withdrawal | conformity_pb2.Conformity) -> None:
    """What the desk says among itself of a file of the law is shown to no customer."""
    shown.ClearField("queue")
    shown.ClearField("waiting_on")
    shown.ClearField("assignee")
    shown.ClearField("notes")


def note(written: Note) -> case_pb2.Note:
    """An agent's note; empty once the customer was forgotten."""
    return case_pb2.Note(
        note_id=str(written.id),
        author=actor(written.by),
        at=timestamp_to_proto(written.at),
        text=written.text.text or "",
    )


def approval(case: ReturnCase, asked: ApprovalRequest) -> case_pb2.Approval:
    """What a second person was asked."""
    return desk.approval(case.id, asked, asked.action)


def decision(case_id: str, record: DecisionRecord) -> decision_pb2.Decision:
    """Why something was decided."""
    return decision_pb2.Decision(
        decision_id=str(record.id),
        case_id=case_id,
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
