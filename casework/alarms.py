"""When a case should be looked at.

Guarantee: the list is a function of the case's state alone; what was raised once is not in it.
"""

from casework.approvals import GRANTED, REQUESTED
from casework.state import CaseState, ClockAlarm


def open_alarms(case: CaseState) -> list[ClockAlarm]:
    """Ends of open promises and approvals, warnings and ends of open clocks; none for a closed case."""
    if not case.is_open:
        return []
    found = [ClockAlarm(f"promise:{p.id}", p.due_at) for p in case.promises.values() if p.state == "open"]
    for asked in case.approvals.values():
        if asked.state in (REQUESTED, GRANTED):
            found.append(ClockAlarm(f"approval:{asked.id}", asked.expires_at))
    for clock, warned_at, missed_at in case.clocks.ends():
        for kind, due in (("warn", warned_at), ("breach", missed_at)):
            if due is not None:
                found.append(ClockAlarm(f"{kind}:{clock.level.target}:{clock.cycle}", due))
    return [alarm for alarm in found if alarm.key not in case.alarms_raised]
