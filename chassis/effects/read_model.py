"""The row of an effect: the worker's queue and the operator's list, written in the unit that changes the effect."""

from collections.abc import Iterable

from chassis.effects.effect import Effect
from chassis.effects.states import EPOCH, MILLISECOND
from chassis.service import Row


def rows(effect: Effect) -> Iterable[Row]:
    """One row of table `effects`."""
    yield Row(
        "effects",
        {
            "id": effect.id,
            "version": effect.version,
            "kind": effect.kind,
            "key": effect.key,
            "subject": effect.subject,
            "state": effect.state.value,
            "attempt": effect.attempt,
            "reason": effect.why,
            "reference": effect.reference,
            "answer_by": effect.answer_by,
            "wake_at": None if effect.wake_ms is None else EPOCH + effect.wake_ms * MILLISECOND,
            "untold": effect.untold,
            "planned_at": effect.created_on,
            "updated_at": effect.modified_on,
        },
    )
