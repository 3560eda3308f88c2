"""What Stripe's webhooks tell: proven by signature, read into facts.

Guarantee: nothing is read of a body that is not signed with one of the account's secrets, or was signed too long ago to
be anything but a replay. What is of no interest here is told apart from what cannot be read.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chassis.domain import Invalid
from services.returns.domain.order import PaymentFact, PaymentKind
from services.returns.providers.stripe.amounts import from_stripe

TOLERANCE = 300
"""Seconds a signature is good for, before and after it was made."""

_REFUNDS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
_CHARGES = frozenset({"charge.succeeded", "charge.captured"})
_DISPUTES = {
    ("charge.dispute.created", ""): PaymentKind.DISPUTE_OPENED,
    ("charge.dispute.closed", "won"): PaymentKind.DISPUTE_WON,
    ("charge.dispute.closed", "warning_closed"): PaymentKind.DISPUTE_WON,
    ("charge.dispute.closed", "lost"): PaymentKind.DISPUTE_LOST,
}


class NotProven(Exception):
    """The body is not signed by who it says it is from."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its own id, the fact in it, and what it names an order by. `fact` is None where nothing follows."""

    event_id: str
    kind: str
    fact: PaymentFact | None = None
    order_id: str = ""
    shop_id: str = ""
    payments: tuple[str, ...] = ()


def verify(body: bytes, header: str, secrets: Sequence[str], *, now: datetime) -> None:
    """Raise NotProven unless one of the secrets signed exactly this body, not too long ago."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not stamps[0].isdecimal() or len(stamps[0]) > 12 or not signatures:
        raise NotProven("the signature's header cannot be read")
    payload = stamps[0].encode() + b"." + body
    expected = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in secrets]
    found = [
        hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace"))
        for made in expected
        for signature in signatures
    ]
    if not any(found):
        raise NotProven("no signature is ours")
    if abs(int(now.timestamp()) - int(stamps[0])) > TOLERANCE:
        raise NotProven("the signature is too old, or from the future")


def read(body: bytes) -> Told:
    """The event in a proven body, or `Invalid`."""
    try:
        event = json.loads(body)
        event_id, kind, thing = str(event["id"]), str(event["type"]), event["data"]["object"]
        at = datetime.fromtimestamp(int(event["created"]), UTC)
        if kind in _REFUNDS:
            return _refund(event_id, kind, thing, at)
        if kind in _CHARGES:
            return _charge(event_id, kind, thing, at)
        ended = str(thing.get("status")) if kind == "charge.dispute.closed" else ""
        if (dispute := _DISPUTES.get((kind, ended))) is not None:
            return _dispute(event_id, kind, thing, dispute, at)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Invalid("event", f"this event cannot be read: {type(error).__name__}") from error
    return Told(event_id, kind)


def _refund(event_id: str, kind: str, refund: Mapping[str, Any], at: datetime) -> Told:
    status, metadata = str(refund["status"]), refund.get("metadata") or {}
    if status not in ("succeeded", "failed", "canceled"):
        return Told(event_id, kind)
    request_id = str(metadata.get("request_id", ""))
    fact = PaymentFact(
        kind=PaymentKind.REFUNDED if status == "succeeded" else PaymentKind.REFUND_FAILED,
        reference=str(refund["id"]),
        tender_id=str(metadata.get("tender_id", "")),
        amount=from_stripe(int(refund["amount"]), str(refund["currency"])),
        at=at,
        request_id=request_id,
        provider_refund_id=str(refund["id"]),
        outside=not request_id,
        reason="" if status == "succeeded" else str(refund.get("failure_reason") or status),
    )
    order_id, shop_id = str(metadata.get("order_id", "")), str(metadata.get("shop_id", ""))
    return Told(event_id, kind, fact, order_id, shop_id, _payments(refund))


def _charge(event_id: str, kind: str, charge: Mapping[str, Any], at: datetime) -> Told:
    metadata = charge.get("metadata") or {}
    captured = int(charge["amount_captured"])
    if not captured or not metadata.get("order_id"):
        return Told(event_id, kind)
    fact = PaymentFact(
        kind=PaymentKind.CAPTURED,
        reference=str(charge.get("payment_intent") or charge["id"]),
        tender_id=str(metadata.get("tender_id") or "stripe"),
        amount=from_stripe(captured, str(charge["currency"])),
        at=at,
    )
    return Told(event_id, kind, fact, str(metadata["order_id"]), str(metadata.get("shop_id", "")))


def _dispute(event_id: str, kind: str, dispute: Mapping[str, Any], what: PaymentKind, at: datetime) -> Told:
    fact = PaymentFact(
        kind=what,
        reference=str(dispute["id"]),
        tender_id="",
        amount=from_stripe(int(dispute["amount"]), str(dispute["currency"])),
        at=at,
        outside=True,
        reason=str(dispute.get("reason") or ""),
    )
    return Told(event_id, kind, fact, payments=_payments(dispute))


def _payments(thing: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(thing[name]) for name in ("payment_intent", "charge") if thing.get(name))
