"""What a return remembers of its pickups, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from typing import Any

from chassis.domain import applies
from services.returns.domain.case import pickup_events as e
from services.returns.domain.case.exchange_state import ExchangeState
from services.returns.domain.case.pickups import Pickup, PickupStage
from services.returns.domain.labels import LabelState


class PickupState(LabelState, ExchangeState):
    """Abstract: `ReturnState` adds the units."""

    def __init__(self) -> None:
        super().__init__()
        self.pickups: dict[str, Pickup] = {}

    @applies(e.PickupRequested)
    def _on_pickup_requested(self, event: e.PickupRequested) -> None:
        self.pickups[event.pickup_id] = Pickup(
            event.pickup_id,
            event.label_id,
            event.maker,
            PickupStage.REQUESTED,
            event.ready_from,
            event.ready_until,
            event.timestamp,
        )

    @applies(e.PickupOffered)
    def _on_pickup_offered(self, event: e.PickupOffered) -> None:
        self._pickup(
            event.pickup_id, reference=event.reference, carrier=event.carrier, service=event.service, cost=event.cost
        )

    @applies(e.PickupBooked)
    def _on_pickup_booked(self, event: e.PickupBooked) -> None:
        self._pickup(
            event.pickup_id,
            stage=PickupStage.BOOKED,
            confirmation=event.confirmation,
            instructions=event.instructions,
        )

    @applies(e.PickupRefused)
    def _on_pickup_refused(self, event: e.PickupRefused) -> None:
        self._pickup(event.pickup_id, stage=PickupStage.REFUSED, reason=event.reason)

    @applies(e.PickupCancelAsked)
    def _on_pickup_cancel_asked(self, event: e.PickupCancelAsked) -> None:
        cancels = self.pickups[event.pickup_id].cancels + 1
        self._pickup(event.pickup_id, stage=PickupStage.CANCELLING, reason=event.reason, cancels=cancels)

    @applies(e.PickupCancelled)
    def _on_pickup_cancelled(self, event: e.PickupCancelled) -> None:
        self._pickup(event.pickup_id, stage=PickupStage.CANCELLED)

    @applies(e.PickupNotCancelled)
    def _on_pickup_not_cancelled(self, event: e.PickupNotCancelled) -> None:
        self._pickup(event.pickup_id, stage=PickupStage.NOT_CANCELLED, reason=event.reason)

    def _pickup(self, pickup_id: str, **values: Any) -> None:
        self.pickups[pickup_id] = replace(self.pickups[pickup_id], **values)
