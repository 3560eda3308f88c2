"""What of a bundle has to be asked for together, as an order is shown. No decisions of its own.

Guarantee: the functions that decide a request say it; each bundle is judged whole once, however many units it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.returns.application.deciding import Asking, Item
from services.returns.application.judging import judged_together
from services.returns.application.legal_days import LegalDays
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.order.bundles import Bundles, written_out
from services.returns.domain.policy import Outcome, Policy, UnitFacts
from services.returns.domain.policy.bundles import only_whole


@dataclass(slots=True)
class Together:
    """The bundles of one order under one policy."""

    policy: Policy
    order: Order
    snapshot: OrderSnapshot
    ledger: Ledger
    legal_days: LegalDays
    now: datetime
    _gone: frozenset[str] = field(init=False)
    _bundles: Bundles = field(init=False)
    _comes: dict[frozenset[str], bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        parts = [unit.unit_id for unit in self.order.units() if unit.line.part_of]
        self._gone = frozenset(unit_id for unit_id in parts if self.ledger.books.is_given_back(unit_id))
        self._bundles = Bundles(self.order, self._gone)

    def asking(self, unit: SoldUnit) -> Asking:
        """A request for this unit alone."""
        missing: Mapping[str, tuple[str, ...]] = written_out(self._bundles.missing_with([unit.unit_id]))
        return Asking(self.now, self.legal_days, gone=self._gone, missing=missing)

    def rest(self, facts: UnitFacts, unit: SoldUnit, item: Item) -> tuple[SoldUnit, ...]:
        """What has to be asked for with it; nothing where it comes alone, or where all of it would be declined too."""
        if only_whole(self.policy, facts) is None:
            return ()
        rest = self._bundles.missing_with([unit.unit_id])[unit.unit_id]
        whole = frozenset(one.unit_id for one in (unit, *rest))
        if whole not in self._comes:
            chosen = [(one, replace(item, line_id=one.line.line_id)) for one in (unit, *rest)]
            asking = Asking(self.now, self.legal_days, gone=self._gone)
            _, judged = judged_together(self.policy, self.order, self.snapshot, chosen, asking)
            self._comes[whole] = all(one.outcome is not Outcome.DECLINE for one in judged)
        return rest if self._comes[whole] else ()
