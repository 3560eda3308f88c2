"""How the outside is asked: what of it is data of the installation, and no policy of a shop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outside:
    """`label_makers`: who makes a shop's labels, where it is not the shop. `stop_answer_hours`: how long the shop may
    take to say whether goods are stopped."""

    label_makers: Mapping[str, str] = field(default_factory=dict)
    stop_answer_hours: int = 12


AS_BEFORE = Outside()
"""Every shop makes its own labels."""


class _Sold(Protocol):
    @property
    def line_id(self) -> str: ...

    @property
    def sku(self) -> str: ...


def by_line(units: Iterable[_Sold]) -> list[list[str | int]]:
    """Line, article and number of the units of each line, as a request to the outside names them."""
    counts: dict[tuple[str, str], int] = {}
    for unit in units:
        counts[unit.line_id, unit.sku] = counts.get((unit.line_id, unit.sku), 0) + 1
    return [[line_id, sku, n] for (line_id, sku), n in counts.items()]
