"""What a receipt shows that somebody should look at: facts with their source, by which nothing is decided.

Guarantee: pure; the same receipt and the same sale give the same signals, and what is not known gives none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.returns.domain.case.values import ReceivedGoods, ReturnUnit

EMPTY_BOX, WRONG_ITEM, SERIAL, WEIGHT = "empty_box", "wrong_item", "serial_mismatch", "weight_mismatch"

LIGHTER_BY = 4
"""A parcel is too light where more than a fourth of what was sent is missing from it,"""
LEAST_GRAMS = 100
"""and no less than this: scales differ."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing to look at. `source`: the receipt that shows it; `detail`: what was held against what."""

    name: str
    units: tuple[str, ...]
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sold:
    """What is known of the goods from before: serials and grams of one unit by line, and what the carrier weighed."""

    serials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit_grams: Mapping[str, int] = field(default_factory=dict)
    way_back_grams: int = 0


def signals_of(
    receipt: ReceivedGoods, awaited: tuple[str, ...], units: Mapping[str, ReturnUnit], sold: Sold
) -> tuple[Signal, ...]:
    """What one receipt shows. `awaited`: the units it should have held."""
    source = f"receipt {receipt.receipt_number}"
    found = []
    if not receipt.lines and receipt.short:
        found.append(Signal(EMPTY_BOX, awaited, source, f"nothing for {receipt.short} announced"))
    if receipt.wrong:
        articles = ", ".join(line.sku for line in receipt.lines if "wrong" in line.findings)
        missing = tuple(u for u in awaited if u not in receipt.units)
        found.append(Signal(WRONG_ITEM, missing, source, f"{articles} in place of what was announced"))
    for unit_id in receipt.units:
        unit = units[unit_id]
        known = sold.serials.get(unit.asked.line_id, ())
        if unit.serial and known and unit.serial not in known:
            detail = f"{unit.serial} came, {', '.join(known)} were sold"
            found.append(Signal(SERIAL, (unit_id,), source, detail))
    if light := _too_light(receipt, awaited, units, sold):
        found.append(Signal(WEIGHT, awaited, source, light))
    return tuple(found)


def _too_light(receipt: ReceivedGoods, awaited: tuple[str, ...], units: Mapping[str, ReturnUnit], sold: Sold) -> str:
    grams = [sold.unit_grams.get(units[u].asked.line_id, 0) for u in awaited]
    weighed, by = (receipt.weight_grams, "door") if receipt.weight_grams else (sold.way_back_grams, "carrier")
    if not weighed or not grams or 0 in grams:
        return ""
    missing = sum(grams) - weighed
    too_light = missing >= LEAST_GRAMS and missing * LIGHTER_BY > sum(grams)
    return f"{weighed} g by the {by}, {sum(grams)} g were sent to the customer" if too_light else ""
