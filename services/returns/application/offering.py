"""What may be done next, tried out.

Guarantee: what is listed as allowed is carried out when this caller asks for it now, and what is not is refused in the
words that are listed. What rests on more than the case (the ledger, other returns, the caller's limit) is tried by the
very use case that the command calls, whose receipt says what it would do; nothing of it is kept.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from uuid import UUID

from casework import NextAction, refused
from chassis.domain import DomainError
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.changing import Changing
from services.returns.application.conforming import Conforming
from services.returns.application.paying import Paying
from services.returns.application.withdrawing import Withdrawing
from services.returns.domain.case import ReturnCase
from services.returns.domain.case.exchange_actions import A_WEEK
from services.returns.domain.case.next_actions import next_actions as of_return
from services.returns.domain.change.next_actions import next_actions as of_change
from services.returns.domain.conformity.next_actions import next_actions as of_lack
from services.returns.domain.identity import unit_id_of
from services.returns.domain.withdrawal.next_actions import next_actions as of_withdrawal

Arguments = Mapping[str, str]
Try = Callable[[Arguments], Awaitable[object]]


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
            "ApproveReturn": lambda _: self.approve(work, case_id, (), "asked"),
            "RefundReturn": lambda _: self.refund(work, case_id),
            "ExchangeUnit": lambda told: self._exchange_for_the_same(work, case, told["unit"]),
            "AgreeToExchange": lambda told: self.agree_to_exchange(work, case_id, told["exchange_id"]),
            "PlaceExchange": lambda told: self.place_exchange(work, case_id, told["exchange_id"]),
            "CancelExchange": lambda told: self.cancel_exchange(work, case_id, told["exchange_id"], "asked"),
            "SettleUnreturned": lambda told: self.settle_unreturned(
                work, case_id, told["exchange_id"], told["decision"], "asked", until=work.now + A_WEEK
            ),
        }
        return [await _tried(work, action, commands) for action in listed]

    async def _exchange_for_the_same(self, work: Work, case: ReturnCase, unit: str) -> Receipt:
        named = json.loads(unit)
        unit_id = unit_id_of(named["line_id"], named["unit"])
        asked = case.unit(unit_id).asked
        return await self.exchange_unit(work, case.id, unit_id, asked.sku, asked.paid)

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
            "RepayWithdrawal": lambda _: self.repay_withdrawal(work, withdrawal_id),
            "RecordRepaidElsewhere": lambda _: self.record_repaid_elsewhere(work, withdrawal_id, (), "", "asked"),
            "IssueLabel": lambda _: self.issue_label(work, withdrawal_id, ()),
        }
        return [await _tried(work, action, commands) for action in listed]

    async def offered_on_conformity(self, work: Work, id: UUID) -> list[NextAction]:
        """Every command of staff on goods that do not conform."""
        known = await self.conformity_of(work, id)
        commands: Mapping[str, Try] = {
            "StartRemedy": lambda _: self.start_remedy(work, id, goods_needed=False),
            "PayConformity": lambda _: self.pay_conformity(work, id),
            "IssueLabel": lambda _: self.issue_label(work, id, ()),
        }
        return [await _tried(work, action, commands) for action in of_lack(known, by=work.actor.id, at=work.now)]

    async def offered_on_change(self, work: Work, change_id: UUID) -> list[NextAction]:
        """Every command of staff on a change before dispatch."""
        known = await self.change_of(work, change_id)
        commands: Mapping[str, Try] = {"RepayChange": lambda _: self.repay_change(work, change_id)}
        return [await _tried(work, action, commands) for action in of_change(known, by=work.actor.id, at=work.now)]


async def _tried(work: Work, action: NextAction, commands: Mapping[str, Try]) -> NextAction:
    command = commands.get(action.rpc)
    if command is None or not action.allowed:
        return action
    work.begin()
    try:
        done = await command(dict(action.arguments))
    except DomainError as refusal:
        return refused(action, refusal)
    finally:
        work.rollback()
    # ids of what was never made are nobody's business
    facts = done.facts if isinstance(done, Receipt) else {}
    return replace(action, would=tuple((name, value) for name, value in facts.items() if not name.endswith("_id")))
