"""Goods that are stopped before they reach somebody who withdrew from them.

Guarantee: a parcel is asked to be stopped once, and nothing of the withdrawal rests on the answer: what is owed, and by
when, is the same whether it is stopped, goes on, or nobody says. An answer after the time-out still counts.
"""

from dataclasses import replace
from datetime import datetime

from chassis.domain import applies
from services.returns.domain.change.values import Interception
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import stop_events as e
from services.returns.domain.withdrawal.labelling import LabelledGoods

ASKED, DONE, FAILED, UNANSWERED = "asked", "done", "failed", "unanswered"


class Stopping(LabelledGoods):
    """Abstract: `Withdrawal` adds the notice and the money."""

    def __init__(self) -> None:
        super().__init__()
        self.stops: dict[str, Interception] = {}

    @property
    def stoppable(self) -> tuple[str, ...]:
        """The contract about them is ended, and the customer does not have them."""
        return tuple(u for u in self.effective if self.units[u].where is Whereabouts.NOT_DELIVERED)

    def ask_stop(self, stop: Interception, *, at: datetime) -> bool:
        """Ask for it. False where it was asked before."""
        if stop.interception_id in self.stops:
            return False
        self.record(e.StopAsked, at=at, stop=stop)
        return True

    def stop_ended(self, stop_id: str, reason: str, *, done: bool, at: datetime) -> bool:
        """What became of it. False where that is known, or says less than what is known."""
        known = self.stops.get(stop_id)
        if known is None or known.state == DONE or (known.state == FAILED and not done):
            return False
        if known.state == UNANSWERED and reason == UNANSWERED:
            return False
        self.record(e.StopEnded, at=at, stop_id=stop_id, done=done, reason=reason)
        return True

    def stop_due(self) -> tuple[str, datetime] | None:
        """The next stop whose answer is awaited, and until when."""
        open_ = [stop for stop in self.stops.values() if stop.state == ASKED]
        first = min(open_, key=lambda stop: stop.answer_by, default=None)
        return (first.interception_id, first.answer_by) if first else None

    @applies(e.StopAsked)
    def _on_stop_asked(self, event: e.StopAsked) -> None:
        self.stops[event.stop.interception_id] = event.stop

    @applies(e.StopEnded)
    def _on_stop_ended(self, event: e.StopEnded) -> None:
        state = DONE if event.done else UNANSWERED if event.reason == UNANSWERED else FAILED
        self.stops[event.stop_id] = replace(self.stops[event.stop_id], state=state, reason=event.reason)
