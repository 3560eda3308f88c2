"""What may be done next with a return, and why not.

Guarantee: the list never disagrees with the commands, because each action is tried on a private copy by
the very method the command calls. What depends on the ledger is tried there too.
"""

from dataclasses import replace
from datetime import datetime

from casework import NextAction, next_action
from services.returns.domain.case.correction_state import Correction
from services.returns.domain.case.exchange_actions import exchange_actions
from services.returns.domain.case.exchanges import UNORDERED, Stage
from services.returns.domain.case.return_case import ReturnCase
from services.returns.domain.case.values import Authorisation, Goods, SendTime
from services.returns.domain.errors import NothingToDo
from services.returns.domain.labels.next_actions import void_label

Arguments = tuple[tuple[str, str], ...]


def next_actions(case: ReturnCase, *, without_goods: bool, by: str, at: datetime) -> list[NextAction]:
    """Every command of an agent on this return; at most one is recommended."""
    units = case.units.values()
    waits = any(unit.authorisation is Authorisation.REQUESTED for unit in units)
    here = any(unit.goods is Goods.RECEIVED for unit in units)
    to_inspect = any(unit.goods is Goods.RECEIVED and not unit.inspected for unit in units)
    to_refund = any(
        case.money_of(u) is None and unit.inspected and unit.authorisation is Authorisation.AUTHORISED
        for u, unit in case.units.items()
    )
    contradicted = tuple(
        u for u, unit in case.units.items() if unit.contradicts and unit.authorisation is Authorisation.AUTHORISED
    )
    rma = (("rma_id", str(case.id)),)
    until = SendTime(at, at)

    def inspect(copy: ReturnCase) -> None:
        if not here:
            raise NothingToDo("nothing of this return is received")

    def refund(copy: ReturnCase) -> None:
        copy.require_refundable(copy.refundable(()), without_goods=without_goods)

    def cancel(copy: ReturnCase) -> None:
        for known in [known for known in copy.exchanges.values() if known.stage in UNORDERED]:
            copy.call_off(known.exchange_id, Stage.CANCELLED, "asked", by=by, at=at)  # as the command does first
        copy.cancel((), "asked", by=by, at=at)

    actions = [
        next_action(
            case,
            "ApproveReturn",
            "Let the units come back",
            lambda copy: copy.authorise((), "asked", until=until, by=by, at=at),
            why="The policy left it to a person.",
            arguments=rma,
            recommended=waits,
        ),
        next_action(
            case,
            "DeclineReturn",
            "Do not let the units come back",
            lambda copy: copy.decline(contradicted, "person", by=by, at=at),
            why="The inspection contradicts the promise." if contradicted else "The policy left it to a person.",
            arguments=rma,
        ),
        next_action(
            case,
            "IssueLabel",
            "Ask the shop for a label",
            lambda copy: copy.ask_label("asked", (), by=by, at=at),
            why="Authorised, and still with the customer.",
            arguments=rma,
            recommended=not waits and not here and not case.labels,
        ),
        next_action(
            case,
            "InspectUnits",
            "Write down what was found",
            inspect,
            why="Goods are here.",
            arguments=rma,
            recommended=to_inspect and not waits,
        ),
        next_action(
            case,
            "RefundReturn",
            "Pay back",
            refund,
            why="Authorised, received and inspected.",
            arguments=rma,
            recommended=to_refund and not to_inspect and not waits,
        ),
        next_action(
            case,
            "CancelReturn",
            "Nothing will be sent back",
            cancel,
            why="Nothing was sent and no money moved.",
            arguments=rma,
        ),
    ]
    actions += void_label(case, by=by, at=at)
    actions += [_settle(case, known, rma, by=by, at=at) for known in case.open_corrections]
    return _one_recommended([*exchange_actions(case, by=by, at=at), *actions])


def _settle(case: ReturnCase, known: Correction, rma: Arguments, *, by: str, at: datetime) -> NextAction:
    return next_action(
        case,
        "SettleCorrection",
        "Say what becomes of money that would not have been paid",
        lambda copy: copy.settle_correction(known.id, "borne", "asked", by=by, at=at),
        why=f"{known.what} was put right after money had moved.",
        arguments=(*rma, ("correction_id", known.id)),
        recommended=True,
    )


def _one_recommended(actions: list[NextAction]) -> list[NextAction]:
    first = next((action for action in actions if action.recommended and action.allowed), None)
    return [
        action if action is first or not action.recommended else replace(action, recommended=False)
        for action in actions
    ]
