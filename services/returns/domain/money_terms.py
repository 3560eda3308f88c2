"""How a shop's money is handled, as data: which tender is paid back first, and what is kept by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from casework.amounts import spoken
from chassis.domain import Money
from services.returns.domain.ledger import TenderRank
from services.returns.domain.order import Tender


@dataclass(frozen=True, slots=True)
class Band:
    """What may go out within an hour by itself: so many refunds, so much in each currency; not named, no bound."""

    count: int = 0
    sums: tuple[Money, ...] = ()

    @property
    def bounds(self) -> bool:
        """Whether it says anything."""
        return bool(self.count or self.sums)

    def left_by(self, count: int, sums: Mapping[str, Money]) -> str:
        """In words, how what went out leaves the band; empty where it does not."""
        if self.count and count > self.count:
            return f"{count} refunds within an hour, {self.count} are allowed"
        for most in self.sums:
            out = sums.get(most.currency, Money(0, most.currency))
            if out > most:
                return f"{spoken(out)} went back within an hour, {spoken(most)} are allowed"
        return ""


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """`refund_order`: kinds of tender, first paid back first. `promotions`: the
    least value of the goods that stay, by discount code and currency."""

    refund_order: tuple[str, ...] = ()
    promotions: Mapping[str, tuple[Money, ...]] = field(default_factory=dict)
    standard_shipping: tuple[Money, ...] = ()
    direct: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By provider: the shops whose accounts there we ask ourselves. All else goes through the shop's payment system."""

    band: Band = Band()
    no_way_back: frozenset[str] = frozenset()
    """Kinds of tender that money cannot be paid back by: a bank account is asked of the customer."""

    tender_gone: frozenset[str] = frozenset()
    """What providers call a failure that no repeat mends: the customer is asked for another tender."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    """The shop's own codes of the accounts that refunds are booked on."""

    credit_notes: frozenset[str] = frozenset()
    """Shops that are asked for a credit note of each movement of money that settled; `*`: every shop."""

    def wants_note(self, shop_id: str) -> bool:
        """Whether a shop is asked for credit notes."""
        return bool(self.credit_notes & {shop_id, "*"})

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
