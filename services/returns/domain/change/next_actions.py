"""What may be done next with a change before dispatch, and why not.

Guarantee: the list never disagrees with the commands, because each action is tried on a private copy by the very method
the command calls. What depends on the ledger is tried there too.
"""

from datetime import datetime

from casework import NextAction, next_action
from services.returns.domain.change.change import OrderChange


def next_actions(known: OrderChange, *, by: str, at: datetime) -> list[NextAction]:
    """Every command of an agent on this change; at most one is recommended."""
    named = (("change_id", str(known.id)),)
    waits = known.waiting_on == "agent" and known.is_open
    return [
        next_action(
            known,
            "AnswerChange",
            "Say what the shop said",
            lambda copy: copy.require_unanswered(),
            why="The shop has not answered.",
            arguments=named,
            recommended=waits and known.state == "unanswered",
        ),
        next_action(
            known,
            "RepayChange",
            "Send the money again",
            lambda copy: copy.require_payable(),
            why="Money is owed and not on its way.",
            arguments=named,
            recommended=waits and known.state == "to_pay",
        ),
        next_action(
            known,
            "CloseChange",
            "Nothing more is to be done",
            lambda copy: copy.settle_by_person("asked", by=by, at=at),
            why="It waits for a person to look.",
            arguments=named,
        ),
    ]
