"""Failures of the kernel, as opposed to refusals of the domain.

KernelError
├── StoreUnavailable   the database cannot be reached or asked in time: wait or try again
├── UnitRejected       the database refuses the data of this unit: never try again unchanged
├── Contended          a decision lost every race it was allowed to run: try again
├── RequestReused      a request id came again with another body
├── WorkLost           what was to work on it ended before it was done, and nothing was stored: try again
├── Blocked            a newer build's event or message: this build must not go on
└── KeysNeeded         personal keys must be loaded before this can be read
"""


class KernelError(Exception):
    """Base of the kernel's failures."""


class StoreUnavailable(KernelError):
    """The database cannot be reached or asked in time."""


class UnitRejected(KernelError):
    """The database refuses the data of this one unit; nothing of it was written."""


class Contended(KernelError):
    """The decision was taken anew as often as allowed and overtaken each time."""


class RequestReused(KernelError):
    """A request id that was accepted before came again with another body."""


class WorkLost(KernelError):
    """A process that was to do this ended before it was done. Nothing of it was stored."""


class Blocked(KernelError):
    """The log or a topic holds something only a newer build understands. Nothing may be parked or decided."""


class KeysNeeded(KernelError):
    """The keys of these subjects are not in memory yet; load them and try again."""

    def __init__(self, subjects: frozenset[str]) -> None:
        super().__init__(f"keys of {len(subjects)} subjects are not loaded")
        self.subjects = subjects
