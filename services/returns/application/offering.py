"""What may be done next, tried out.

Guarantee: what is listed as allowed is carried out when this caller asks for it now, and what is not is refused in the
words that are listed. What rests on more than the case (the ledger, other returns, the caller's limit) is tried by the
very use case that the command calls; nothing of it is kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from casework import NextAction, refused
from chassis.domain import DomainError
from chassis.work import Work
from services.returns.application.changing import Changing
from services.returns.application.conforming import Conforming
from services.returns.application.paying import Paying
from services.returns.application.withdrawing import Withdrawing
from services.returns.domain.case.next_actions import next_actions as of_return
from services.returns.domain.change.next_actions import next_actions as of_change
from services.returns.domain.conformity.next_actions import next_actions as of_lack
from services.returns.domain.withdrawal.next_actions import next_actions as of_withdrawal

Try = Callable[[], Awaitable[object]]


class Offering(Withdrawing, Conforming, Changing, Paying):
    """The lists of next actions."""

    async def offered(self, work: Work, case_id: UUID) -> list[NextAction]:
        """Every command of staff on a return."""
        case = await self.case_of(work, case_id)
        _, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        without_goods = bool(work.actor.roles & set(policy.without_goods))
        listed = of_return(case, without_goods=without_goods, by=work.actor.id, at=work.now)
        commands: Mapping[str, Try] = {
            "ApproveReturn": lambda: self.approve(work, case_id, (), "asked"),
            "RefundReturn": lambda: self.refund(work, case_id),
        }
        return [await _tried(work, action, commands) for action in listed]

    async def offered_on_withdrawal(self, work: Work, withdrawal_id: UUID) -> list[NextAction]:
        """Every command of staff on a withdrawal."""
        known = await self.withdrawal_of(work, withdrawal_id)
        _, snapshot = await self.order_withdrawn(work, known)
        policy = await self.policy_of(work, known.shop_id, snapshot)
        without_goods = bool(work.actor.roles & set(policy.without_goods))
        listed = of_withdrawal(
            known, informed=self.law.informed, without_goods=without_goods, by=work.actor.id, at=work.now
        )
        commands: Mapping[str, Try] = {
            "RepayWithdrawal": lambda: self.repay_withdrawal(work, withdrawal_id),
            "RecordRepaidElsewhere": lambda: self.record_repaid_elsewhere(work, withdrawal_id, (), "", "asked"),
        }
        return [await _tried(work, action, commands) for action in listed]

    async def offered_on_conformity(self, work: Work, id: UUID) -> list[NextAction]:
        """Every command of staff on goods that do not conform."""
        known = await self.conformity_of(work, id)
        commands: Mapping[str, Try] = {
            "StartRemedy": lambda: self.start_remedy(work, id, goods_needed=False),
            "PayConformity": lambda: self.pay_conformity(work, id),
        }
        return [await _tried(work, action, commands) for action in of_lack(known, by=work.actor.id, at=work.now)]

    async def offered_on_change(self, work: Work, change_id: UUID) -> list[NextAction]:
        """Every command of staff on a change before dispatch."""
        known = await self.change_of(work, change_id)
        commands: Mapping[str, Try] = {"RepayChange": lambda: self.repay_change(work, change_id)}
        return [await _tried(work, action, commands) for action in of_change(known, by=work.actor.id, at=work.now)]


async def _tried(work: Work, action: NextAction, commands: Mapping[str, Try]) -> NextAction:
    command = commands.get(action.rpc)
    if command is None or not action.allowed:
        return action
    work.begin()
    try:
        await command()
    except DomainError as refusal:
        return refused(action, refusal)
    finally:
        work.rollback()
    return action
