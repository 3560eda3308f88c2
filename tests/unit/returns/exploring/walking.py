"""What every room of the walk stands on: the shop, whoever is asked for money or goods, and how a step is taken."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from chassis.effects.terms import Terms
from chassis.work import Actor, Work
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot
from tests.unit.returns.exploring.keeper import Keeper
from tests.unit.returns.exploring.provider import Provider
from tests.unit.returns.exploring.reached import REACHED
from tests.unit.returns.exploring.shop import Shop
from tests.unit.returns.world import ANN, BEN, CUSTOMER, SUE

FIRST = "o1"
"""The order every walk begins with; those that follow from it are made by the shop."""
UNITS = ("l1#1", "l1#2", "l2#1")
PRICES = {"l1": 3000, "l2": 16_000}
TOTAL = 2 * 3000 + 16_000 + 490
RECEIPTS = st.sampled_from(["r1", "r2", "r3"])
STAFF = st.sampled_from([ANN, BEN, SUE])
ANYBODY = st.sampled_from([CUSTOMER, ANN, SUE])
PICK = st.integers(0, 30)
SOME_UNITS = st.lists(st.sampled_from(UNITS), max_size=2, unique=True)
AMOUNTS = st.sampled_from([1, 490, 1000, 3000, 6000, 16_000, 22_490])
KEYS = st.sampled_from(["k1", "k2", "k3"])

Decide = Callable[[Work], Awaitable[Any]]


class Walking(RuleBasedStateMachine):
    """Base of the rooms."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop.under("default")
        self.provider = Provider(keyed=True, direct=False)
        self.keeper = Keeper()
        self.terms = Terms(timedelta(days=30))
        self.most: dict[tuple[str, str], int] = {}
        """What each unit and component of each order was ever paid at."""
        self.found: dict[tuple[str, str, str], tuple[str, str, Any]] = {}
        self.versions: Counter[str] = Counter()
        self.country, self.direct, self.gift_proof = "DE", False, ""
        self.heard = 0
        """How much of what was told has been looked at."""

    def told_order(self, order_id: str, snapshot: OrderSnapshot) -> None:
        """The shop tells a version of an order."""
        self.fact(lambda work: self.shop.app.order_recorded(work, "s1", order_id, snapshot))
        self.note_what_was_paid()

    def note_what_was_paid(self) -> None:
        """The most that each unit and component was ever stated at, or charged with."""
        for ledger in self.shop.all(Ledger):
            for subject, e in ledger.entitlements.items():
                name = ledger.order_id, subject
                self.most[name] = max(self.most.get(name, 0), e.amount.minor)

    def fact(self, decide: Decide) -> None:
        """Something is told or becomes due: nobody may refuse it."""
        REACHED.steps += 1
        self.shop.fact(decide)

    def ask(self, decide: Decide, actor: Actor) -> Any:
        """Somebody asks; what it gave, or nothing where it was refused."""
        REACHED.steps += 1
        return self.shop.command(decide, actor)

    def next_version(self, order_id: str) -> int:
        self.versions[order_id] += 1
        return self.versions[order_id]

    def taken(self, order_id: str) -> int:
        """Minor units that were captured for an order."""
        return sum(
            amount.minor
            for ledger in self.shop.all(Ledger)
            if ledger.order_id == order_id
            for _, amount in ledger.captures.values()
        )

    def an_order(self, pick: int) -> str:
        """One of the orders that are known: mostly the first."""
        others = [o.order_id for o in self.shop.all(Order) if o.order_id != FIRST and o.snapshot is not None]
        return of(others, pick) if others and pick % 3 == 0 else FIRST


def of(found: Any, pick: int) -> Any:
    return found[pick % len(found)]
