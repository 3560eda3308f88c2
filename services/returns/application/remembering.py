"""What a customer did before, as a decision may look at it.

Guarantee: a return and a report count once each; a customer of whom nothing is looked at has nothing counted.
"""

from datetime import datetime

from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import customer_returns_id_of
from services.returns.domain.order import OrderSnapshot
from services.returns.domain.policy import CustomerReturns, PolicyBook
from services.returns.domain.policy.customer import NOT_RECEIVED, NOTHING_BEFORE, SERIAL, Before, looks_at


class Remembering(UseCases):
    """Counts returns as they are asked for or come, and reports of parcels as they are told."""

    async def done_before(self, work: Work, book: PolicyBook, order: OrderSnapshot, case: ReturnCase) -> Before:
        """What the customer did before this return, which counts from now on where the shop's policy looks at it."""
        policies = [version.policy for version in book.versions]
        if not any(looks_at(policy, SERIAL, NOT_RECEIVED) for policy in policies):
            return NOTHING_BEFORE
        known = await self._counted(work, case.shop_id, case.customer_id)
        before = known.before(order.time_zone)
        if any(looks_at(policy, SERIAL) for policy in policies):
            known.count(str(case.id), at=work.now)
        return before

    async def not_received_told(
        self, work: Work, shop_id: str, customer_id: str, case_id: str, reported_at: datetime
    ) -> None:
        """A customer reported a delivered parcel as not received; whatever becomes of it, it was reported."""
        known = await self._counted(work, shop_id, customer_id)
        known.count_not_received(case_id, reported_at, at=work.now)

    async def _counted(self, work: Work, shop_id: str, customer_id: str) -> CustomerReturns:
        known = await work.find(CustomerReturns, customer_returns_id_of(shop_id, customer_id))
        return known or work.add(CustomerReturns.open(shop_id, customer_id, at=work.now))
