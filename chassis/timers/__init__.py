"""A due timer asks its aggregate a question: one leader asks, a unit answers, the same generation never fires twice."""

from chassis.timers.aside import AsideTimer, AsideTimers, TimerNotAside
from chassis.timers.role import Timers

__all__ = ["AsideTimer", "AsideTimers", "TimerNotAside", "Timers"]
