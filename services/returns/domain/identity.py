"""Ids that any process computes alike: a business key of returns names exactly one aggregate."""

from uuid import UUID

from chassis.domain import derived_id


def order_id_of(shop_id: str, order_id: str) -> UUID:
    """Where the facts about one order are."""
    return derived_id("returns.order", shop_id, order_id)


def ledger_id_of(shop_id: str, order_id: str) -> UUID:
    """Where the money and goods given for one order are counted."""
    return derived_id("returns.ledger", shop_id, order_id)


def receipt_id_of(shop_id: str, receipt_number: str) -> UUID:
    """Where one receipt of the warehouse is."""
    return derived_id("returns.receipt", shop_id, receipt_number)


def policy_id_of(shop_id: str) -> UUID:
    """Where the policies of one shop are."""
    return derived_id("returns.policy", shop_id)


def customer_returns_id_of(shop_id: str, customer_id: str) -> UUID:
    """Where the returns of one customer are counted."""
    return derived_id("returns.customer_returns", shop_id, customer_id)


def conformity_id_of(shop_id: str, order_id: str, unit_id: str) -> UUID:
    """Where the lacks of one sold unit are."""
    return derived_id("returns.conformity", shop_id, order_id, unit_id)


def claim_id_of(shop_id: str, order_id: str, requester: str, request_key: str) -> str:
    """The ledger's name of what `requester` asked for under its own key."""
    return str(derived_id("returns.claim", shop_id, order_id, requester, request_key))


def exchange_request_of(request_id: str) -> tuple[UUID, str, str] | None:
    """The return, the exchange, and the step (o, c, k, r, or empty) that a request of ours to the shop is about."""
    exchange_id, _, step = request_id.partition(".x")
    number, _, step = step.partition(".")
    try:
        case_id = UUID(exchange_id)
    except ValueError:
        return None
    return (case_id, f"{exchange_id}.x{number}", step[:1]) if number else None


def is_transfer_key(key: str) -> bool:
    """Whether a ledger of ours may have given this key out, now or in a time that a restore took away."""
    claim, _, number = key.rpartition(".")
    try:
        return number.isdecimal() and str(UUID(claim)) == claim
    except ValueError:
        return False


def decision_id_of(case_id: UUID, question: str, number: int) -> UUID:
    """The `number`th decision of a case on one question."""
    return derived_id("returns.decision", str(case_id), question, str(number))


def unit_id_of(line_id: str, number: int) -> str:
    """One sold unit: a line of quantity 3 has the units 1, 2 and 3."""
    return f"{line_id}#{number}"


def parse_unit_id(unit_id: str) -> tuple[str, int]:
    """Line and number of a sold unit."""
    line_id, _, number = unit_id.rpartition("#")
    return line_id, int(number)
