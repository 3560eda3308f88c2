"""What an exploration has come to: steps, states, and which combinations of the axes were there."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.returns.domain.case import Authorisation, Goods, MoneyState, ReturnCase
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


PAGE = Path(__file__).parents[4] / "docs" / "exploration.md"

_HEAD = """# What a walk through the state space of returns has reached

Written by `make explore`; nobody edits it. An order and those that are exchanged for it, their ledgers, returns, those
of who was given the goods among them, exchanges, withdrawals, files of conformity, changes before dispatch, receipts
and effects are walked at random, with a shop that answers and a provider that pays
(`tests/unit/returns/exploring/machine.py`, a room for each subject beside it): facts come early, late, twice and
contradicting, people ask for what may be done and for what may not, answers are lost, a person is forgotten. After
every step it holds
that in each ledger nothing is given beyond what was paid but by a named override, that no key is paid twice, that what
went back for an order is no more than was taken for it, that each movement of
money stands where its effect does and the case it is for shows it, that the statement closes, that what was paid for a
unit is reserved for one exchange at a time and freed with its end, that a unit lies in one
receipt of one return, is in no change beside it, and every piece of a receipt is accounted for, that a finding keeps
who wrote it down and when, that what is told of a gift's return names its recipient alone and no money of it goes to
who bought it,
that the events as stored fold to the same state with versions that leave nothing out, that a refusal names its rule
and writes nothing, and that what is listed as allowed next is done when it is asked for, and what is not is refused
or changes nothing.

"""


def write_down(seeds: int, seconds: float, used: float) -> None:
    """The page, as far as the walk has come."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PAGE.parent, capture_output=True, text=True, check=True
    ).stdout.strip()
    figures = {
        "steps that were taken": f"{REACHED.steps:,}",
        "walks, each from an order's beginning": f"{REACHED.examples:,}",
        "seeds": f"1 to {seeds}",
        "distinct states": f"{len(REACHED.states):,}",
        "combinations of the four axes": f"{len(REACHED.combinations)}",
        "kinds of events": f"{len(REACHED.events)}",
        "seconds (of them on a processor)": f"{seconds:.0f} ({used:.0f})",
        "commit": commit,
    }
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in figures.items()), ""]
    PAGE.write_text(_HEAD + "\n".join([*lines, *_axes_reached(), *_refusals()]) + "\n", encoding="utf-8")


def _axes_reached() -> Iterator[str]:
    yield "Units of returns after a step, by their axes; inspection is not, begun, whole, or contradicts the promise:"
    yield ""
    yield "| authorisation | goods | inspection | money | seen |"
    yield "| --- | --- | --- | --- | --- |"
    for combination, seen in sorted(REACHED.combinations.items()):
        yield f"| {' | '.join(combination)} | {seen:,} |"
    yield ""
    here = {value for combination in REACHED.combinations for value in combination}
    words = (*(a.value for a in Authorisation), *(g.value for g in Goods), *(m.value for m in MoneyState))
    never = ", ".join(word for word in words if word not in here)
    yield f"Words of the axes that no unit of a return had: {never or 'none'}."
    yield ""


def _refusals() -> Iterator[str]:
    yield "Commands that were refused, by rule:"
    yield ""
    yield ", ".join(f"`{reason}` {seen:,}" for reason, seen in REACHED.refusals.most_common()) + "."
