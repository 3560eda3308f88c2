"""The second person's word on something above a limit, as use cases of any service that has approvals.

Guarantee: an approval is counted like a grant, on the day and the limit of whoever stands behind it and on its order,
so that a limit cannot be passed by approving in pieces; two who approve at once meet in those counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from casework import AgentDay, ApprovalRequest, Case, Limits, OrderApprovals
from chassis.domain import Money
from chassis.work import Work

BEYOND = "somebody with a higher limit decides"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an approval is held against: the limits, the name its action has there, and what was given of that action
    on the order so far, by whomever."""

    limits: Limits
    action: str
    given: Money


async def grant_approval(work: Work, case: Case, approval_id: UUID, bounds: Bounds) -> ApprovalRequest:
    """Say yes, within what the person may approve on this order and on this day. The same yes again changes nothing."""
    before = case.version
    approval = case.grant_approval(approval_id, by=work.actor.id, at=work.now)
    if approval.amount is not None and case.version > before:
        await _count(work, case, approval, approval.amount, bounds, person=work.actor.id, roles=work.actor.roles)
    return approval


async def use_approval(work: Work, case: Case, approval_id: UUID, action: str, amount: Money | None) -> str:
    """Carry out what was approved, once; gives who approved."""
    used = case.use_approval(approval_id, action, amount, by=work.actor.id, at=work.now)
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
    return {"approval_id": str(approval.id), "state": approval.state}


async def _count(
    work: Work,
    case: Case,
    approval: ApprovalRequest,
    amount: Money,
    bounds: Bounds,
    *,
    person: str,
    roles: frozenset[str],
) -> None:
    order_id = OrderApprovals.id_of(case.shop_id, case.order_id)
    order = await work.find(OrderApprovals, order_id)
    order = order or work.add(OrderApprovals.begin(case.shop_id, case.order_id, at=work.now))
    waiting = order.waiting(bounds.action, amount.currency, at=work.now)
    bounds.limits.check(
        roles,
        bounds.action,
        amount,
        order_so_far=bounds.given + waiting,
        day_so_far=await given_today(work, person, bounds.action, amount.currency),
        beyond=BEYOND,
    )
    await count_today(work, person, f"approval:{approval.id}", bounds.action, amount)
    order.grant(approval.id, bounds.action, amount, approval.expires_at, at=work.now)


def _day_id(work: Work, person: str) -> UUID:
    return AgentDay.id_of(person, work.now.date().isoformat())
