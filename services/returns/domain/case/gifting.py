"""A return by who was given the goods: what may be given for it, and whom that reaches.

Guarantee: nothing of it goes where the buyer would see it, and nothing that was paid beside the goods goes to who was
given them.
"""

from collections.abc import Sequence
from datetime import datetime

from services.returns.domain.case.correcting import Correcting
from services.returns.domain.case.gift_state import AskedByRecipient, Gift
from services.returns.domain.errors import BuyersMoney


class Gifts(Correcting):
    """Abstract: `Exchanging` adds exchanges."""

    def asked_by_recipient(self, gift: Gift, *, at: datetime) -> None:
        """It is the return of who was given the goods."""
        self.record(AskedByRecipient, at=at, tells_value=gift.tells_value)

    def require_for_recipient(self, *, stays_in_the_shop: bool, besides: Sequence[str] = ()) -> None:
        """What leaves the shop goes to who paid, and would tell them; so would shipping that was theirs."""
        if self.gift is None:
            return
        if not stays_in_the_shop:
            raise BuyersMoney(
                "a gift is given back as store credit or by an exchange: its money would go to who bought it",
                rma_id=str(self.id),
            )
        if any(besides):
            raise BuyersMoney(
                f"{', '.join(filter(None, besides))} was paid beside the goods, by who bought them", rma_id=str(self.id)
            )

    def require_value_told(self) -> None:
        """A customer who would read what was paid for a gift from the answer is not answered."""
        if self.gift is not None and not self.gift.tells_value:
            raise BuyersMoney("somebody at the shop arranges the exchange of a gift", rma_id=str(self.id))
