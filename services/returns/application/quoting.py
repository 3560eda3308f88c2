"""What each remedy would bring, before anybody chooses: tried by the very use cases that would carry it out.

Guarantee: nothing of a quote is kept. What it names is what would be decided and paid of these units now, to the cent,
were they to come back as they are said to be; who asks makes no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.domain import Money
from chassis.work import Work
from services.returns.application.charging import Charging
from services.returns.application.deciding import Item
from services.returns.application.returning import REMEDIES, Returning
from services.returns.domain.case import Authorisation, ReturnUnit
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Fee, Ledger


@dataclass(frozen=True, slots=True)
class Quote:
    """One remedy. `worth`: what comes back of the units that may, with what goes with them; `fees`: what is kept of
    what was paid for them. `days`: how long money takes once it is due by `refund_at`."""

    remedy: str
    units: dict[str, ReturnUnit]
    worth: Money
    fees: tuple[Fee, ...]
    refund_at: str
    days: int

    @property
    def accepted(self) -> tuple[str, ...]:
        """The units that may come back for it at once."""
        return tuple(u for u, unit in self.units.items() if unit.authorisation is Authorisation.AUTHORISED)

    @property
    def waits(self) -> bool:
        """Whether a person has to look at some of it first."""
        return any(unit.authorisation is Authorisation.REQUESTED for unit in self.units.values())


class Quoting(Returning, Charging):
    """What may be asked before a return is."""

    async def quoted(self, work: Work, shop_id: str, order_id: str, items: Sequence[Item], remedy: str) -> Quote:
        """One remedy for these units. The work is thrown away by whoever asks."""
        receipt, _ = await self.ask_return(work, shop_id, order_id, items, remedy=remedy)
        case = await self.case_of(work, UUID(receipt.id))
        _, snapshot = await self.order_of(work, case)
        ledger = await work.get(Ledger, ledger_id_of(shop_id, order_id))
        policy = await self.policy_of(work, shop_id, snapshot)
        back = [u for u, unit in case.units.items() if unit.authorisation is Authorisation.AUTHORISED]
        besides = await self.keep_charges(work, case, back, (), "") if back else ()
        left = [ledger.books.left_of(subject).minor for subject in dict.fromkeys((*back, *besides))]
        offers = [case.units[u].offer for u in back]
        return Quote(
            remedy,
            dict(case.units),
            Money(sum(left), snapshot.currency),
            tuple(ledger.fees_of(str(case.id))),
            next((offer.refund_at for offer in offers if offer.refund_at), ""),
            policy.terms.refund_days,
        )


__all__ = ["REMEDIES", "Quote", "Quoting"]
