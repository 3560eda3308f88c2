"""What can happen to the policies of one shop."""

from datetime import datetime

from chassis.domain import Created, Event
from services.returns.domain.policy.values import Policy


class PolicyBookOpened(Created):
    """The shop has policies from here on."""

    TOPIC = "returns.PolicyBook.Opened"
    shop_id: str


class PolicyAdopted(Event):
    """A version governs orders placed from `active_from`, until the next one; without an instant, all before it too."""

    TOPIC = "returns.PolicyBook.PolicyAdopted"
    policy: Policy
    active_from: datetime | None
    by: str
