"""What may be done next with a label, of whatever kind of case it is."""

from datetime import datetime
from typing import TypeVar

from casework import NextAction, next_action
from services.returns.domain.labels.labelling import Labelling
from services.returns.domain.labels.values import LabelStage

L = TypeVar("L", bound=Labelling)


def void_label(case: L, *, by: str, at: datetime) -> list[NextAction]:
    """Take the label back that was issued last; nothing where there is none."""
    issued = [known.label_id for known in case.labels.values() if known.stage is LabelStage.ISSUED]
    if not issued:
        return []
    return [
        next_action(
            case,
            "VoidLabel",
            "Take the label back",
            lambda copy: copy.void_label(issued[-1], "asked", by=by, at=at),
            why="Nothing was sent with it.",
            arguments=(("rma_id", str(case.id)), ("label_id", issued[-1])),
        )
    ]
