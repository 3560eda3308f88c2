"""What may be done next with the exchanges of a return, and why not.

Guarantee: as `next_actions`: each is tried on a private copy by the very method the command calls.
"""

import json
from datetime import datetime, timedelta

from casework import NextAction, next_action
from services.returns.domain.case.exchanges import WITH_NEW_GOODS, Exchange, Stage
from services.returns.domain.case.return_case import ReturnCase
from services.returns.domain.identity import parse_unit_id

OVER = frozenset({Stage.CHARGED, Stage.LEFT})
A_WEEK = timedelta(days=7)


def exchange_actions(case: ReturnCase, *, by: str, at: datetime) -> list[NextAction]:
    """A new exchange where a unit may have one, and every command of an agent on those that are under way."""
    new = (_new(case, unit_id) for unit_id in case.units)
    actions = [action for action in new if action.allowed][:1]
    for known in case.exchanges.values():
        if not known.is_off and known.stage not in OVER:
            actions += _of(case, known, by, at)
    return actions


def _new(case: ReturnCase, unit_id: str) -> NextAction:
    line_id, number = parse_unit_id(unit_id)
    return next_action(
        case,
        "ExchangeUnit",
        f"Exchange unit {unit_id} for another variant or product",
        lambda copy: copy.require_exchangeable(unit_id),
        why="It may come back, and exchange is offered for it.",
        arguments=(("rma_id", str(case.id)), ("unit", json.dumps({"line_id": line_id, "unit": number}))),
    )


def _of(case: ReturnCase, known: Exchange, by: str, at: datetime) -> list[NextAction]:
    id, money = known.exchange_id, known.money
    named = (("rma_id", str(case.id)), ("exchange_id", id))

    def place(copy: ReturnCase) -> None:
        if known.stage is not Stage.PLACED or copy.is_paid_back(known):
            copy.order_exchange(id, by=by, at=at)

    actions = [
        next_action(
            case,
            "AgreeToExchange",
            "The customer agrees to the shop's price",
            lambda copy: copy.agree_to_exchange(id, by=by, at=at),
            why=f"The shop's price is another than was shown ({known.sku}).",
            arguments=named,
        ),
        next_action(
            case,
            "PlaceExchange",
            "Have the new order made, or pay what the new goods cost less",
            place,
            why="It is reserved, and the old unit is here.",
            arguments=named,
            recommended=bool(known.asks_person) or not case.may_be_ordered(known),
        ),
        next_action(
            case,
            "CancelExchange",
            "Call the exchange off",
            lambda copy: copy.cancel_exchange(id, "asked", by=by, at=at),
            why="It is not over; once it is ordered the shop's word decides.",
            arguments=named,
        ),
    ]
    if known.stage in WITH_NEW_GOODS and known.instant and money.carried.minor:
        actions += _unreturned(case, known, by, at)
    return actions


def _unreturned(case: ReturnCase, known: Exchange, by: str, at: datetime) -> list[NextAction]:
    id, named = known.exchange_id, (("rma_id", str(case.id)), ("exchange_id", known.exchange_id))
    decides = known.stage is Stage.TO_CHARGE
    return [
        next_action(
            case,
            "SettleUnreturned",
            "Charge for the old unit",
            lambda copy: copy.charge_unreturned(id, None, by=by, at=at),
            why="The customer agreed to it, and the old unit is not here.",
            arguments=(*named, ("decision", "charge")),
            recommended=decides,
        ),
        next_action(
            case,
            "SettleUnreturned",
            "Give the customer another week",
            lambda copy: copy.await_unreturned(id, at + A_WEEK, "asked", by=by, at=at),
            why="The old unit is not here.",
            arguments=(*named, ("decision", "wait")),
            recommended=decides and known.consent is None,
        ),
        next_action(
            case,
            "SettleUnreturned",
            "Let the customer keep both",
            lambda copy: copy.leave_unreturned(id, "asked", by=by, at=at),
            why="The old unit is not here.",
            arguments=(*named, ("decision", "leave")),
        ),
    ]
