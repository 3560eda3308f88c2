"""Approvals and who stands in for whom, in the contract's words."""

from datetime import datetime

from aftercare.casework.v1 import approvals_pb2 as pb
from aftercare.common.v1 import case_pb2, command_pb2
from google.protobuf.duration_pb2 import Duration

from casework import ApprovalRequest
from casework.delegations import Absence, Delegation
from chassis.domain import Money
from chassis.grpc.convert import money_to_proto, timestamp_to_proto


def approval(case_id: object, asked: ApprovalRequest, rpc: str) -> case_pb2.Approval:
    """What a second person was asked, and about which rpc."""
    return case_pb2.Approval(
        approval_id=str(asked.id),
        case_id=str(case_id),
        action=rpc,
        amount=money_to_proto(asked.amount) if asked.amount else None,
        limit=money_to_proto(asked.limit) if asked.limit else None,
        reason=asked.reason,
        state=asked.state,
        requested_by=_person(asked.requested_by),
        decided_by=_person(asked.decided_by) if asked.decided_by else None,
        requested_at=timestamp_to_proto(asked.requested_at),
        decided_at=timestamp_to_proto(asked.decided_at),
        expires_at=timestamp_to_proto(asked.expires_at),
        in_place_of=asked.in_place_of,
        holder=asked.holder,
    )


def open_approval(
    shown: case_pb2.Approval, asked: ApprovalRequest, now: datetime, own: bool, places: list[str], why_not: str
) -> pb.ListOpenApprovalsResponse.OpenApproval:
    """One that waits: how long it has, how long it still may, and by what the caller decides it."""
    age, left = Duration(), Duration()
    age.FromTimedelta(now - asked.requested_at)
    left.FromTimedelta(asked.expires_at - now)
    return pb.ListOpenApprovalsResponse.OpenApproval(
        approval=shown, age=age, left=left, own=own, in_place_of=places, why_not="" if own or places else why_not
    )


def delegation(giver: str, known: Delegation) -> pb.Delegation:
    """What somebody lets somebody do."""
    bounds = known.bounds
    used = Money(known.used, bounds.up_to.currency) if bounds.up_to else None
    return pb.Delegation(
        delegation_id=str(known.id),
        giver=giver,
        backed_by=known.backed_by,
        deputy=known.deputy,
        roles=bounds.roles,
        shops=bounds.shops,
        up_to=money_to_proto(bounds.up_to) if bounds.up_to else None,
        used=money_to_proto(used) if used else None,
        actions=bounds.actions,
        starts_at=timestamp_to_proto(known.starts_at),
        ends_at=timestamp_to_proto(known.ends_at),
        reason=known.reason,
    )


def absence(known: Absence) -> pb.Absence:
    """When somebody is away."""
    return pb.Absence(
        absence_id=str(known.id),
        cover=known.cover,
        starts_at=timestamp_to_proto(known.starts_at),
        ends_at=timestamp_to_proto(known.ends_at),
        reason=known.reason,
        recorded_by=known.by,
    )


def _person(id: str) -> command_pb2.Actor:
    return command_pb2.Actor(kind="agent", id=id)
