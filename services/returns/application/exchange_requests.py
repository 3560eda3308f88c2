"""What an exchange asks of the shop: the kinds of its effects, and the ids and figures that each request carries."""

from typing import Any

from services.returns.domain.case import Exchange, ReturnCase

EXCHANGE_RESERVE = "exchange_reservation"
EXCHANGE_RELEASE = "exchange_release"
EXCHANGE_ORDER = "exchange_order"
EXCHANGE_CANCEL = "exchange_cancellation"
CHARGE_EFFECT = "exchange_charge"

KIND_OF_STEP = {
    "": EXCHANGE_RESERVE,
    "r": EXCHANGE_RELEASE,
    "o": EXCHANGE_ORDER,
    "k": EXCHANGE_CANCEL,
    "c": CHARGE_EFFECT,
}
"""By the step in a request's key: the kind of effect that it belongs to."""


def reserve_body(case: ReturnCase, known: Exchange) -> dict[str, Any]:
    """Keep one."""
    unit = case.units[known.unit_id].asked
    return _common(case) | {
        "line_id": unit.line_id,
        "returned_sku": unit.sku,
        "sku": known.sku,
        "currency": known.shown.currency,
    }


def release_body(case: ReturnCase, known: Exchange) -> dict[str, Any]:
    """Do not keep it any longer."""
    return _common(case) | {"reservation_request_id": known.exchange_id, "reservation_id": known.reservation_id}


def order_body(case: ReturnCase, known: Exchange) -> dict[str, Any]:
    """Make an order of it."""
    money = known.money
    return _common(case) | {
        "reservation_id": known.reservation_id,
        "sku": known.sku,
        "carried": money.carried.minor,
        "on_top": money.on_top.minor,
        "currency": money.price.currency,
        "instant": known.instant,
    }


def cancel_body(case: ReturnCase, known: Exchange) -> dict[str, Any]:
    """Do not send it."""
    return _common(case) | {"order_id": known.new_order_id}


def charge_body(case: ReturnCase, known: Exchange) -> dict[str, Any]:
    """Take what the customer agreed to."""
    assert known.consent is not None  # nobody else is charged
    return _common(case) | {
        "order_id": known.new_order_id,
        "minor": known.money.carried.minor,
        "currency": known.money.carried.currency,
        "consented_at": known.consent.at.isoformat(),
        "consent": known.consent.how,
    }


def _common(case: ReturnCase) -> dict[str, Any]:
    return {
        "shop_id": case.shop_id,
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "case_id": str(case.id),
    }
