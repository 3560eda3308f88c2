"""A gift as who was given it may see it, and an order as who bought it may see it while somebody returns a gift of it.

Guarantee: neither is told of the other; what was paid is told to a recipient only where the shop's policy says so.
"""

from collections.abc import Collection
from datetime import datetime

from aftercare.returns.v1 import gift_pb2 as pb
from aftercare.returns.v1 import model_pb2

from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.application.deciding import Asking, Item, unit_facts
from services.returns.application.legal_days import LegalDays
from services.returns.domain.identity import unit_id_of
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.policy import Outcome, Policy, judge_promise
from services.returns.domain.policy.gifts import GiftRule
from services.returns.domain.policy.sentences import without_fees
from services.returns.presenting.orders import ASKED_FOR

ASK_US = "Please ask us about this one."


def shown(
    order: Order,
    snapshot: OrderSnapshot,
    line_id: str,
    policy: Policy,
    rule: GiftRule | None,
    days: LegalDays,
    now: datetime,
) -> pb.GetMyGiftResponse:
    """What of a gift may come back."""
    line, free = order.line(line_id), order.free_units_of(line_id)
    told = pb.GetMyGiftResponse(title=line.title, sku=line.sku, remedies=rule.remedies if rule else ())
    reason = ASKED_FOR if policy.knows_reason(ASKED_FOR) else policy.reasons[0].code
    remedy = rule.remedies[0] if rule else "refund"
    for unit in [unit for unit in order.units() if unit.line.line_id == line_id]:
        item = Item(line_id, 1, reason)
        (facts,) = unit_facts(policy, order, snapshot, [(unit, item)], Asking(now, days, remedy))
        judged = judge_promise(policy, facts)
        known = rule is not None and unit.unit_id in free
        told.units.add(
            unit=unit.number,
            returnable=known and judged.outcome is not Outcome.DECLINE,
            returnable_until=timestamp_to_proto(judged.until),
            explanation=without_fees(judged.customer_text, judged.offer) if known else ASK_US,
            value=money_to_proto(unit.price.paid) if rule is not None and rule.tells_value else None,
        )
    return told


def concealed(view: model_pb2.OrderView, secret: Collection[str]) -> model_pb2.OrderView:
    """The order as if nothing had been given for these units: who was given them returns them, and that is theirs."""
    for line in view.lines:
        for unit in line.units:
            if unit_id_of(line.line_id, unit.unit) not in secret:
                continue
            pending = unit.paid.minor_units - unit.refunded.minor_units - unit.left.minor_units
            view.refunded.minor_units -= unit.refunded.minor_units
            view.pending.minor_units -= min(pending, view.pending.minor_units)
            view.left.minor_units += unit.paid.minor_units - unit.left.minor_units
            unit.refunded.minor_units, unit.left.minor_units = 0, unit.paid.minor_units
            unit.returnable, unit.explanation = False, ASK_US
    return view
