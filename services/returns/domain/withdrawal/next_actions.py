"""What may be done next with a withdrawal, and why not.

Guarantee: the list never disagrees with the commands, because each action is tried on a private copy by the very method
the command calls. Nothing in it declines.
"""

from datetime import datetime

from casework import NextAction, next_action, take
from chassis.domain import Money
from services.returns.domain.errors import NothingToDo
from services.returns.domain.labels.next_actions import void_label
from services.returns.domain.law import Proof, Whereabouts
from services.returns.domain.withdrawal.values import LostValue
from services.returns.domain.withdrawal.withdrawal import Withdrawal


def next_actions(known: Withdrawal, *, informed: bool, without_goods: bool, by: str, at: datetime) -> list[NextAction]:
    """Every command of an agent on this withdrawal; at most one is recommended."""
    named = (("withdrawal_id", str(known.id)),)
    rma = (("rma_id", str(known.id)),)

    def prove(copy: Withdrawal) -> None:
        if not copy.sent((), Proof("", "", at, by), at=at):
            raise NothingToDo("nothing of this withdrawal is with the customer")

    def elsewhere(copy: Withdrawal) -> None:
        if not any(copy.is_owed(unit) for unit in copy.effective):
            raise NothingToDo("nothing of this withdrawal is owed")

    def diminish(copy: Withdrawal) -> None:
        here = [u for u in copy.payable if copy.units[u].where is Whereabouts.RECEIVED]
        if not here:
            raise NothingToDo("nothing of this withdrawal is here and not paid back")
        least = LostValue(Money(1, copy.units[here[0]].asked.paid.currency), "handling", "told", by)
        copy.diminish(here[0], least, informed=informed, at=at)

    return [
        next_action(
            known,
            "RepayWithdrawal",
            "Pay back",
            lambda copy: copy.repayable((), without_goods=without_goods),
            why="Goods or their proof are here, or nothing was delivered.",
            arguments=named,
            recommended=bool(known.payable),
        ),
        next_action(
            known,
            "RecordRepaidElsewhere",
            "It was paid back elsewhere",
            elsewhere,
            why="Something of it is owed; a refund made elsewhere may have been for it.",
            arguments=named,
        ),
        next_action(
            known,
            "RecordProofOfSending",
            "The customer has proof of sending",
            prove,
            why="The goods are with the customer.",
            arguments=named,
        ),
        next_action(
            known,
            "DeductDiminishedValue",
            "Less was worth coming back",
            diminish,
            why="Goods are here, and their money is not on its way.",
            arguments=named,
        ),
        next_action(
            known,
            "IssueLabel",
            "Ask for a label",
            lambda copy: copy.ask_label("asked", (), by=by, at=at),
            why="The goods are with the customer.",
            arguments=rma,
        ),
        *void_label(known, by=by, at=at),
        *take(known, "AssignWithdrawal", named, by=by, at=at),
    ]
