"""Cases and parcels in the contract's words. Nothing is decided here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftercare.common.v1 import case_pb2, command_pb2, decision_pb2
from aftercare.shipping_issues.v1 import model_pb2

from casework import ApprovalRequest, DecisionRecord, NextAction, Note, tell
from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from desk import presenting as desk
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.finding import Finding
from services.shipping_issues.domain.remedy import Remedy
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.queries import HistoryEntry
from services.shipping_issues.read_model import rows
from services.shipping_issues.sentences import SENTENCES

KIND = "shipping_issue"
RPCS = {"reship": "Reship", "refund": "RequestRefund"}


def actor(id: str, role: str = "") -> command_pb2.Actor:
    """Who did something; our own rules and timers are the service."""
    return command_pb2.Actor(kind="service" if id in ("", "system") else "agent", id=id, role=role)


def summary(row: Mapping[str, Any]) -> case_pb2.CaseSummary:
    """A row of the list of cases."""
    return case_pb2.CaseSummary(
        case_id=str(row["id"]),
        kind=KIND,
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


def summary_of(case: DeliveryCase) -> case_pb2.CaseSummary:
    """The same of a case as the log has it."""
    return summary(next(row.values for row in rows(case) if row.table == "cases"))


def issue(case: DeliveryCase, actions: list[NextAction]) -> model_pb2.ShippingIssue:
    """A whole case."""
    decisions = {record.outcome: record for record in case.decisions.values()}
    return model_pb2.ShippingIssue(
        summary=summary_of(case),
        shipment_id=case.shipment_id,
        findings=[_finding(found, decisions.get(found.finding)) for found in reversed(case.findings)],
        proposals=_proposals(case, actions),
        remedies=[_remedy(remedy) for remedy in case.remedies.values()],
        approvals=[approval(case, asked) for asked in case.approvals.values()],
        notes=[note(written) for written in case.notes],
        next_actions=[next_action(action) for action in actions],
        decision_ids=[str(id) for id in reversed(case.decisions)],
    )


def story_entry(entry: HistoryEntry) -> case_pb2.StoryEntry:
    """One line of a case's story."""
    line = tell(entry.event, SENTENCES)
    decision = str(entry.event.decision.id) if isinstance(entry.event, e.FindingMade) else ""
    return case_pb2.StoryEntry(
        at=timestamp_to_proto(line.at),
        event_id=f"{entry.event.originator_id}.{entry.event.originator_version}",
        position=entry.position,
        what=line.what,
        text=line.text,
        actor=actor(line.by or entry.meta.get("by", ""), getattr(entry.event, "role", "")),
        facts=line.facts,
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


def approval(case: DeliveryCase, asked: ApprovalRequest) -> case_pb2.Approval:
    """What a second person was asked."""
    return desk.approval(case.id, asked, RPCS.get(asked.action, asked.action))


def decision(case: DeliveryCase, record: DecisionRecord) -> decision_pb2.Decision:
    """Why something was found."""
    return decision_pb2.Decision(
        decision_id=str(record.id),
        case_id=str(case.id),
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


def shipment(parcel: Shipment, our_estimate: datetime | None, case_id: str) -> model_pb2.Shipment:
    """A parcel, folded from all that is known of it."""
    where, label, carrier = parcel.whereabouts, parcel.parcel, parcel.carrier_estimate
    return model_pb2.Shipment(
        shop_id=parcel.shop_id,
        shipment_id=parcel.shipment_id,
        order_id=parcel.order_id,
        customer_id=parcel.customer_id,
        carrier=parcel.carrier,
        tracking_number=label.tracking_number if label else "",
        status=where.status,
        sub_status=where.sub_status,
        created_at=timestamp_to_proto(label.occurred_at if label else None),
        handed_over_at=timestamp_to_proto(parcel.handed_over_at),
        last_scan_at=timestamp_to_proto(where.last_carrier_sign_at),
        delivered_at=timestamp_to_proto(where.delivered_at),
        promised_by=timestamp_to_proto(parcel.promised_by),
        carrier_estimate=timestamp_to_proto(carrier.delivery_by if carrier else None),
        our_estimate=timestamp_to_proto(our_estimate),
        scans=[
            model_pb2.Shipment.Scan(
                scan_key=scan.key,
                at=timestamp_to_proto(scan.at),
                carrier_status=scan.carrier_status,
                neutral_status=scan.meaning.sub_status or scan.meaning.status,
                place=scan.place,
                revoked=scan.key in parcel.revoked_scans,
            )
            for scan in sorted(parcel.scans.values(), key=lambda scan: (scan.at, scan.key))
        ],
        contents=[
            model_pb2.Shipment.Content(line_id=c.line_id, sku=c.sku, quantity=c.quantity) for c in parcel.contents
        ],
        case_id=case_id,
        destination_country=label.country if label else "",
        version=parcel.version,
    )


def _finding(found: Finding, record: DecisionRecord | None) -> model_pb2.Finding:
    return model_pb2.Finding(
        finding=found.finding,
        found_at=timestamp_to_proto(found.found_at),
        noticed_by=found.noticed_by,
        hours_before_promise=found.hours_before_promise,
        responsibility=found.responsibility,
        facts=record.facts if record else {},
        decision_id=str(record.id) if record else "",
    )


def _remedy(remedy: Remedy) -> model_pb2.Remedy:
    amount = remedy.amount or remedy.value
    return model_pb2.Remedy(
        remedy_id=remedy.id,
        remedy=remedy.remedy,
        state=remedy.state,
        amount=money_to_proto(amount) if amount else None,
        reference=remedy.reference,
        decided_by=actor(remedy.by, remedy.role),
        decided_at=timestamp_to_proto(remedy.at),
        reason=remedy.reason,
        given_by="; ".join(f"{g.by or g.requester}: {g.what} in case {g.case_id}" for g in remedy.given),
    )


def _proposals(case: DeliveryCase, actions: list[NextAction]) -> list[model_pb2.Proposal]:
    record = next(reversed(case.decisions.values()), None)
    why = {clause.id.rpartition(".")[2]: clause.text for clause in record.clauses} if record else {}
    above = {action.rpc for action in actions if action.needs_approval}
    return [
        model_pb2.Proposal(remedy=remedy, why=why.get(remedy, ""), needs_approval=RPCS.get(remedy, "") in above)
        for remedy in case.proposals
    ]
