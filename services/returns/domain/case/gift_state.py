"""Of a return that somebody asked for who was given the goods: what is remembered of it.

Guarantee: folds only; who bought the goods is not in here.
"""

from dataclasses import dataclass

from casework.case import Case
from chassis.domain import Event, applies


@dataclass(frozen=True, slots=True)
class Gift:
    """Who was given the goods, and whether they may be shown what was paid."""

    recipient: str
    tells_value: bool


class AskedByRecipient(Event):
    """The return is of who was given the goods, not of who bought them."""

    TOPIC = "returns.Return.AskedByRecipient"
    tells_value: bool


class GiftState(Case):
    """Abstract: `CorrectionState` adds what was put right."""

    def __init__(self) -> None:
        super().__init__()
        self.gift: Gift | None = None

    @property
    def recipient(self) -> str:
        """Who was given the goods; empty where it is the return of who bought them."""
        return self.gift.recipient if self.gift else ""

    @applies(AskedByRecipient)
    def _on_asked_by_recipient(self, event: AskedByRecipient) -> None:
        self.gift = Gift(self.customer_id, event.tells_value)
