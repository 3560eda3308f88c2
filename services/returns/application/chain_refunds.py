"""Money for a unit that came for another one: out of every ledger that took a part of what was paid for it.

Guarantee: one command, one limit for the whole amount; each part is a claim of its own in the ledger it lies in, all of
them in one unit of work. What was paid last goes back first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from casework.amounts import spoken, written
from chassis.domain import Money, numbered
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.chains import Link, taken_from, worth_of
from services.returns.application.charging import Charging
from services.returns.application.other_ways import OtherWays
from services.returns.application.repaying import Repaying
from services.returns.domain.case import ReturnCase
from services.returns.domain.errors import NothingLeft
from services.returns.domain.identity import claim_id_of
from services.returns.domain.ledger import OTHER_WAYS, Ask

RPC = "RefundReturn"
KIND = "refund"


class ChainRefunding(Charging, Repaying, OtherWays):
    """Base of the use cases of money."""

    async def ways_of(self, work: Work, case: ReturnCase, units: Sequence[str]) -> Mapping[str, tuple[Link, ...]]:
        """Where what was paid for each unit lies, if for any of them it lies in other orders too; else nothing."""
        order, _ = await self.order_of(work, case)
        found = {unit_id: await self.links_of(work, order, unit_id) for unit_id in units}
        return found if any(len(links) > 1 for links in found.values()) else {}

    async def refund_through(
        self,
        work: Work,
        case: ReturnCase,
        ways: Mapping[str, tuple[Link, ...]],
        ask: Ask,
        approval_id: str,
    ) -> Receipt:
        """Pay back out of each ledger; all that is left where no amount is named."""
        order, snapshot = await self.order_of(work, case)
        self.require_currency(snapshot, ask.amount)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        without_goods = bool(work.actor.roles & set(policy.without_goods))
        case.require_refundable(tuple(ways), without_goods=without_goods)
        parts = _parts(ways, ask.amount, snapshot.currency)
        total = Money(sum(amount.minor for _, _, amount in parts), snapshot.currency)
        own = next(iter(ways.values()))[0].ledger
        approved_by = await self.require_limit(
            work,
            case,
            policy,
            RPC,
            total,
            self.given_on_order(own, ask.action),
            approval_id,
            count_as=claim_id_of(case.shop_id, case.order_id, ask.requester, ask.request_key),
        )
        hold = timedelta(days=policy.terms.hold_days)
        tender = ask.tender_id if ask.tender_id in OTHER_WAYS else ""  # another order's tenders are not this one's
        claims = []
        for unit_id, link, amount in parts:
            key = f"{case.id}:{numbered(case.refunds_planned + 1, work.incarnation)}"
            wanted = replace(
                ask, request_key=key, subjects=(link.subject,), amount=amount, approved_by=approved_by, tender_id=tender
            )
            before = frozenset(link.ledger.transfers)
            claim = link.ledger.reserve(wanted, hold=hold, at=work.now)
            await self.send_money(work, link.order, link.ledger, before)
            case.plan_refund(
                claim.id,
                key,
                KIND,
                amount,
                ((unit_id, amount),),
                ask.reason,
                by=work.actor.id,
                approved_by=approved_by,
                at=work.now,
            )
            claims.append(claim.id)
        await self.tell_withdrawals(work, order)
        facts = {"refund_id": claims[0], "amount": written(total), "state": case.state, "claims": str(len(claims))}
        return Receipt(str(case.id), case.version, facts)


def _parts(ways: Mapping[str, tuple[Link, ...]], amount: Money | None, currency: str) -> list[tuple[str, Link, Money]]:
    left = Money(sum(worth_of(links).minor for links in ways.values()), currency)
    wanted = left if amount is None else amount
    if wanted > left or wanted.minor <= 0:
        raise NothingLeft(f"{spoken(left)} left by entitlement", bound="entitlement", left=written(left))
    rest, found = wanted.minor, []
    for unit_id, links in ways.items():
        part = min(rest, worth_of(links).minor)
        found += [(unit_id, link, money) for link, money in taken_from(links, Money(part, currency))]
        rest -= part
    return found
