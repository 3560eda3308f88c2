"""What commands about remedies share: the role acted in, and the receipt."""

from casework import written
from chassis.service import Receipt
from chassis.work import Actor
from services.shipping_issues.domain.delivery_case import DeliveryCase

_ROLES = ("supervisor", "finance", "senior_agent", "agent", "service", "customer")


def role_of(actor: Actor) -> str:
    """The role somebody acts in: the one with most say."""
    return next((role for role in _ROLES if role in actor.roles), "service")


def remedy_receipt(case: DeliveryCase, key: str) -> Receipt:
    """What a command about a remedy answers."""
    remedy = case.remedies[key]
    facts = {"remedy_id": key, "remedy": remedy.remedy, "state": remedy.state, "case_state": case.state}
    if (value := remedy.amount or remedy.value) is not None:
        facts["amount"] = written(value)
    return Receipt(str(case.id), case.version, facts)
