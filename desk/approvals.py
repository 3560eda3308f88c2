"""The second person's word on something above a limit, as use cases of any service that has approvals.

Guarantee: an approval is counted like a grant, on the day and the limit of whoever stands behind it and on its order,
so that a limit cannot be passed by approving in pieces; two who approve at once meet in those counts. Who decides in
somebody's place is held by what that person handed on, as it is now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from casework import AgentDay, ApprovalRequest, Case, Limits, OrderApprovals, StaffMember
from casework.approvals import DECLINED, GRANTED
from casework.delegations import Delegation
from casework.errors import MayNotApprove, NotInTheirPlace
from chassis.domain import Money
from chassis.work import Actor, Work

APPROVERS = frozenset({"senior_agent", "supervisor", "finance"})
"""Roles that decide on what others ask for."""

BEYOND = "somebody with a higher limit decides"


@dataclass(frozen=True, slots=True)
class Against:
    """What an approval is held against: the limits, the name its action has there, and what was given of that action
    on the order so far, by whomever. `rpc` is the command the approval is for."""

    limits: Limits
    action: str
    rpc: str
    given: Money


async def grant_approval(
    work: Work, case: Case, approval_id: UUID, against: Against, in_place_of: str = ""
) -> ApprovalRequest:
    """Say yes, within what the person may approve on this order and on this day, or whoever they stand in for. The same
    yes again changes nothing."""
    asked = case.approval(approval_id)
    if (asked.state, asked.decided_by) == (GRANTED, work.actor.id):
        return asked
    lent = await _authority(work, case, asked, against.rpc, asked.amount, in_place_of)
    counted_on = lent.backed_by if lent else work.actor.id
    approval = case.grant_approval(
        approval_id, by=work.actor.id, at=work.now, in_place_of=in_place_of, counted_on=counted_on
    )
    if approval.amount is not None:
        roles = frozenset(lent.bounds.roles) if lent else work.actor.roles
        await _count(work, case, approval, approval.amount, against, person=counted_on, roles=roles)
    if lent is not None:
        giver = await work.get(StaffMember, StaffMember.id_of(in_place_of))
        giver.use(lent.id, str(approval_id), approval.amount, at=work.now)
    return approval


async def decline_approval(
    work: Work, case: Case, approval_id: UUID, rpc: str, reason: str, in_place_of: str = ""
) -> ApprovalRequest:
    """Say no, oneself or in somebody's place."""
    asked = case.approval(approval_id)
    if (asked.state, asked.decided_by) == (DECLINED, work.actor.id):
        return asked
    await _authority(work, case, asked, rpc, None, in_place_of)
    return case.decline_approval(approval_id, reason, by=work.actor.id, at=work.now, in_place_of=in_place_of)


async def use_approval(work: Work, case: Case, approval_id: UUID, action: str, amount: Money | None) -> str:
    """Carry out what was approved, once, for oneself or for who is away; gives who approved."""
    by, holder = work.actor.id, case.approval(approval_id).holder
    away = None if holder == by else await work.find(StaffMember, StaffMember.id_of(holder))
    in_place_of = holder if away is not None and away.is_covered_by(by, work.now) else ""
    used = case.use_approval(approval_id, action, amount, by=by, at=work.now, in_place_of=in_place_of)
    known = await work.find(OrderApprovals, OrderApprovals.id_of(case.shop_id, case.order_id))
    if known is not None:
        known.use(approval_id, at=work.now)
    return used.decided_by


async def given_today(work: Work, person: str, action: str, currency: str) -> Money:
    """What somebody gave or approved of one action today."""
    known = await work.find(AgentDay, _day_id(work, person))
    return Money.zero(currency) if known is None else known.so_far(action, currency)


async def count_today(work: Work, person: str, key: str, action: str, amount: Money) -> None:
    """Count what somebody gives or approves now; the same key counts once."""
    known = await work.find(AgentDay, _day_id(work, person))
    day = known or work.add(AgentDay.begin(person, work.now.date().isoformat(), at=work.now))
    day.grant(key, action, amount, at=work.now)


def approval_facts(approval: ApprovalRequest) -> Mapping[str, str]:
    """What a command about an approval answers."""
    facts = {"approval_id": str(approval.id), "state": approval.state}
    return facts | ({"in_place_of": approval.in_place_of} if approval.in_place_of else {})


def approving_roles(actor: Actor) -> frozenset[str]:
    """The person's own roles that approve; never what somebody let them do in their place."""
    if not (own := actor.roles & APPROVERS):
        raise MayNotApprove(
            f"of {', '.join(sorted(actor.roles))} nobody decides for themselves on what others ask for: "
            f"that is for {', '.join(sorted(APPROVERS))}",
            roles=",".join(sorted(APPROVERS)),
        )
    return own


async def _authority(
    work: Work, case: Case, asked: ApprovalRequest, rpc: str, amount: Money | None, in_place_of: str
) -> Delegation | None:
    """What lets the caller decide: their own roles (None), or what was handed on to them."""
    asked.check_decision(work.actor.id, work.now, in_place_of=frozenset({in_place_of} - {""}))
    if not in_place_of:
        approving_roles(work.actor)
        return None
    giver = await work.find(StaffMember, StaffMember.id_of(in_place_of))
    if giver is None:
        raise NotInTheirPlace(f"{in_place_of} let nobody act in their place", person=in_place_of)
    return giver.authority_of(work.actor.id, case.shop_id, rpc, amount, work.now)


async def _count(
    work: Work,
    case: Case,
    approval: ApprovalRequest,
    amount: Money,
    against: Against,
    *,
    person: str,
    roles: frozenset[str],
) -> None:
    order_id = OrderApprovals.id_of(case.shop_id, case.order_id)
    order = await work.find(OrderApprovals, order_id)
    order = order or work.add(OrderApprovals.begin(case.shop_id, case.order_id, at=work.now))
    waiting = order.waiting(against.action, amount.currency, at=work.now)
    against.limits.check(
        roles,
        against.action,
        amount,
        order_so_far=against.given + waiting,
        day_so_far=await given_today(work, person, against.action, amount.currency),
        beyond=BEYOND,
    )
    await count_today(work, person, f"approval:{approval.id}", against.action, amount)
    order.grant(approval.id, against.action, amount, approval.expires_at, at=work.now)


def _day_id(work: Work, person: str) -> UUID:
    return AgentDay.id_of(person, work.now.date().isoformat())
