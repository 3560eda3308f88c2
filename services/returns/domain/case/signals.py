"""What a receipt shows that somebody should look at: facts with their source, by which nothing is decided.

Guarantee: pure; the same receipt and the same sale give the same signals, and what is not known gives none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.returns.domain.case.values import ReceivedGoods, ReturnUnit

EMPTY_BOX, WRONG_ITEM, WEIGHT = "empty_box", "wrong_item", "weight_mismatch"
SERIAL, LOT = "serial_mismatch", "lot_mismatch"
BUNDLE_SHORT = "bundle_short"
MARKED = (SERIAL, LOT)
"""Signals of what was read off one unit."""

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
    """What is known of the goods from before: serials, lots, grams of a unit by line, and what the carrier weighed."""

    serials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit_grams: Mapping[str, int] = field(default_factory=dict)
    way_back_grams: int = 0
    lots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
        found += marks_of(unit_id, units[unit_id], source, sold)
    if light := _too_light(receipt, awaited, units, sold):
        found.append(Signal(WEIGHT, awaited, source, light))
    return tuple(found)


def marks_of(unit_id: str, unit: ReturnUnit, source: str, sold: Sold) -> list[Signal]:
    """Serial and lot of one unit, where they are read and something else is known to have been sold."""
    found = []
    for name, read, by_line in ((SERIAL, unit.serial, sold.serials), (LOT, unit.lot_id, sold.lots)):
        known = by_line.get(unit.asked.line_id, ())
        if read and known and read not in known:
            found.append(Signal(name, (unit_id,), source, f"{read} came, {', '.join(known)} were sold"))
    return found


def _too_light(receipt: ReceivedGoods, awaited: tuple[str, ...], units: Mapping[str, ReturnUnit], sold: Sold) -> str:
    grams = [sold.unit_grams.get(units[u].asked.line_id, 0) for u in awaited]
    weighed, by = (receipt.weight_grams, "door") if receipt.weight_grams else (sold.way_back_grams, "carrier")
    if not weighed or not grams or 0 in grams:
        return ""
    missing = sum(grams) - weighed
    too_light = missing >= LEAST_GRAMS and missing * LIGHTER_BY > sum(grams)
    return f"{weighed} g by the {by}, {sum(grams)} g were sent to the customer" if too_light else ""
