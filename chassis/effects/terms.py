"""How patiently a provider is tried, and how long it remembers our key."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms an effect of one kind is carried out under.

    `idempotency` is how long the provider honours our key, None where it has none. The lease is longer than the
    call's time-out, so a sender that is alive answers inside its lease.
    """

    idempotency: timedelta | None
    call: timedelta = timedelta(seconds=15)
    lease: timedelta = timedelta(seconds=45)
    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(hours=1)
    attempts: int = 16
    look_ups: int = 6

    def __post_init__(self) -> None:
        if self.call >= self.lease:
            raise ValueError("the lease must outlive the call")

    def pause_ms(self, tries: int) -> int:
        """The pause after that many tries: doubling, up to the longest."""
        pause = self.first_pause * 2 ** min(max(tries - 1, 0), 30)
        return int(min(pause, self.longest_pause) / timedelta(milliseconds=1))
