"""Where what was paid for withdrawn units lies: with their own order, and with those they were exchanged for.

Guarantee: what the law makes owed is all that was paid for the goods and was not given back, each part of it found in
the ledger that took it, once (decisions/0015).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chassis.domain import Money
from chassis.work import Work
from services.returns.application.chains import Chaining
from services.returns.domain.law import Whereabouts
from services.returns.domain.ledger import Book, Ledger
from services.returns.domain.order import Order
from services.returns.domain.order.way import dispatch_of
from services.returns.domain.withdrawal import Withdrawal


@dataclass(frozen=True, slots=True)
class Place:
    """One order with which something was paid for the units of a withdrawal. `names`: what each is called there."""

    order: Order
    ledger: Ledger
    names: Mapping[str, str]
    own: bool

    def left_of(self, unit_id: str) -> Money:
        """What may still be given for a unit out of this ledger."""
        name = self.names.get(unit_id)
        return self.ledger.books.left_of(name) if name else self.ledger.books.money(0)

    def part_name(self, subject: str) -> str:
        """What the withdrawal calls a part of a claim in this ledger: its own by themselves, others by their order."""
        if self.own:
            return subject
        unit_id = next(unit for unit, name in self.names.items() if name == subject)
        return f"{unit_id}@{self.order.order_id}"


class WithdrawnPlaces(Chaining):
    """Base of the use cases after which something may be owed by law."""

    async def places_of(self, work: Work, known: Withdrawal, order: Order) -> tuple[Place, ...]:
        """The places of all units of a withdrawal, its own order's first."""
        own = await self.ledger_of(work, order.shop_id, order.order_id)
        found = {order.order_id: Place(order, own, {unit: unit for unit in known.units}, own=True)}
        for unit_id in known.units:
            for link in await self.before(work, order, unit_id):
                place = found.get(link.order.order_id)
                names = {**(place.names if place else {}), unit_id: link.subject}
                found[link.order.order_id] = Place(link.order, link.ledger, names, own=False)
        return tuple(found.values())


def left_of(places: Sequence[Place], unit_id: str) -> int:
    """Minor units that were paid for a unit and not given back, wherever they lie."""
    return sum(place.left_of(unit_id).minor for place in places if place.ledger.currency)


def subjects_by_place(
    places: Sequence[Place], units: Sequence[str], besides: Sequence[str]
) -> list[tuple[Place, tuple[str, ...]]]:
    """What is asked of which ledger; of the own one where nothing is left in any, which says so."""
    found = []
    for place in places:
        here = tuple(place.names[unit] for unit in units if unit in place.names)
        more = tuple(besides) if place.own else ()
        if sum(place.ledger.books.left_of(subject).minor for subject in (*here, *more)):
            found.append((place, (*here, *more)))
    return found or [(places[0], (*units, *besides))]


def given_by_another(known: Withdrawal, places: Sequence[Place], unit_id: str) -> bool:
    """Whether nothing is left for a unit because another case gave it back in money."""
    if not known.units[unit_id].asked.paid.minor:
        return False
    here = [place for place in places if unit_id in place.names]
    if any(p.ledger.books.left_of(p.ledger.books.carrier_of(p.names[unit_id])).minor for p in here):
        return False
    return any(_gave(place, place.names[unit_id], str(known.id)) for place in here)


def counted_elsewhere(places: Sequence[Place], facts: Collection[str]) -> bool:
    """Whether what moved elsewhere is still there."""
    return all(any(fact in place.ledger.outside for place in places) for fact in facts)


def _gave(place: Place, name: str, case_id: str) -> bool:
    books = place.ledger.books
    root = books.root_of(name)
    return any(
        claim.ask.book is Book.RESTITUTION and claim.ask.case_id != case_id and books.counted(claim).minor
        for claim in books.claims.values()
        if any(books.root_of(part.subject) == root for part in claim.parts)
    )


def on_its_way(known: Withdrawal, order: Order, unit_id: str) -> bool:
    """Goods that left and have not arrived: the shop has neither them nor a proof, so a person decides until they are
    somewhere."""
    unit = known.units[unit_id]
    return unit.where is Whereabouts.NOT_DELIVERED and dispatch_of(order, unit.asked.line_id) is not None


def stands(known: Withdrawal, places: Sequence[Place], unit_id: str, facts: Sequence[str]) -> bool:
    """Whether what was given back elsewhere for a unit is still there."""
    return counted_elsewhere(places, facts) if facts else given_by_another(known, places, unit_id)
