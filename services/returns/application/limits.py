"""What a person may give: the limits of the best of their roles, cumulative per order and day, and the
second person above them.

Guarantee: a grant is counted once, on the day and order it was made; one above the limit needs an approval by another
person, whose own limit, cumulative like it, holds it.
"""

from uuid import UUID

from chassis.domain import Invalid, Money
from chassis.work import Work
from desk.approvals import count_today, given_today, use_approval
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
            return await use_approval(work, case, _uuid(approval_id), rpc, amount)
        action = ACTION_OF[rpc]
        day_so_far = await given_today(work, work.actor.id, action, amount.currency)
        policy.role_limits().check(work.actor.roles, action, amount, order_so_far=order_so_far, day_so_far=day_so_far)
        if count_as:
            await count_today(work, work.actor.id, count_as, action, amount)
        return ""

    @staticmethod
    def given_on_order(ledger: Ledger, action: str, *, approved: bool = False) -> Money:
        """What was given on one order of one action, whoever gave it: without a second person, or altogether."""
        claims = [
            claim
            for claim in ledger.claims.values()
            if claim.ask.requester == RETURNS and claim.ask.action == action and (approved or not claim.ask.approved_by)
        ]
        return Money(sum(ledger.books.counted(claim).minor for claim in claims), ledger.currency)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("approval_id", f"{text} is no id of an approval") from None
