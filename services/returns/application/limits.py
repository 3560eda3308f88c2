"""What a person may give: the limits of the best of their roles, cumulative per order and day, and the
second person above them.

Guarantee: a grant is counted once, on the day and order it was made; one above the limit needs an approval
by another person, whose own limit holds it.
"""

from uuid import UUID

from casework.limits import AgentDay
from chassis.domain import Invalid, Money
from chassis.work import Work
from services.returns.application.common import RETURNS, UseCases
from services.returns.domain.case import ReturnCase
from services.returns.domain.ledger import Ledger
from services.returns.domain.policy import Policy

ACTION_OF = {
    "RefundReturn": "refund",
    "ApproveReturn": "refund",
    "GiveKeepItDiscount": "price_reduction",
    "GiveGoodwill": "goodwill",
}
"""The limit each rpc is held against."""


class WithinLimits(UseCases):
    """Base of the use cases that give something."""

    async def require_limit(
        self,
        work: Work,
        case: ReturnCase,
        policy: Policy,
        rpc: str,
        amount: Money,
        order_so_far: Money,
        approval_id: str,
        count_as: str = "",
    ) -> str:
        """Pass within the limit, or use the approval; gives who approved. `count_as` names the grant of the day."""
        if approval_id:
            approval = _uuid(approval_id)
            case.use_approval(approval, rpc, amount, by=work.actor.id, at=work.now)
            return case.approvals[approval].decided_by
        day = work.now.date().isoformat()
        spent = await work.find(AgentDay, AgentDay.id_of(work.actor.id, day))
        action = ACTION_OF[rpc]
        day_so_far = spent.so_far(action, amount.currency) if spent else Money(0, amount.currency)
        policy.role_limits().check(work.actor.roles, action, amount, order_so_far=order_so_far, day_so_far=day_so_far)
        if count_as:
            spent = spent or work.add(AgentDay.begin(work.actor.id, day, at=work.now))
            spent.grant(count_as, action, amount, at=work.now)
        return ""

    @staticmethod
    def given_on_order(ledger: Ledger, action: str, besides: str = "") -> Money:
        """What was given on one order of one action without a second person, whoever gave it."""
        claims = [
            claim
            for claim in ledger.claims.values()
            if claim.ask.requester == RETURNS
            and claim.ask.action == action
            and not claim.ask.approved_by
            and claim.id != besides
        ]
        return Money(sum(ledger.books.counted(claim).minor for claim in claims), ledger.currency)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("approval_id", f"{text} is no id of an approval") from None
