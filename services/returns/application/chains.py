"""Where what was really paid for a unit lies: in its own order's ledger, and in those of the orders it came for.

Guarantee: each part is found in the ledger that took the money for it, once; an order that names itself, or a unit
that does not stand for anything there, ends the way. What the ledgers of the way hold together is what was paid, never
more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.domain import Money
from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.domain.identity import ledger_id_of, order_id_of
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order

LONGEST = 64
"""Exchanges of exchanges that are followed; more is a shop's mistake."""


@dataclass(frozen=True, slots=True)
class Link:
    """One ledger in which a part of a unit's worth lies, and what the unit is called there."""

    order: Order
    ledger: Ledger
    subject: str

    @property
    def left(self) -> Money:
        """What may still be given for the unit out of this ledger."""
        return self.ledger.books.left_of(self.subject)


class Chaining(UseCases):
    """Base of the use cases that reach through exchanges."""

    async def links_of(self, work: Work, order: Order, unit_id: str) -> tuple[Link, ...]:
        """The ledgers a unit's worth lies in, its own order's first."""
        own = await self.ledger_of(work, order.shop_id, order.order_id)
        return (Link(order, own, unit_id), *await self.before(work, order, unit_id))

    async def before(self, work: Work, order: Order, unit_id: str) -> tuple[Link, ...]:
        """The same without its own order's."""
        found, seen, current = [], {order.order_id}, order
        while len(seen) < LONGEST and current.snapshot is not None and current.snapshot.exchange_of not in ("", *seen):
            earlier_id = current.snapshot.exchange_of
            seen.add(earlier_id)
            ledger = await work.find(Ledger, ledger_id_of(order.shop_id, earlier_id))
            earlier = await work.find(Order, order_id_of(order.shop_id, earlier_id))
            if ledger is None or earlier is None or earlier.customer_id != order.customer_id:
                break
            if subject := ledger.stands_for(order.order_id, unit_id, order.shipments):
                found.append(Link(earlier, ledger, subject))
            current = earlier
        return tuple(found)


def worth_of(links: Sequence[Link]) -> Money:
    """What was really paid for the unit and was not given back."""
    first, *rest = [link.left for link in links]
    return sum(rest, first)


def taken_from(links: Sequence[Link], amount: Money) -> list[tuple[Link, Money]]:
    """How much of an amount lies in which ledger: what was paid last goes back first."""
    left, found = amount.minor, []
    for link in links:
        part = min(left, link.left.minor)
        if part > 0:
            found.append((link, Money(part, amount.currency)))
            left -= part
    return found
