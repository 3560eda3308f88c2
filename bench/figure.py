"""One line of the table: a ratio to a floor measured in the same run, with its goal and its spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is the median of the rounds, `low` and `high` their extremes; `absolute` is the median in `unit`.

    `floor` says in words what it is held against. `goal` and `stretch` are None for a figure that is only stated.
    `parts` are CPU microseconds per piece of work or other readings beside it, by name.
    """

    id: str
    name: str
    value: float
    low: float
    high: float
    goal: float | None
    stretch: float | None
    floor: str
    absolute: float
    unit: str
    less_is_better: bool = False
    parts: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return self._reaches(self.goal)

    @property
    def met_stretch(self) -> bool | None:
        return self._reaches(self.stretch)

    def _reaches(self, mark: float | None) -> bool | None:
        if mark is None:
            return None
        return self.value <= mark if self.less_is_better else self.value >= mark

    def as_json(self) -> dict[str, Any]:
        """What `bench/results/latest.json` holds of it."""
        return {
            "id": self.id,
            "name": self.name,
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "goal": self.goal,
            "stretch": self.stretch,
            "met": self.met,
            "less_is_better": self.less_is_better,
            "floor": self.floor,
            "absolute": round(self.absolute, 2),
            "unit": self.unit,
            "parts": {name: round(value, 2) for name, value in self.parts},
            "note": self.note,
        }


def ratio_figure(
    id: str,
    name: str,
    ratios: Sequence[float],
    absolutes: Sequence[float],
    *,
    goal: float | None,
    stretch: float | None = None,
    floor: str,
    unit: str,
    less_is_better: bool = False,
    parts: Sequence[tuple[str, float]] = (),
    note: str = "",
) -> Figure:
    """The figure of interleaved rounds: one ratio and one absolute reading each."""
    return Figure(
        id, name, median(ratios), min(ratios), max(ratios), goal, stretch, floor, median(absolutes), unit,
        less_is_better, tuple(parts), note,
    )  # fmt: skip
