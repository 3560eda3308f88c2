"""What an exploration has come to: steps, states, and which combinations of the axes were there."""

from collections import Counter
from dataclasses import dataclass, field

from services.returns.domain.case import ReturnCase
from services.returns.domain.ledger import Ledger
from tests.unit.returns.exploring.shop import Shop

Combination = tuple[str, str, str, str]
"""Authorisation, goods, inspection and money of one unit."""


@dataclass
class Reached:
    """Over all examples of one run. `states` are hashes of all axes of all units with every claim and movement."""

    steps: int = 0
    examples: int = 0
    states: set[int] = field(default_factory=set)
    combinations: Counter[Combination] = field(default_factory=Counter)
    withdrawals: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def note(self, shop: Shop) -> None:
        """The state as it is now."""
        whole: list[object] = []
        for case in shop.cases:
            axes = [_axes(case, unit_id) for unit_id in case.units]
            self.combinations.update(axes)
            whole.append((axes, case.is_open, case.waiting_on))
        for known in shop.withdrawals:
            ways = [(unit.where.value, str(known.money_of(u) or "")) for u, unit in known.units.items()]
            self.withdrawals.update(ways)
            whole.append((ways, known.state))
        for ledger in shop.all(Ledger):
            claims = sorted((c.ask.book.value, c.state.value, c.overdue) for c in ledger.claims.values())
            whole.append((claims, sorted(t.state.value for t in ledger.transfers.values()), ledger.frozen))
        self.states.add(hash(repr(whole)))

    def ended(self, shop: Shop) -> None:
        """One example is over."""
        self.examples += 1
        self.refusals.update(shop.refusals)
        self.events.update(shop.kinds)


REACHED = Reached()


def _axes(case: ReturnCase, unit_id: str) -> Combination:
    unit, money = case.units[unit_id], case.money_of(unit_id)
    found = [f for f in (unit.condition, unit.responsibility, unit.disposition) if f is not None]
    inspected = "contradicts" if unit.contradicts else ("", "begun", "begun", "whole")[len(found)] or "not"
    return unit.authorisation.value, unit.goods.value, inspected, money.value if money else "none"
