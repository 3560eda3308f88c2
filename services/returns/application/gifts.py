"""Gifts returned by who was given them.

Guarantee: who asks has the gift receipt: a wrong code, a line that is no gift and an order that nobody has look alike.
The return is the recipient's own, who is told nothing of who paid, how, and, unless the policy says so, how much; the
buyer is told nothing of it. What is given stays in the shop.
"""

from collections.abc import Sequence
from datetime import datetime

from casework.decisions import DecisionRecord
from chassis.domain import Invalid, NotFound
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.deciding import Asking, Item, unit_facts
from services.returns.application.legal_days import LegalDays
from services.returns.application.returning import Returning
from services.returns.domain.case.gift_state import Gift
from services.returns.domain.errors import GiftNotOffered, NothingLeft, RemedyNotOffered
from services.returns.domain.identity import order_id_of
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.policy import Policy
from services.returns.domain.policy.gifts import FOR_RECIPIENTS, GiftRule, gift_rule

CHANNEL = "gift"


class Gifting(Returning):
    """The use cases of gifts."""

    async def request_gift(
        self, work: Work, shop_id: str, order_id: str, code: str, item: Item, *, remedy: str
    ) -> tuple[Receipt, DecisionRecord]:
        """Who was given it asks to return it, with the code of the gift receipt."""
        recipient = work.actor.customer_id or ""
        found = await work.find(Order, order_id_of(shop_id, order_id))
        sees = work.actor.may_see(shop_id=shop_id, customer_id=recipient)
        order, snapshot = gift_known(found if sees else None, order_id, item.line_id, code)
        if recipient == order.customer_id:
            raise GiftNotOffered("whoever bought it returns it as goods of their own")
        policy = await self.policy_of(work, shop_id, snapshot)
        rule = rule_of_gift(policy, order, snapshot, item, self.legal_days, work.now)
        if rule is None:
            raise GiftNotOffered("gifts are returned by whoever bought them, or by asking somebody at the shop")
        if remedy not in rule.remedies:
            raise RemedyNotOffered(f"{remedy} is not offered for a gift: {', '.join(rule.remedies)}")
        try:
            await self.require_owed(work, order, [item])
        except NothingLeft:
            raise GiftNotOffered("somebody at the shop has to be asked about this one") from None
        gift = Gift(recipient, rule.tells_value)
        return await self.ask(work, order, snapshot, [item], remedy=remedy, channel=CHANNEL, gift=gift)

    async def request_gift_for(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        items: Sequence[Item],
        recipient: str,
        *,
        remedy: str,
        channel: str,
    ) -> tuple[Receipt, DecisionRecord]:
        """Staff ask for a recipient whom they have convinced themselves of."""
        order, snapshot = await self.order_named(work, shop_id, order_id)
        if recipient == order.customer_id:
            raise Invalid("recipient_customer_id", "that is who bought it")
        if remedy not in FOR_RECIPIENTS:
            raise RemedyNotOffered(f"{remedy} is not offered for a gift: {', '.join(FOR_RECIPIENTS)}")
        await self.require_owed(work, order, items)
        gift = Gift(recipient, tells_value=False)
        return await self.ask(work, order, snapshot, items, remedy=remedy, channel=channel, gift=gift)


def gift_known(order: Order | None, order_id: str, line_id: str, code: str) -> tuple[Order, OrderSnapshot]:
    """The order of a gift, to whoever has the code of its receipt; else nobody has such a gift."""
    snapshot = order.snapshot if order else None
    line = next((line for line in snapshot.lines if line.line_id == line_id), None) if snapshot else None
    if order is None or snapshot is None or line is None or not line.is_gift_of(code):
        raise NotFound("gift", f"{order_id}/{line_id}")
    return order, snapshot


def rule_of_gift(
    policy: Policy, order: Order, snapshot: OrderSnapshot, item: Item, days: LegalDays, now: datetime
) -> GiftRule | None:
    """What the policy gives to who was given a line; None where it gives nothing, or nothing of the line is left."""
    units = [unit for unit in order.units() if unit.line.line_id == item.line_id][:1]
    if not units:
        return None
    (facts,) = unit_facts(policy, order, snapshot, [(units[0], item)], Asking(now, days))
    return gift_rule(policy, facts)
