"""When complaints want to be asked again. A fire is a question: what is overtaken finds nothing."""

from collections.abc import Callable, Iterable, Mapping

from chassis.domain import Aggregate
from chassis.service import TimerHandler, WantedTimer
from services.quality_complaints.application import Application
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.guidelines import Rules

CASE_ALARM, HOLDS = "case_alarm", "remedy_holds"


def wanted_under(rules: Rules) -> Callable[[Aggregate], Iterable[WantedTimer]]:
    """What each aggregate wants to be asked, and when."""

    def wanted(aggregate: Aggregate) -> Iterable[WantedTimer]:
        if isinstance(aggregate, Complaint):
            for alarm in aggregate.alarms():
                yield WantedTimer(CASE_ALARM, alarm.due_at, alarm.key)
            if (holds_at := aggregate.holds_at(rules.verify_after)) is not None:
                yield WantedTimer(HOLDS, holds_at)

    return wanted


def handlers(app: Application) -> Mapping[str, TimerHandler]:
    """The command each kind of timer asks."""
    return {CASE_ALARM: app.due, HOLDS: app.due}
