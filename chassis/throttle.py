"""A library that repeats itself is heard once in a while, and nothing it said goes uncounted.

Of lines of one logger with one message template the first passes and opens a window; what follows in it is held back.
How many that were stands in the next line of the kind, or in a line of its own once anybody at all writes one.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NUMBERS = re.compile(r"\d+")

Kind = tuple[str, str]


@dataclass(slots=True)
class _Window:
    ends: float
    level: int
    held: int = 0


class Throttle(logging.Filter):
    """For the handler that every line goes through. `say` is that handler's way of writing one."""

    def __init__(
        self,
        loggers: Sequence[str],
        *,
        seconds: float,
        say: Callable[[logging.LogRecord], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._loggers, self._below = frozenset(loggers), tuple(f"{name}." for name in loggers)
        self._seconds, self._say, self._now = seconds, say, now
        self._windows: dict[Kind, _Window] = {}  # the one that ends first comes first
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if hasattr(record, "held_back"):
            return True
        kind = _kind(record) if self._is_theirs(record.name) else None
        with self._lock:
            now = self._now()
            ended = self._end(now)
            passes = kind is None or self._passes(kind, record.levelno, now)
        for other, window in ended:
            if other == kind:
                record.held_back = window.held
            else:
                self._say(_count(other, window))
        return passes

    def _is_theirs(self, name: str) -> bool:
        return name in self._loggers or name.startswith(self._below)

    def _end(self, now: float) -> list[tuple[Kind, _Window]]:
        """Close what is over; those windows in which something was held back."""
        ended = []
        while self._windows and (first := next(iter(self._windows.items())))[1].ends <= now:
            del self._windows[first[0]]
            if first[1].held:
                ended.append(first)
        return ended

    def _passes(self, kind: Kind, level: int, now: float) -> bool:
        window = self._windows.get(kind)
        if window is None:
            self._windows[kind] = _Window(now + self._seconds, level)
            return True
        window.held += 1
        return False


def _kind(record: logging.LogRecord) -> Kind:
    """A message that comes ready made is told apart by all but its numbers."""
    template = str(record.msg)
    return record.name, template if record.args else _NUMBERS.sub("#", template)


def _count(kind: Kind, window: _Window) -> logging.LogRecord:
    name, template = kind
    record = logging.LogRecord(name, window.level, __file__, 0, "held back: %s", (template,), None)
    record.held_back = window.held
    return record
