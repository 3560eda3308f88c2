"""Carriers that come for parcels: asked for within a window, booked, and told not to come when nobody needs them.

Guarantee: one carrier comes for one label, never later than the units may be sent; a pickup is asked to be cancelled
once, when its label is of no use any more. An answer may come twice, late, and after the return has ended.
"""

from datetime import datetime

from chassis.domain import Invalid, Money
from services.returns.domain.case import pickup_events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.labelling import LabelledUnits
from services.returns.domain.case.pickups import Pickup, PickupStage
from services.returns.domain.errors import UnknownPickup, WrongStage
from services.returns.domain.labels import NOT_NEEDED, LabelStage


class Collecting(LabelledUnits):
    """Abstract: `GoodsIn` adds the goods."""

    def ask_pickup(
        self, pickup_id: str, label_id: str, ready_from: datetime, ready_until: datetime, *, by: str, at: datetime
    ) -> Pickup:
        """Have the carrier come for the parcel of a label, or of the one label that there is."""
        self.require_open()
        label = self.label(label_id or self._only_label())
        if label.stage is not LabelStage.ISSUED or not self._is_needed(label):
            raise WrongStage(
                f"label {label.label_id} is {label.stage}, nothing waits to be sent with it",
                label=label.label_id,
                state=label.stage,
            )
        for known in self.pickups.values():
            if known.label_id == label.label_id and known.is_coming:
                raise WrongStage(
                    f"pickup {known.pickup_id} of this parcel is {known.stage}",
                    pickup=known.pickup_id,
                    state=known.stage,
                )
        self._require_window(ready_from, ready_until, at)
        self.record(
            e.PickupRequested,
            at=at,
            pickup_id=pickup_id,
            label_id=label.label_id,
            maker=label.maker,
            ready_from=ready_from,
            ready_until=ready_until,
            by=by,
        )
        return self.pickups[pickup_id]

    def pickup(self, pickup_id: str) -> Pickup:
        """A pickup by its id, or `UnknownPickup`."""
        if pickup_id not in self.pickups:
            raise UnknownPickup(f"this return has no pickup {pickup_id}", pickup=pickup_id)
        return self.pickups[pickup_id]

    def pickup_offered(
        self, pickup_id: str, reference: str, carrier: str, service: str, cost: Money, *, at: datetime
    ) -> bool:
        """Its maker sells one. False where it is not to be booked: known already, or nobody needs it any more."""
        known = self.pickup(pickup_id)
        if known.stage is not PickupStage.REQUESTED or known.reference:
            return False
        if self._is_in_vain(known):
            self.pickup_refused(pickup_id, NOT_NEEDED, at=at)
            return False
        self.record(
            e.PickupOffered,
            at=at,
            pickup_id=pickup_id,
            reference=reference,
            carrier=carrier,
            service=service,
            cost=cost,
        )
        return True

    def pickup_booked(self, pickup_id: str, confirmation: str, instructions: str, *, at: datetime) -> None:
        """The carrier comes; a refusal that was heard before was wrong."""
        if self.pickup(pickup_id).stage in (PickupStage.REQUESTED, PickupStage.REFUSED):
            self.record(
                e.PickupBooked, at=at, pickup_id=pickup_id, confirmation=confirmation, instructions=instructions
            )

    def pickup_refused(self, pickup_id: str, reason: str, *, at: datetime) -> None:
        """Nobody comes; while the return goes on a person has to see to it."""
        if self.pickup(pickup_id).stage is PickupStage.REQUESTED:
            self.record(e.PickupRefused, at=at, pickup_id=pickup_id, reason=reason)
            if self.is_open and reason != NOT_NEEDED:
                self.wait_on("agent", by=POLICY, at=at)

    def vain_pickups(self) -> list[Pickup]:
        """Booked pickups of parcels that will not be sent."""
        return [p for p in self.pickups.values() if p.stage is PickupStage.BOOKED and self._is_in_vain(p)]

    def cancel_pickup(self, pickup_id: str, reason: str, *, by: str, at: datetime) -> Pickup:
        """Have the carrier not come."""
        known = self.pickup(pickup_id)
        if known.stage not in (PickupStage.BOOKED, PickupStage.NOT_CANCELLED):
            raise WrongStage(f"pickup {pickup_id} is {known.stage}", pickup=pickup_id, state=known.stage)
        self.record(e.PickupCancelAsked, at=at, pickup_id=pickup_id, reason=reason, by=by)
        return self.pickups[pickup_id]

    def pickup_cancelled(self, pickup_id: str, *, at: datetime) -> None:
        """The carrier does not come, also where that was thought to have failed."""
        if self.pickup(pickup_id).stage in (PickupStage.CANCELLING, PickupStage.NOT_CANCELLED):
            self.record(e.PickupCancelled, at=at, pickup_id=pickup_id)

    def pickup_not_cancelled(self, pickup_id: str, reason: str, *, at: datetime) -> None:
        """The carrier comes all the same, or nobody knows."""
        if self.pickup(pickup_id).stage is PickupStage.CANCELLING:
            self.record(e.PickupNotCancelled, at=at, pickup_id=pickup_id, reason=reason)

    def awaits_parcel_of(self, label_id: str) -> bool:
        """Whether something is still to be sent with a label."""
        return self.label(label_id).stage is LabelStage.ISSUED and self._is_needed(self.label(label_id))

    def _is_in_vain(self, known: Pickup) -> bool:
        label = self.label(known.label_id)
        return label.stage is not LabelStage.ISSUED or self._is_useless(label)

    def _only_label(self) -> str:
        found = [label.label_id for label in self.labels.values() if label.stage is LabelStage.ISSUED]
        if len(found) != 1:
            raise WrongStage(f"this return has {len(found)} labels to send parcels with: name one", labels=len(found))
        return found[0]

    def _require_window(self, ready_from: datetime, ready_until: datetime, at: datetime) -> None:
        if ready_until <= ready_from:
            raise Invalid("ready_until", "is not after ready_from")
        if ready_until <= at:
            raise Invalid("ready_until", f"{ready_until.isoformat()} is over")
        if self.expires_at is not None and ready_until > self.expires_at:
            raise Invalid("ready_until", f"the return expires at {self.expires_at.isoformat()}")
