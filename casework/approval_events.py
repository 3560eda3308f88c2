"""Facts about approvals and about what counts on somebody's limit.

`by` is the id of who decided; `in_place_of` of the person in whose place, empty where it was in nobody's.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Created, Event, Money


class ApprovalRequested(Event):
    """Somebody asked a second person for something above the requester's own limit."""

    TOPIC = "casework.Approval.Requested"
    approval_id: UUID
    action: str
    amount: Money | None
    limit: Money | None
    reason: str
    arguments: dict[str, str]
    expires_at: datetime
    by: str


class ApprovalGranted(Event):
    """A second person said yes, for themselves or in somebody's place; `counted_on`: whose limit holds it."""

    TOPIC = "casework.Approval.Granted"
    class_version = 2
    approval_id: UUID
    by: str
    in_place_of: str
    counted_on: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, everybody decided for themselves."""
        state["in_place_of"], state["counted_on"] = "", state["by"]


class ApprovalDeclined(Event):
    """A second person said no, for themselves or in somebody's place."""

    TOPIC = "casework.Approval.Declined"
    class_version = 2
    approval_id: UUID
    reason: str
    by: str
    in_place_of: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, everybody decided for themselves."""
        state["in_place_of"] = ""


class ApprovalHandedOver(Event):
    """Who asked lets somebody else use it."""

    TOPIC = "casework.Approval.HandedOver"
    approval_id: UUID
    to: str
    reason: str
    by: str


class ApprovalUsed(Event):
    """What was approved has been carried out, by its holder or their cover; an approval works once."""

    TOPIC = "casework.Approval.Used"
    class_version = 2
    approval_id: UUID
    by: str
    in_place_of: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, nobody covered for anybody."""
        state["in_place_of"] = ""


class ApprovalExpired(Event):
    """Nobody decided, or nobody used it, in time."""

    TOPIC = "casework.Approval.Expired"
    approval_id: UUID


class AgentDayStarted(Created):
    """The first grant of an agent on one day."""

    TOPIC = "casework.AgentDay.Started"
    agent: str
    day: str


class AgentGranted(Event):
    """An agent granted something that counts against the daily limit."""

    TOPIC = "casework.AgentDay.Granted"
    key: str
    action: str
    amount: Money


class OrderApprovalsStarted(Created):
    """The first approval granted on an order."""

    TOPIC = "casework.OrderApprovals.Started"
    shop_id: str
    order_id: str


class OrderApprovalGranted(Event):
    """Somebody granted it; it counts on the order until it is used or over."""

    TOPIC = "casework.OrderApprovals.Granted"
    approval_id: UUID
    action: str
    amount: Money
    expires_at: datetime


class OrderApprovalUsed(Event):
    """It was used: what was given with it counts by itself from here on."""

    TOPIC = "casework.OrderApprovals.Used"
    approval_id: UUID
