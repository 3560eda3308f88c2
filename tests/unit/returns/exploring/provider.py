"""Whoever is asked for money: what it did under which key, what it has not answered yet, and what it tells of itself.

A provider with keys does a thing once however often it is asked under one key; one without does it each time. It is the
witness of what really moved, and knows nothing of ledgers.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chassis.domain import Money
from chassis.effects.effect import Effect
from chassis.service import Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown
from services.returns.application.common import BANK_EFFECT, CREDIT_EFFECT

BY_KEY_ALONE = frozenset({BANK_EFFECT, CREDIT_EFFECT})
"""Whoever does these honours our keys, and cannot be asked what became of them."""
OUTCOMES = ("done", "done, answer lost", "taken on", "busy", "declined", "lost")


@dataclass(slots=True)
class Sender:
    """A worker that has begun an attempt, and may be stopped for as long as it likes before each of its steps."""

    effect: UUID
    attempt: int
    called: bool = False
    answer: ProviderAnswer | None = None


@dataclass(slots=True)
class Payment:
    """Money that was paid back once."""

    key: str
    kind: str
    order_id: str
    tender_id: str
    amount: Money
    reference: str
    at: datetime
    bounced_at: datetime | None = None


@dataclass(slots=True)
class Provider:
    """One payment system. `keyed`: whether it honours our keys; `direct`: whether its answer is its own word."""

    keyed: bool
    direct: bool
    payments: list[Payment] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    taken_on: dict[str, Effect] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    senders: list[Sender] = field(default_factory=list)

    def call(self, effect: Effect, outcome: str, at: datetime) -> ProviderAnswer:
        """One call under the effect's key."""
        key = effect.key
        keyed = self.keyed or effect.kind in BY_KEY_ALONE
        self.asked[key] += 1
        if keyed and key in self.declined:
            return Failed("DECLINED")
        if keyed and (known := self.paid(key)) is not None:
            return self._said(known.reference, at)
        if outcome == "busy":
            return NotDone("BUSY")
        if outcome == "declined" and key not in self.taken_on:
            self.declined.add(key)
            return Failed("DECLINED")
        if outcome in ("lost", "declined"):
            return Unknown("TIMEOUT")
        if outcome == "taken on":
            self.taken_on.setdefault(key, effect)
            return Submitted(at + timedelta(hours=1))
        self.taken_on.pop(key, None)
        payment = self.pay(effect, at)
        return Unknown("TIMEOUT") if outcome == "done, answer lost" else self._said(payment.reference, at)

    def pay(self, effect: Effect, at: datetime) -> Payment:
        """The money goes back."""
        body, reference = effect.body, f"re-{len(self.payments) + 1}"
        amount = Money(body["minor"], body["currency"])
        payment = Payment(effect.key, effect.kind, body["order_id"], body["tender_id"], amount, reference, at)
        self.payments.append(payment)
        return payment

    def paid(self, key: str) -> Payment | None:
        """What was paid under a key."""
        return next((p for p in self.payments if p.key == key), None)

    def looked_up(self, effect: Effect, at: datetime) -> ProviderAnswer | None:
        """What a look-up by our key gives."""
        key = effect.key
        if effect.kind in BY_KEY_ALONE:
            return None
        if (known := self.paid(key)) is not None:
            return self._said(known.reference, at)
        if key in self.taken_on:
            return Submitted(at + timedelta(hours=1))
        return Failed("DECLINED") if key in self.declined else NotDone("ABSENT")

    def stands(self) -> Mapping[str, int]:
        """Minor units that are with the customer, by key."""
        sums: Counter[str] = Counter()
        for payment in self.payments:
            sums[payment.key] += 0 if payment.bounced_at else payment.amount.minor
        return sums

    def _said(self, reference: str, at: datetime) -> ProviderAnswer:
        return Succeeded(reference) if self.direct else Submitted(at + timedelta(hours=1), reference)
