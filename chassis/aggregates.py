"""Aggregates as they stand in the log, with a cache that never decides anything by itself.

A cached aggregate may be behind: another process of the service appends to the same log. That is harmless,
because every unit names the versions it rests on and the append checks them. The cache moves only after a
commit; whoever reads gets the shared value and must clone before deciding (`Work` does).
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from chassis.codec import Codec, Keys
from chassis.domain import Aggregate, Event
from chassis.errors import KeysNeeded
from chassis.log import Log
from chassis.unit import StoredEvent

A = TypeVar("A", bound=Aggregate)


class Aggregates:
    """Loads and remembers aggregates of one service."""

    def __init__(self, log: Log, codec: Codec, keys: Keys, *, size: int = 20_000) -> None:
        self._log, self._codec, self._keys, self._size = log, codec, keys, size
        self._cache: OrderedDict[UUID, Aggregate] = OrderedDict()

    async def current(self, cls: type[A], id: UUID) -> A | None:
        """The aggregate as last known here, loaded from the log where it is not; None where there is none.

        Raises TypeError where `id` is an aggregate of another class, Blocked for an event of a newer build.
        """
        held = self._cache.get(id)
        if held is None:
            held = await self.load(id)
            if held is None:
                return None
            self.remember(held)
        else:
            self._cache.move_to_end(id)
        if not isinstance(held, cls):
            raise TypeError(f"{id} is a {type(held).__name__}, not a {cls.__name__}")
        return held

    async def load(self, id: UUID) -> Aggregate | None:
        """Fold the aggregate from the log, past the cache."""
        return await self.fold(await self._log.events(id))

    async def fold(self, stored: Iterable[StoredEvent]) -> Aggregate | None:
        """The state that `stored`, a whole history in order, amounts to."""
        aggregate: Aggregate | None = None
        for event in await self.decode(stored):
            aggregate = event.mutate(aggregate)
        return aggregate

    async def decode(self, stored: Iterable[StoredEvent]) -> list[Event]:
        """Decode events, loading the personal keys they need."""
        listed = list(stored)
        while True:
            try:
                return [self._codec.decode(event) for event in listed]
            except KeysNeeded as needed:
                await self._keys.load(needed.subjects)

    def remember(self, aggregate: Aggregate) -> None:
        """Keep a committed aggregate; an older version never replaces a newer one."""
        held = self._cache.get(aggregate.id)
        if held is not None and held.version > aggregate.version:
            return
        self._cache[aggregate.id] = aggregate
        self._cache.move_to_end(aggregate.id)
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)

    def evict(self, ids: Iterable[UUID]) -> None:
        """Forget cached aggregates: they may be behind."""
        for id in ids:
            self._cache.pop(id, None)
