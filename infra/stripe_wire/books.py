"""What the provider did: its payments and refunds, and what it remembers of each idempotency key.

These books are the truth that `the provider paid once` is read from: nothing in Aftercare writes to them. The result of
the first request with a key is stored, a 500 too, and the same key with other parameters is an error, as documented.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Refund:
    """One refund object."""

    id: str
    payment: str
    amount: int
    currency: str
    status: str
    created: int
    metadata: dict[str, str]
    failure_reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is on the wire."""
        name = "payment_intent" if self.payment.startswith("pi_") else "charge"
        return {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "created": self.created,
            "metadata": self.metadata,
            "failure_reason": self.failure_reason or None,
            "payment_intent": None,
            "charge": None,
            name: self.payment,
        }


@dataclass(slots=True)
class Payment:
    """A payment, of which `captured` was taken: less than `amount` after a partial capture."""

    id: str
    amount: int
    captured: int
    currency: str


class Refused(Exception):
    """An error object, with its status."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status, self.code, self.kind = status, code, kind

    def as_json(self) -> dict[str, Any]:
        """As it is on the wire."""
        return {"error": {"type": self.kind, "code": self.code, "message": self.code.replace("_", " ")}}


@dataclass(slots=True)
class Books:
    """One account."""

    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    remembered: dict[str, tuple[Mapping[str, str], int, dict[str, Any]]] = field(default_factory=dict)

    def pay(self, id: str, amount: int, currency: str, *, captured: int | None = None) -> None:
        """A customer paid, or authorised more than was captured."""
        self.payments[id] = Payment(id, amount, amount if captured is None else captured, currency)

    def refunded(self, payment: str) -> int:
        """What went back of a payment, or is on its way."""
        return sum(r.amount for r in self.refunds.values() if r.payment == payment and r.status in _COUNTS)

    def by_request(self) -> dict[str, list[Refund]]:
        """Refunds that count, by our own key in their metadata."""
        found: dict[str, list[Refund]] = {}
        for refund in self.refunds.values():
            if refund.status in _COUNTS:
                found.setdefault(refund.metadata.get("request_id", ""), []).append(refund)
        return found

    def refund(self, form: Mapping[str, str], *, status: str, now: int) -> Refund:
        """Make one refund object, or raise Refused."""
        name = form.get("payment_intent") or form.get("charge", "")
        payment = self.payments.get(name)
        if payment is None:
            raise Refused(404, "resource_missing")
        amount = int(form.get("amount") or payment.captured - self.refunded(name))
        if not 0 < amount <= payment.captured - self.refunded(name):
            spent = self.refunded(name) >= payment.captured
            raise Refused(400, "charge_already_refunded" if spent else "amount_too_large")
        metadata = {key[9:-1]: value for key, value in form.items() if key.startswith("metadata[")}
        made = Refund(f"re_{len(self.refunds) + 1:06d}", name, amount, payment.currency, status, now, metadata)
        self.refunds[made.id] = made
        return made

    def end(self, refund_id: str, status: str, reason: str = "") -> Refund:
        """A pending refund succeeds or fails, or one that succeeded fails after all."""
        refund = self.refunds[refund_id]
        refund.status, refund.failure_reason = status, reason
        return refund


_COUNTS = ("succeeded", "pending", "requires_action")
