"""What happens to goods that somebody withdrew from and that are not with the customer yet."""

from chassis.domain import Event
from services.returns.domain.change.values import Interception


class StopAsked(Event):
    """The shop is asked not to send units, or the carrier to bring their parcel back (`shipment_id`)."""

    TOPIC = "returns.Withdrawal.StopAsked"
    stop: Interception


class StopEnded(Event):
    """They are stopped, or they go on: refused, or nobody answered. The withdrawal is as it was either way."""

    TOPIC = "returns.Withdrawal.StopEnded"
    stop_id: str
    done: bool
    reason: str
