"""What is outside of the processes: the broker, the provider of payments, and where personal keys are kept."""

import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from chassis.keys.store import KEY_BYTES, Stored
from chassis.relay.sender import Outgoing, SendFailed
from chassis.service import Attempt, Failed, NotDone, ProviderAnswer, Succeeded, Unknown

Reach = Callable[[], Awaitable[None]]
"""One way over the network: takes made-up time, and does not come back where the caller is killed meanwhile."""

PARTITIONS = 2


@dataclass(frozen=True, slots=True)
class Stood:
    """A record as it stands in a partition."""

    key: bytes
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes


class Broker:
    """Topics of two partitions. A send may fail in the middle: of each partition a front part is stored."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.logs: dict[tuple[str, int], list[Stood]] = {}
        self.fail_next = 0

    def log(self, topic: str, partition: int) -> list[Stood]:
        return self.logs.setdefault((topic, partition), [])

    @staticmethod
    def partition_of(key: bytes) -> int:
        return sum(key) % PARTITIONS

    def publish(self, topic: str, key: bytes, headers: Sequence[tuple[str, bytes | None]], value: bytes) -> None:
        self.log(topic, self.partition_of(key)).append(Stood(key, tuple(headers), value))


class Sender:
    """Stands where the relay's producer stands: sends a page and says how much of its front is acknowledged."""

    def __init__(self, broker: Broker, rng: random.Random, reach: Reach) -> None:
        self._broker, self._rng, self._reach = broker, rng, reach

    async def prepare(self, page: Sequence[Outgoing]) -> Sequence[Outgoing]:
        return page

    async def send(self, page: Sequence[Outgoing]) -> None:
        batches: dict[int, list[int]] = {}
        for n, row in enumerate(page):
            batches.setdefault(self._broker.partition_of(row.key), []).append(n)
        stored: set[int] = set()
        fails = self._broker.fail_next > 0
        self._broker.fail_next -= fails
        for rows in batches.values():
            await self._reach()
            whole = rows if not fails else rows[: self._rng.randint(0, len(rows))]
            for n in whole:
                self._broker.publish(page[n].topic, page[n].key, page[n].headers, page[n].value)
            heard = whole if not fails else whole[: self._rng.randint(0, len(whole))]
            stored.update(heard)
        await self._reach()
        if len(stored) < len(page):
            raise SendFailed(next(n for n in range(len(page)) if n not in stored), "the broker went away")

    async def close(self) -> None:
        return None


@dataclass(slots=True)
class Payments:
    """A provider that may do it and not say so. Without keys every call is another payment."""

    rng: random.Random
    reach: Reach
    idempotency: timedelta | None
    paid: "Counter[str]" = field(default_factory=Counter)

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        await self.reach()
        what = self.rng.choice(("does it", "does it", "does it and is not heard", "not now", "never", "lost"))
        if what.startswith("does it") and not (self.idempotency and self.paid[attempt.key]):
            self.paid[attempt.key] += 1
        await self.reach()
        if what == "does it and is not heard":
            raise TimeoutError("no answer")
        if what == "lost":
            return Unknown("LOST")
        if what == "not now":
            return NotDone("BUSY")
        if what == "never" and not self.paid[attempt.key]:
            return Failed("REFUSED")
        return Succeeded(f"re-{attempt.key}") if self.paid[attempt.key] else Unknown("ODD")

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        await self.reach()
        found = self.paid[attempt.key] > 0
        await self.reach()
        return self.rng.choice((Succeeded(f"re-{attempt.key}") if found else NotDone("ABSENT"), None))


class KeyRoom:
    """The key store of all processes: keys, and tombstones of those who were forgotten."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, bytes]] = {}
        self.tombstones: set[str] = set()


class Keys:
    """One process' way to the key store."""

    def __init__(self, room: KeyRoom, reach: Reach) -> None:
        self._room, self._reach = room, reach

    async def find(self, subjects: Iterable[str]) -> dict[str, Stored]:
        await self._reach()
        found = {s: self._stored(s) for s in subjects}
        await self._reach()
        return {s: stored for s, stored in found.items() if stored is not None}

    async def make(self, wanted: Iterable[tuple[str, int]]) -> dict[str, Stored]:
        pairs = list(wanted)
        await self._reach()
        for subject, generation in pairs:
            if subject not in self._room.tombstones:
                self._room.keys.setdefault(subject, {}).setdefault(generation, os.urandom(KEY_BYTES))
        return await self.find([subject for subject, _ in pairs])

    async def destroy(self, subject: str, *, asked_by: str) -> None:
        await self._reach()
        self._room.tombstones.add(subject)
        self._room.keys.pop(subject, None)
        await self._reach()

    def _stored(self, subject: str) -> Stored | None:
        keys, gone = self._room.keys.get(subject, {}), subject in self._room.tombstones
        return Stored(dict(keys), gone) if keys or gone else None
