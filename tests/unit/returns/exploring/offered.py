"""What may be done next, as it is listed, against what becomes of it when it is asked."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from chassis.domain import LimitExceeded, Money
from chassis.work import Actor, Work
from services.returns.application.deciding import Finding
from services.returns.domain.case import Authorisation, Goods, ReturnCase
from services.returns.domain.case.exchange_actions import A_WEEK
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.conformity.values import (
    IMPOSSIBLE,
    LACK,
    NO_LACK,
    ORDINARY,
    REMEDIES,
    REPAIR,
    SEVERITIES,
)
from services.returns.domain.identity import unit_id_of
from services.returns.domain.labels import LabelStage
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.exploring.shop import MoneyCase, Shop

Decide = Callable[[Work], Awaitable[Any]]

NEEDS_MORE = frozenset({"RecordRepaidElsewhere"})
"""Commands that need what only a person knows: here the reference of a refund that was made elsewhere."""


OFFERING = (ReturnCase, Withdrawal, Conformity, OrderChange)


def as_offered(shop: Shop, known: MoneyCase, actor: Actor) -> None:
    """Each listed command is tried: what is said to be allowed is done, and what is not is refused by a rule or
    changes nothing."""
    app, id = shop.app, known.id
    if isinstance(known, ReturnCase):
        offered = shop.found(lambda work: app.offered(work, id), actor)
        commands = _of_return(shop, known)
    elif isinstance(known, Withdrawal):
        offered = shop.found(lambda work: app.offered_on_withdrawal(work, id), actor)
        commands = _of_withdrawal(shop, known)
    elif isinstance(known, Conformity):
        offered = shop.found(lambda work: app.offered_on_conformity(work, id), actor)
        commands = _of_lack(shop, known)
    else:
        offered = shop.found(lambda work: app.offered_on_change(work, id), actor)
        commands = _of_change(shop, known)
    for action in (one for one in offered if one.rpc not in NEEDS_MORE):
        known_as = {**commands, **_of_exchange(shop, id, dict(action.arguments))}
        refusal, changes = shop.tried(known_as[action.rpc], actor)
        above = isinstance(refusal, LimitExceeded)
        told = f"{action.rpc} as {actor.id}: listed as {action.allowed} ({action.why}), refused with {refusal!r}"
        if action.allowed:
            assert refusal is None or above, told
        else:
            assert not changes, told
        assert action.needs_approval is above, told


def _of_return(shop: Shop, case: ReturnCase) -> dict[str, Decide]:
    app, id = shop.app, case.id
    contradicted = [
        u for u, unit in case.units.items() if unit.contradicts and unit.authorisation is Authorisation.AUTHORISED
    ]
    here = [u for u, unit in case.units.items() if unit.goods is Goods.RECEIVED] or list(case.units)
    issued = [known.label_id for known in case.labels.values() if known.stage is LabelStage.ISSUED]
    return {
        "ApproveReturn": lambda work: app.approve(work, id, (), "asked"),
        "DeclineReturn": lambda work: app.decline(work, id, contradicted, "person"),
        "IssueLabel": lambda work: app.issue_label(work, id, ()),
        "InspectUnits": lambda work: app.inspect(work, id, [Finding(here[0], "sealed", "customer", "restock")]),
        "RefundReturn": lambda work: app.refund(work, id),
        "CancelReturn": lambda work: app.cancel(work, id, (), "asked"),
        "VoidLabel": lambda work: app.void_label(work, id, issued[-1], "asked"),
        "SettleCorrection": lambda work: app.settle_correction(work, id, case.open_corrections[0].id, "borne", "asked"),
    }


def _of_exchange(shop: Shop, id: UUID, told: Mapping[str, str]) -> dict[str, Decide]:
    """The commands on one exchange of a return, as the list names it."""
    app, exchange = shop.app, told.get("exchange_id", "")

    async def for_the_same(work: Work) -> Any:
        named = json.loads(told["unit"])
        unit_id = unit_id_of(named["line_id"], named["unit"])
        asked = (await work.get(ReturnCase, id)).unit(unit_id).asked
        return await app.exchange_unit(work, id, unit_id, asked.sku, asked.paid)

    return {
        "ExchangeUnit": for_the_same,
        "AgreeToExchange": lambda work: app.agree_to_exchange(work, id, exchange),
        "PlaceExchange": lambda work: app.place_exchange(work, id, exchange),
        "CancelExchange": lambda work: app.cancel_exchange(work, id, exchange, "asked"),
        "SettleUnreturned": lambda work: app.settle_unreturned(
            work, id, exchange, told["decision"], "asked", until=work.now + A_WEEK
        ),
    }


def _of_withdrawal(shop: Shop, known: Withdrawal) -> dict[str, Decide]:
    app, id = shop.app, known.id
    here = [u for u in known.payable if known.units[u].where is Whereabouts.RECEIVED] or list(known.units)
    least = Money(1, known.units[here[0]].asked.paid.currency)
    issued = [one.label_id for one in known.labels.values() if one.stage is LabelStage.ISSUED]
    return {
        "RepayWithdrawal": lambda work: app.repay_withdrawal(work, id),
        "RecordRepaidElsewhere": lambda work: app.record_repaid_elsewhere(work, id, (), "", "asked"),
        "RecordProofOfSending": lambda work: app.prove_sending(work, id, (), "dhl", "T", None),
        "DeductDiminishedValue": lambda work: app.diminish_value(work, id, here[0], least, "handling", "told"),
        "IssueLabel": lambda work: app.issue_label(work, id, ()),
        "VoidLabel": lambda work: app.void_label(work, id, issued[-1], "asked"),
        "AssignWithdrawal": lambda work: app.assign_withdrawal(work, id, work.actor.id),
    }


def _of_lack(shop: Shop, known: Conformity) -> dict[str, Decide]:
    app, id, lack = shop.app, known.id, known.lack
    other = next((r for r in REMEDIES if r not in lack.refused and r != lack.remedy), REPAIR)
    refused = next((r for r in (lack.remedy, *REMEDIES) if r and r not in lack.refused), REPAIR)
    weight = next(severity for severity in (ORDINARY, *SEVERITIES) if severity != lack.severity)
    worth = Money(known.unit.asked.paid.minor + 1, known.unit.asked.paid.currency)
    as_is = Money(0, worth.currency)
    issued = [one.label_id for one in known.labels.values() if one.stage is LabelStage.ISSUED]
    return {
        "RecordLackEvidence": lambda work: app.record_evidence(work, id, LACK, "trial", "trial", "", None),
        "AcknowledgeLack": lambda work: app.acknowledge_lack(work, id, weight, "reason"),
        "AskForLackProof": lambda work: app.ask_for_proof(work, id),
        "RejectLack": lambda work: app.reject_lack(work, id, known.speaks(NO_LACK), "reason"),
        "ChooseRemedy": lambda work: app.choose_remedy(work, id, other),
        "RefuseRemedy": lambda work: app.refuse_remedy(work, id, refused, IMPOSSIBLE, "reason", None, None),
        "StartRemedy": lambda work: app.start_remedy(work, id, goods_needed=False),
        "RecordRemedyOutcome": lambda work: app.record_remedy_outcome(
            work, id, done=True, reference="done", reason="asked"
        ),
        "ReducePrice": lambda work: app.reduce_price(work, id, worth, as_is),
        "TerminateContract": lambda work: app.terminate(work, id),
        "RecordLackGoodsSent": lambda work: app.prove_conformity_sending(work, id, "dhl", "T", None),
        "PayConformity": lambda work: app.pay_conformity(work, id),
        "IssueLabel": lambda work: app.issue_label(work, id, ()),
        "VoidLabel": lambda work: app.void_label(work, id, issued[-1], "asked"),
        "AssignConformity": lambda work: app.assign_conformity(work, id, work.actor.id),
    }


def _of_change(shop: Shop, known: OrderChange) -> dict[str, Decide]:
    app, id = shop.app, known.id
    return {
        "AnswerChange": lambda work: app.answer_change(work, id, "asked", done=True),
        "RepayChange": lambda work: app.repay_change(work, id),
        "CloseChange": lambda work: app.close_change(work, id, "asked"),
    }
