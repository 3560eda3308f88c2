"""The shared kernel of a case: pure folds and decisions, no I/O. Services' domains extend it."""

from casework.actions import NextAction, next_action, refused, take
from casework.amounts import spoken, written
from casework.approvals import ApprovalRequest
from casework.calendars import ALWAYS, Shift, WorkingCalendar
from casework.case import Case
from casework.decisions import Alternative, Clause, DecisionRecord
from casework.limits import AgentDay, Limit, Limits, OrderApprovals, limits_from
from casework.service_levels import (
    Clock,
    Clocks,
    Moment,
    ServiceLevel,
    ServicePlan,
    What,
)
from casework.staff import Deputy, StaffMember
from casework.state import CaseMessage, ClockAlarm, Note, Promise
from casework.story import StoryLine, tell

__all__ = [
    "ALWAYS",
    "AgentDay",
    "Alternative",
    "ApprovalRequest",
    "Case",
    "CaseMessage",
    "Clause",
    "Clock",
    "ClockAlarm",
    "Clocks",
    "DecisionRecord",
    "Deputy",
    "Limit",
    "Limits",
    "Moment",
    "NextAction",
    "Note",
    "OrderApprovals",
    "Promise",
    "ServiceLevel",
    "ServicePlan",
    "Shift",
    "StaffMember",
    "StoryLine",
    "What",
    "WorkingCalendar",
    "limits_from",
    "next_action",
    "refused",
    "spoken",
    "take",
    "tell",
    "written",
]
