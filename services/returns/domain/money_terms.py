"""How a shop's money is handled, as data: which tender is paid back first, and what is kept by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chassis.domain import Money
from services.returns.domain.ledger import TenderRank
from services.returns.domain.order import Tender


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """`refund_order`: kinds of tender, first paid back first. `promotions`: the
    least value of the goods that stay, by discount code and currency."""

    refund_order: tuple[str, ...] = ()
    promotions: Mapping[str, tuple[Money, ...]] = field(default_factory=dict)
    standard_shipping: tuple[Money, ...] = ()
    direct: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By provider: the shops whose accounts there we ask ourselves. All else goes through the shop's payment system."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    """The shop's own codes of the accounts that refunds are booked on."""

    def ranked(self, shop_id: str, tenders: Iterable[Tender]) -> tuple[TenderRank, ...]:
        """An order's tenders in the order they are paid back by; kinds that are not named come last."""
        place = {kind: n for n, kind in enumerate(self.refund_order)}
        inner = sorted(tenders, key=lambda tender: (place.get(tender.kind, len(place)), tender.tender_id))
        return tuple(
            TenderRank(
                tender.tender_id,
                tender.kind,
                tender.provider if shop_id in self.direct.get(tender.provider, ()) else "",
            )
            for tender in inner
        )

    def standard(self, currency: str) -> Money | None:
        """What the cheapest standard shipping costs; None where nobody said."""
        return next((price for price in self.standard_shipping if price.currency == currency), None)
