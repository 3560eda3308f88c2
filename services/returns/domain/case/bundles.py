"""What of a bundle came back and what of it did not, as far as all of it was to come with this return.

Guarantee: pure. A part that was let come back alone from the start is no part of anything here, nor is one that is not
awaited any more, that the customer keeps, or that was lost on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.returns.domain.bundle import Part, PartOf, broken
from services.returns.domain.case.reading import ReturnReading
from services.returns.domain.case.signals import BUNDLE_SHORT, Signal
from services.returns.domain.case.values import Authorisation, Goods, ReturnUnit

PROMISE = "return_promise"
"""The question that a request asks of the policy."""

_AWAITED = (Authorisation.REQUESTED, Authorisation.AUTHORISED, Authorisation.EXPIRED)
_NOT_TO_COME = (Goods.KEPT_BY_CUSTOMER, Goods.MISSING)


@dataclass(frozen=True, slots=True)
class Short:
    """A bundle that came back short. `alone`: what of it is here; `missing`: what is not, by id and title."""

    part_of: PartOf
    alone: tuple[str, ...]
    missing: tuple[str, ...]

    def signal(self, receipt_number: str, units: tuple[str, ...]) -> Signal:
        """The same as a receipt with these units shows it."""
        detail = f"{self.part_of.name} lacks {', '.join(self.missing)}"
        return Signal(BUNDLE_SHORT, units, f"receipt {receipt_number}", detail)


def came_alone(case: ReturnReading, unit_id: str) -> bool:
    """Whether it was asked for without the rest of its bundle: whoever let it come back knew that."""
    promises = (one for one in case.decisions.values() if one.question == PROMISE)
    return any(f"{unit_id}.bundle_missing" in decision.facts for decision in promises)


def shorts(case: ReturnReading) -> list[Short]:
    """Every bundle of a return of which something is here and something is not."""
    found = []
    for part_of, lines in _bundles(case).values():
        torn = broken([Part(per, *_by_place(units)) for per, units in lines.values()])
        if torn.alone:
            missing = tuple(f"{u} {case.units[u].asked.title}".rstrip() for u in torn.missing)
            found.append(Short(part_of, torn.alone, missing))
    return found


def _bundles(case: ReturnReading) -> dict[str, tuple[PartOf, dict[str, tuple[int, dict[str, ReturnUnit]]]]]:
    found: dict[str, tuple[PartOf, dict[str, tuple[int, dict[str, ReturnUnit]]]]] = {}
    for unit_id, unit in case.units.items():
        part, awaited = unit.asked.part_of, unit.announced and unit.authorisation in _AWAITED
        if part is None or not awaited or unit.goods in _NOT_TO_COME or came_alone(case, unit_id):
            continue
        _, lines = found.setdefault(part.bundle_id, (part, {}))
        lines.setdefault(unit.asked.line_id, (part.per, {}))[1][unit_id] = unit
    return found


def _by_place(units: Mapping[str, ReturnUnit]) -> tuple[list[str], list[str]]:
    here = [unit_id for unit_id, unit in units.items() if unit.goods is Goods.RECEIVED]
    return here, [unit_id for unit_id in units if unit_id not in here]
