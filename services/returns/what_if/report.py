"""What a what-if reports.

Guarantee: sums of what was decided again; nothing in here decides.
"""

import msgspec


class Amounts(msgspec.Struct):
    """Sums in minor units by currency."""

    by_currency: dict[str, int] = {}

    def add(self, minor: int, currency: str) -> None:
        self.by_currency[currency] = self.by_currency.get(currency, 0) + minor


class Transition(msgspec.Struct):
    """Units that went from one outcome to another."""

    units: int = 0
    paid: Amounts = msgspec.field(default_factory=Amounts)


class Example(msgspec.Struct):
    """One unit that would be decided otherwise."""

    case_id: str
    unit_id: str
    before: str
    before_clause: str
    after: str
    after_clause: str
    explanation: str
    minor: int
    currency: str


class Report(msgspec.Struct):
    """What would be different."""

    decisions: int = 0
    units: int = 0
    changed_decisions: int = 0
    changed_units: int = 0
    customers: int = 0
    changed_customers: int = 0
    customers_better: int = 0
    customers_worse: int = 0
    transitions: dict[str, Transition] = {}
    more_authorised: Amounts = msgspec.field(default_factory=Amounts)
    more_fees: Amounts = msgspec.field(default_factory=Amounts)
    examples: list[Example] = []
    unknowns: dict[str, int] = {}
