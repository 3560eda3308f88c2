"""Chains of goods and money: at every step the statement closes, and nothing is given twice over the whole chain."""

from dataclasses import dataclass, field

import pytest

from services.returns.domain.errors import NothingLeft
from services.returns.domain.ledger import Book, ClaimState, Ledger
from services.returns.domain.ledger.entries import entries_of
from services.returns.domain.ledger.statement import statement_of
from tests.unit.returns.build import DAY, HOLD, T0, ask, eur, ledger, line, snapshot
from tests.unit.returns.world import World


@dataclass
class Chain:
    """One order's ledger on its way; each step writes down where the statement stood."""

    known: Ledger
    stood: list[tuple[int, int, int]] = field(default_factory=list)

    def step(self) -> None:
        statement = statement_of(self.known.books)
        assert statement.closes
        assert statement.paid == statement.refunded + statement.pending + statement.kept
        self.stood.append((statement.refunded, statement.pending, statement.left))

    def replace(self, key: str, subject: str, new_unit: str = "", *, with_customer: bool = False) -> None:
        """Goods are reserved for goods and go out."""
        self.known.request(ask(key, Book.IN_KIND, subjects=(subject,)), hold=HOLD, at=T0)
        claim = self.known.claim_of("shipping_issues", key)
        assert claim is not None and claim.state is ClaimState.RESERVED, claim
        self.step()
        owed = (self.known.books.root_of(subject),) if with_customer else ()
        new = (new_unit,) if new_unit else ()
        self.known.settle_goods("shipping_issues", key, f"order-{key}", new, with_customer=owed, at=T0)
        self.step()

    def came_back(self, subject: str, cause: str = "received") -> None:
        self.known.goods_came_back(subject, cause, at=T0)
        self.step()

    def refund(self, key: str, subject: str) -> None:
        """All that is left is reserved and paid."""
        claim = self.known.reserve(ask(key, requester="returns", subjects=(subject,)), hold=HOLD, at=T0)
        self.step()
        for transfer in self.known.books.transfers_of(claim.id):
            self.known.transfer_settled(transfer.key, transfer.amount, f"re-{key}", at=T0)
        self.step()

    def refused(self, key: str, subject: str, book: Book = Book.RESTITUTION) -> None:
        """Nothing is given, and nothing is written."""
        before = len(self.known.pending_events)
        with pytest.raises(NothingLeft):
            self.known.reserve(ask(key, book, requester="returns", subjects=(subject,)), hold=HOLD, at=T0)
        assert len(self.known.pending_events) == before


def test_paid_lost_replaced_and_the_defective_replacement_refunded() -> None:
    """One unit of 10.00: the replacement stands for it, comes back defective, and its 10.00 go back, once."""
    chain = Chain(ledger({"l1#1": 1000}))
    chain.replace("k1", "l1#1", "r1#1")
    chain.refused("k2", "l1#1")
    chain.came_back("r1#1")
    chain.refund("k3", "l1#1")
    chain.refused("k4", "l1#1")
    chain.refused("k5", "r1#1")
    assert chain.stood == [(0, 0, 0), (0, 0, 1000), (0, 0, 1000), (0, 1000, 0), (1000, 0, 0)]


def test_replaced_and_the_first_parcel_turns_up() -> None:
    """The customer has two: the first is owed back and gives nothing; the second can still be refunded, once."""
    chain = Chain(ledger({"l1#1": 1000}))
    chain.replace("k1", "l1#1")
    chain.known.goods_turned_up("l1#1", at=T0)
    chain.step()
    assert set(chain.known.owed_back) == {"l1#1"}
    chain.came_back("l1#1")
    chain.refused("k2", "l1#1")
    chain.refund("k3", "l1#1~1")
    chain.refused("k4", "l1#1~1")
    assert chain.stood[-1] == (1000, 0, 0)


def test_replaced_and_what_turned_up_is_kept() -> None:
    """Nothing of it gives money: the entitlement is with the replacement alone."""
    chain = Chain(ledger({"l1#1": 1000}))
    chain.replace("k1", "l1#1")
    chain.known.goods_turned_up("l1#1", at=T0)
    chain.refund("k2", "l1#1~1")
    chain.came_back("l1#1")
    chain.refused("k3", "l1#1")
    chain.refused("k4", "l1#1~1", Book.IN_KIND)
    assert chain.stood[-1] == (1000, 0, 0)


def test_an_exchange_of_an_exchange_ends_in_one_refund() -> None:
    """Boots in 42 for 43 for 44, then money back: each stands for the one before, 10.00 go back once."""
    chain = Chain(ledger({"l1#1": 1000, "l1#2": 700}))
    chain.replace("k1", "l1#1", "x1#1", with_customer=True)
    chain.came_back("l1#1")
    chain.refused("k2", "l1#1")
    chain.came_back("x1#1")
    chain.replace("k3", "l1#1", "y1#1")
    chain.refused("k4", "x1#1")
    chain.came_back("y1#1")
    chain.refund("k5", "l1#1")
    chain.refused("k6", "y1#1")
    assert chain.stood[-1] == (1000, 0, 700)
    assert [(e.kind, e.subject, e.minor) for e in entries_of(chain.known.books)] == [
        ("in_kind", "l1#1", 0),
        ("in_kind", "l1#1", 0),
        ("restitution", "l1#1", 1000),
    ]


def test_a_unit_of_another_order_with_the_name_of_one_of_ours_is_not_taken_for_it() -> None:
    """The replacement's order calls its unit l1#2, as this order calls another that was sold: both keep their own."""
    chain = Chain(ledger({"l1#1": 1000, "l1#2": 700}))
    chain.replace("k1", "l1#1", "l1#2")
    assert chain.known.carriers == {"l1#1": "order-k1/l1#2"}
    assert (chain.known.books.left_of("l1#2"), chain.known.books.left_of("order-k1/l1#2")) == (eur(700), eur(1000))
    chain.refund("k2", "l1#2")
    chain.refund("k3", "order-k1/l1#2")
    assert chain.stood[-1] == (1700, 0, 0)


async def test_an_exchange_that_costs_more_is_entitled_to_the_difference_here_and_the_rest_there() -> None:
    """14.00 for what had cost 10.00: the new order's own ledger gives back the 4.00 that were paid with it; the
    10.00 stay with the order they were paid with."""
    world = World()
    told = snapshot(line("n1", 1, 1400), exchange_of="o0", exchange_value=eur(1000), placed_at=T0 - DAY)
    await world.run(lambda work: world.app.order_recorded(work, "s1", "o1", told))
    entitled = [(e.subject, e.amount) for e in world.ledger().entitlements.values()]
    assert entitled == [("n1#1", eur(400))]
    assert sum(price.paid.minor for price in world.order().prices) == 1400
