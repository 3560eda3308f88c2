"""What happened to the goods of one entitlement, step by step, and what follows from it.

Guarantee: folds only; a step that turns out never to have happened is taken out, and what follows is read anew from the
rest.
"""

from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Aggregate, applies
from services.returns.domain.ledger import events as e

CARRIED, OWED, BACK, UNDONE, NOT_BACK = "carried", "owed", "back", "undone", "not_back"


@dataclass(frozen=True, slots=True)
class Step:
    """`about`: the unit that stands for the sold one, or the cause by which something counts as back."""

    kind: str
    about: str
    at: datetime


def without(steps: tuple[Step, ...], cause: str) -> tuple[Step, ...]:
    """The steps, of which the last by which something came back for that cause says that it did not."""
    last = next((n for n in reversed(range(len(steps))) if (steps[n].kind, steps[n].about) == (BACK, cause)), None)
    if last is None:
        return steps
    return (*steps[:last], Step(NOT_BACK, cause, steps[last].at), *steps[last + 1 :])


def standing(steps: tuple[Step, ...]) -> tuple[str, datetime | None]:
    """The unit that stands for the sold one, empty where it is itself; and since when the customer owes one back."""
    carrier, owed, out = "", None, False
    for step in steps:
        match step.kind:
            case "carried":
                owed = step.at if out else owed  # another was sent, and the one before it never came: one too many
                carrier, out = step.about, False
            case "not_back":
                out = bool(carrier)
            case "owed":
                owed = step.at
            case "back" if owed is not None:
                owed = None
            case "back":
                carrier = ""
            case _:
                carrier, owed = "", None
    return carrier, owed


class ChainState(Aggregate):
    """Abstract: `Ledger` adds the money."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[Step, ...]] = {}  # of the goods of each entitlement that had any
        self.carriers: dict[str, str] = {}
        self.roots: dict[str, str] = {}
        self.owed_back: dict[str, datetime] = {}

    @applies(e.EntitlementReturned)
    def _on_entitlement_returned(self, event: e.EntitlementReturned) -> None:
        self._step(event.subject, BACK, event.cause, event.timestamp)

    @applies(e.CarryUndone)
    def _on_carry_undone(self, event: e.CarryUndone) -> None:
        self._step(event.subject, UNDONE, event.cause, event.timestamp)

    @applies(e.GoodsOwedBack)
    def _on_goods_owed_back(self, event: e.GoodsOwedBack) -> None:
        self._step(event.subject, OWED, "", event.timestamp)

    @applies(e.OwedGoodsReturned)
    def _on_owed_goods_returned(self, event: e.OwedGoodsReturned) -> None:
        self._step(event.subject, BACK, event.cause, event.timestamp)

    @applies(e.GoodsNeverCame)
    def _on_goods_never_came(self, event: e.GoodsNeverCame) -> None:
        self._stand(event.subject, without(self.steps[event.subject], event.cause))

    def _step(self, root: str, kind: str, about: str, at: datetime) -> None:
        self._stand(root, (*self.steps.get(root, ()), Step(kind, about, at)))

    def _stand(self, root: str, steps: tuple[Step, ...]) -> None:
        self.steps[root] = steps
        self.carriers.pop(root, None)
        self.owed_back.pop(root, None)
        carrier, owed = standing(steps)
        if carrier:
            self.carriers[root] = carrier
        if owed is not None:
            self.owed_back[root] = owed
