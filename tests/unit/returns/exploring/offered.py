"""What may be done next, as it is listed, against what becomes of it when it is asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from chassis.domain import LimitExceeded, Money
from chassis.work import Actor, Work
from services.returns.application.deciding import Finding
from services.returns.domain.case import Authorisation, Goods, LabelStage, ReturnCase
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.exploring.shop import Shop

Decide = Callable[[Work], Awaitable[Any]]

NEEDS_MORE = frozenset({"RecordRepaidElsewhere"})
"""Commands that need what only a person knows: here the reference of a refund that was made elsewhere."""


def as_offered(shop: Shop, known: ReturnCase | Withdrawal, actor: Actor) -> None:
    """Each listed command is tried: what is said to be allowed is done, and what is not is refused by a rule or
    changes nothing."""
    app, id = shop.app, known.id
    if isinstance(known, ReturnCase):
        offered = shop.found(lambda work: app.offered(work, id), actor)
        commands = _of_return(shop, known)
    else:
        offered = shop.found(lambda work: app.offered_on_withdrawal(work, id), actor)
        commands = _of_withdrawal(shop, known)
    for action in (one for one in offered if one.rpc not in NEEDS_MORE):
        refusal, changes = shop.tried(commands[action.rpc], actor)
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


def _of_withdrawal(shop: Shop, known: Withdrawal) -> dict[str, Decide]:
    app, id = shop.app, known.id
    here = [u for u in known.payable if known.units[u].where is Whereabouts.RECEIVED] or list(known.units)
    least = Money(1, known.units[here[0]].asked.paid.currency)
    return {
        "RepayWithdrawal": lambda work: app.repay_withdrawal(work, id),
        "RecordRepaidElsewhere": lambda work: app.record_repaid_elsewhere(work, id, (), "", "asked"),
        "RecordProofOfSending": lambda work: app.prove_sending(work, id, (), "dhl", "T", None),
        "DeductDiminishedValue": lambda work: app.diminish_value(work, id, here[0], least, "handling", "told"),
    }
