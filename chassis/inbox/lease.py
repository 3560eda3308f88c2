"""The partitions this consumer may work on, and how far each is. A lease ends with its assignment.

`stored` is the position in PostgreSQL that this consumer read or last wrote; the append accepts a batch only
where it still stands there.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from chassis.inbox.entries import Entry


class Abandoned(Exception):
    """The lease is ending: what is not in PostgreSQL yet is read again by the next owner."""


class LeaseLost(Exception):
    """What this consumer believed of its partitions is wrong: it must be started afresh."""


@dataclass(slots=True)
class Place:
    """One partition. `read_to` is the next offset expected from Kafka.

    While `blocked_by` says why its next record must wait, nothing of the partition is taken. Each block, and
    each end of one, begins a new `term`: records of an earlier one are read again, so that none is passed over.
    """

    source: str
    partition: int
    stored: int
    read_to: int
    blocked_by: str = ""
    term: int = 0
    told: tuple[int, str] = (-1, "")
    """Where it stood when it was last blocked, and why: still so while it is only being tried again."""


@dataclass(eq=False, slots=True)
class Lease:
    """Places by partition number; a partition is in here only after its own seek has succeeded."""

    places: dict[int, Place] = field(default_factory=dict)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self) -> None:
        """Raise where no new attempt may begin."""
        if self.leaving.is_set():
            raise Abandoned

    def due(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those entries that PostgreSQL has not passed yet, of the present term of their partition."""
        places = self.places
        return [
            e
            for e in entries
            if e.arrived.offset >= (place := places[e.arrived.partition]).stored and e.term == place.term
        ]

    def block(self, entry: Entry) -> None:
        """Take nothing more of the entry's partition: it must not be passed."""
        place = self.places[entry.arrived.partition]
        place.blocked_by, place.term = entry.blocked_by, place.term + 1
        place.told = (place.stored, entry.blocked_by)

    def blocked(self) -> str:
        """Why partitions are blocked; empty while none is."""
        return next((why for place in self.places.values() for at, why in [place.told] if at == place.stored), "")

    async def wait(self, seconds: float) -> None:
        """Sleep, but no longer than the lease."""
        try:
            async with asyncio.timeout(seconds):
                await self.leaving.wait()
        except TimeoutError:
            return
        raise Abandoned
