"""Books the lines of a receipt on the units of a return.

Guarantee: pure; every piece received is booked once: on an announced unit, on a unit of the order that
nobody announced (extra), as another article than the announced (wrong), or as unknown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.returns.domain.case.values import MatchedLine


@dataclass(frozen=True, slots=True)
class ArrivedLine:
    """Units of one kind as the warehouse wrote them down."""

    receipt_line_id: str
    sku: str
    quantity: int
    condition: str = ""
    line_id: str = ""
    serials: tuple[str, ...] = ()
    lot_id: str = ""
    rma_id: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit a piece may be booked on."""

    unit_id: str
    sku: str
    line_id: str


@dataclass(frozen=True, slots=True)
class Match:
    """The booked lines with the counts of findings, and the units nobody had announced."""

    lines: tuple[MatchedLine, ...]
    short: int
    extra: int
    wrong: int
    unknown: int
    unannounced: tuple[str, ...]


def match_lines(
    lines: Sequence[ArrivedLine],
    announced: Sequence[Candidate],
    others: Sequence[Candidate],
    order_skus: frozenset[str],
) -> Match:
    """`announced`: units expected and not received yet; `others`: units of the order that are in no return."""
    expected, spare = list(announced), list(others)
    booked: list[tuple[ArrivedLine, list[str], list[str]]] = []
    unannounced: list[str] = []
    leftover: list[tuple[int, int]] = []
    extra = 0
    for n, line in enumerate(lines):
        units = _take(expected, line, line.quantity)
        more = _take(spare, line, line.quantity - len(units))
        unannounced += more
        extra += len(more)
        rest = line.quantity - len(units) - len(more)
        if rest and line.sku in order_skus:  # more of it than was ever sold: somebody has to look
            extra, rest = extra + rest, 0
            more = [*more, ""]
        booked.append((line, [*units, *(u for u in more if u)], ["extra"] if more else []))
        if rest:
            leftover.append((n, rest))
    wrong = unknown = 0
    for n, rest in leftover:
        as_wrong = min(rest, max(len(expected) - wrong, 0))
        wrong, unknown = wrong + as_wrong, unknown + rest - as_wrong
        booked[n][2].extend(["wrong"] * bool(as_wrong) + ["unknown"] * bool(rest - as_wrong))
    short_skus = {candidate.sku for candidate in expected}
    return Match(
        lines=tuple(
            MatchedLine(
                line.receipt_line_id,
                line.sku,
                line.quantity,
                line.condition,
                tuple(units),
                tuple(["short"] * (line.sku in short_skus) + findings),
                line.serials,
                line.lot_id,
            )
            for line, units, findings in booked
        ),
        short=len(expected),
        extra=extra,
        wrong=wrong,
        unknown=unknown,
        unannounced=tuple(unannounced),
    )


def _take(pool: list[Candidate], line: ArrivedLine, quantity: int) -> list[str]:
    fit = [c for c in pool if c.sku == line.sku and line.line_id in ("", c.line_id)][:quantity]
    for candidate in fit:
        pool.remove(candidate)
    return [candidate.unit_id for candidate in fit]


def read_nothing_off(lines: Iterable[dict[str, Any]]) -> None:
    """Lines that were stored before serials and lots were taken."""
    for line in lines:
        line.setdefault("serials", [])
        line.setdefault("lot_id", "")
