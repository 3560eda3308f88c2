"""What can happen to the policies of one shop."""

from datetime import datetime
from typing import Any

from chassis.domain import Created, Event
from services.returns.domain.policy.values import Policy


class PolicyBookOpened(Created):
    """The shop has policies from here on."""

    TOPIC = "returns.PolicyBook.Opened"
    shop_id: str


class PolicyAdopted(Event):
    """A version governs orders placed from `active_from`, until the next one; without an instant, all before it too.

    `text` is the policy as it was written; empty where it was adopted before texts were kept.
    """

    TOPIC = "returns.PolicyBook.PolicyAdopted"
    class_version = 2
    policy: Policy
    active_from: datetime | None
    by: str
    text: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, only what was read of a policy was kept, and a newer one never decided an older order."""
        state.setdefault("text", "")
        state["policy"].setdefault("newer_if_kinder", False)
