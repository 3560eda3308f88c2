"""What may be done next about a lack of conformity, and why not.

Guarantee: the list never disagrees with the commands, because each action is tried on a private copy by the very method
the command calls.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from casework import NextAction, next_action, take
from services.returns.domain.conformity.conformity import Conformity
from services.returns.domain.conformity.values import (
    IMPOSSIBLE,
    LACK,
    NO_LACK,
    ORDINARY,
    PRICE_REDUCTION,
    REMEDIES,
    REPAIR,
    SEVERITIES,
    TERMINATION,
    RemedyRefusal,
)
from services.returns.domain.errors import NothingToDo
from services.returns.domain.labels.next_actions import void_label
from services.returns.domain.law import Proof


def next_actions(known: Conformity, *, by: str, at: datetime) -> list[NextAction]:
    """Every command of an agent on this file; at most one is recommended."""
    lack, state = known.lack, known.state
    left = next((remedy for remedy in REMEDIES if remedy not in lack.refused and remedy != lack.remedy), REPAIR)

    rma = (("rma_id", str(known.id)),)

    def sent(copy: Conformity) -> None:
        if not copy.sent((), Proof("", "", at, by), at=at):
            raise NothingToDo("the goods are not with the customer")

    def refuse(copy: Conformity) -> None:
        remedy = next((one for one in (lack.remedy, *REMEDIES) if one and one not in lack.refused), "")
        if not remedy:
            raise NothingToDo("both remedies were refused")
        copy.refuse(RemedyRefusal(remedy, IMPOSSIBLE, "reason", None, None, by), at=at)

    def reduce(copy: Conformity) -> None:
        copy.require_money(PRICE_REDUCTION)

    def action(rpc: str, label: str, attempt: Callable[[Conformity], Any], why: str, best: bool = False) -> NextAction:
        named = (("conformity_id", str(known.id)),)
        return next_action(known, rpc, label, attempt, why=why, arguments=named, recommended=best)

    def evidence(copy: Conformity) -> None:
        copy.record_evidence(LACK, "trial", "trial", "", observed_at=at, by=by, at=at)

    def acknowledge(copy: Conformity) -> None:
        other = next(severity for severity in (ORDINARY, *SEVERITIES) if severity != lack.severity)
        copy.acknowledge(other, "reason", by=by, at=at)  # once acknowledged, how much it weighs may be put right

    return [
        action("RecordLackEvidence", "Write down evidence", evidence, "A fact with its source."),
        action("AcknowledgeLack", "The lack is there", acknowledge, "The seller answers for it.", state == "reported"),
        action(
            "AskForLackProof",
            "Ask the customer for proof",
            lambda copy: copy.ask_for_proof(at, by=by, at=at),
            "The time of the presumption is over.",
        ),
        action(
            "RejectLack",
            "The seller does not answer for it",
            lambda copy: copy.reject(copy.speaks(NO_LACK), "reason", by=by, at=at),
            "There is evidence against it, or no proof for it.",
        ),
        action(
            "ChooseRemedy", "The customer chose", lambda copy: copy.choose(left, by=by, at=at), "It is theirs to say."
        ),
        action("RefuseRemedy", "Refuse this way", refuse, "It is impossible, or out of proportion."),
        action(
            "StartRemedy",
            "Put it right",
            lambda copy: copy.require_startable(),
            "Acknowledged, and the customer has chosen.",
            state == "to_put_right",
        ),
        action("RecordRemedyOutcome", "Say what became of it", lambda copy: copy.running(), "It is under way."),
        action("ReducePrice", "Lower the price", reduce, "A rule of law gives it."),
        action(
            "TerminateContract",
            "The customer ends the contract",
            lambda copy: copy.require_money(TERMINATION),
            "A rule of law gives it.",
        ),
        action("RecordLackGoodsSent", "The customer has proof of sending", sent, "The goods are with the customer."),
        action(
            "PayConformity",
            "Pay",
            lambda copy: copy.require_payable(),
            "It is owed, and did not go by itself.",
            known.payable,
        ),
        next_action(
            known,
            "IssueLabel",
            "Ask for a label",
            lambda copy: copy.ask_label("asked", (), by=by, at=at),
            why="The goods are needed at the shop, at the seller's cost, and are with the customer.",
            arguments=rma,
            recommended=known.is_to_be_sent(known.unit_id) and not any(one.is_live for one in known.labels.values()),
        ),
        *void_label(known, by=by, at=at),
        *take(known, "AssignConformity", (("conformity_id", str(known.id)),), by=by, at=at),
    ]
