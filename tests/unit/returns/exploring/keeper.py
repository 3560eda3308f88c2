"""The shop that is asked for goods, labels and changes: what it was asked under which key, and the one word it has for
each.

Asked again under a key it says the same again. It is the witness of which orders were made, and knows nothing of
returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chassis.effects.effect import Effect
from chassis.service import Failed, Succeeded
from services.returns.application.answered import CHANGE_EFFECTS
from services.returns.application.common import (
    BANK_EFFECT,
    CREDIT_EFFECT,
    LABEL_EFFECT,
    REFUND_EFFECT,
    STRIPE_EFFECT,
)
from services.returns.application.exchange_requests import EXCHANGE_ORDER, EXCHANGE_RESERVE
from services.returns.domain.change import ChangeKind

MONEY = frozenset({REFUND_EFFECT, STRIPE_EFFECT, CREDIT_EFFECT, BANK_EFFECT})
"""The effects that whoever pays carries out; all others are the shop's, or a carrier's."""

KEPT_FOR = timedelta(days=21)


@dataclass(slots=True)
class Asked:
    """One request. `word`: yes, no, or otherwise: done, but not as it was asked; empty while it says nothing."""

    kind: str
    key: str
    body: Mapping[str, Any]
    word: str = ""
    order_id: str = ""
    """The order that was made of it."""


@dataclass(slots=True)
class Keeper:
    """See the module."""

    asked: dict[str, Asked] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def take(self, effect: Effect) -> None:
        """It is asked, perhaps again."""
        self.asked.setdefault(effect.key, Asked(effect.kind, effect.key, effect.body))

    def order_of(self, asked: Asked) -> str:
        """The order that is made of a request, once."""
        if not asked.order_id:
            asked.order_id = f"x{len(self.made) + 1}"
            self.made.append(asked.order_id)
        return asked.order_id


def answer_of(asked: Asked, now: Any) -> Succeeded | Failed:
    """What the shop says of a request, by its word. The order that is made of one is told by itself."""
    if asked.word == "no":
        return Failed("not possible")
    facts: dict[str, str] = {}
    if asked.kind == EXCHANGE_RESERVE:
        price = 3000 + 700 * (asked.word == "otherwise")
        facts = {"expires_at": (now + KEPT_FOR).isoformat(), "minor": str(price), "currency": asked.body["currency"]}
    elif asked.kind == CHANGE_EFFECTS[ChangeKind.SWAP]:
        facts = {"difference": f"{500 if asked.word == 'otherwise' else -500} EUR"}
    elif asked.kind == LABEL_EFFECT:
        facts = {"carrier": "dhl", "tracking_number": "T", "label_url": "u"}
    elif asked.kind == EXCHANGE_ORDER:
        return Succeeded(asked.order_id)
    return Succeeded(f"S-{asked.key[-4:]}", facts)
