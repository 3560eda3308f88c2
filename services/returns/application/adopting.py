"""A new version of a shop's policy.

Guarantee: stored once, in force from an instant that has not passed, and never edited. Two who adopt at once meet in
the shop's book: the second is decided again on what the first stored.
"""

from datetime import datetime, timedelta

from chassis.domain import NotFound
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.domain.policy import Policy

SOON = timedelta(minutes=5)
"""When a version begins for which nobody named an instant."""


class Adopting(UseCases):
    """The use case of policies."""

    async def adopt_policy(
        self, work: Work, shop_id: str, policy: Policy, text: str, active_from: datetime | None
    ) -> Receipt:
        """Take a policy that the linter let pass."""
        if not work.actor.may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("shop", shop_id)
        book = await self.book_of(work, shop_id)
        begins = active_from or work.now + SOON
        book.adopt(policy, active_from=begins, by=work.actor.id, at=work.now, text=text)
        facts = {"policy": policy.id, "version": policy.version, "active_from": begins.isoformat()}
        return Receipt(str(book.id), book.version, facts)
