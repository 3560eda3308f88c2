"""What happens to the pickups of a return."""

from datetime import datetime

from chassis.domain import Event, Money


class PickupRequested(Event):
    """The carrier is asked to come for the parcel of a label, between two instants."""

    TOPIC = "returns.Return.PickupRequested"
    pickup_id: str
    label_id: str
    maker: str
    ready_from: datetime
    ready_until: datetime
    by: str


class PickupOffered(Event):
    """Its maker knows the pickup, as `reference`, and sells one. Nothing is booked yet."""

    TOPIC = "returns.Return.PickupOffered"
    pickup_id: str
    reference: str
    carrier: str
    service: str
    cost: Money


class PickupBooked(Event):
    """The carrier comes."""

    TOPIC = "returns.Return.PickupBooked"
    pickup_id: str
    confirmation: str
    instructions: str


class PickupRefused(Event):
    """Nobody comes."""

    TOPIC = "returns.Return.PickupRefused"
    pickup_id: str
    reason: str


class PickupCancelAsked(Event):
    """Nobody has to come any more: the carrier is asked not to."""

    TOPIC = "returns.Return.PickupCancelAsked"
    pickup_id: str
    reason: str
    by: str


class PickupCancelled(Event):
    """The carrier does not come."""

    TOPIC = "returns.Return.PickupCancelled"
    pickup_id: str


class PickupNotCancelled(Event):
    """The carrier comes all the same, or nobody knows."""

    TOPIC = "returns.Return.PickupNotCancelled"
    pickup_id: str
    reason: str
