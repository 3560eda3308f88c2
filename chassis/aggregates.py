"""Aggregates as they stand in the log, with a cache that never decides anything by itself.

A cached aggregate may be behind: another process of the service appends to the same log. That is harmless,
because every unit names the versions it rests on and the append checks them. The cache moves only after a
commit; whoever reads gets the shared value and must clone before deciding (`Work` does).
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from chassis.codec import Codec, Keys
from chassis.domain import Aggregate, Event
from chassis.errors import KeysNeeded
from chassis.log import Log
from chassis.service import WantedTimer
from chassis.unit import StoredEvent

A = TypeVar("A", bound=Aggregate)


class Aggregates:
    """Loads and remembers aggregates of one service."""

    def __init__(self, log: Log, codec: Codec, keys: Keys, *, size: int = 20_000) -> None:
        self._log, self._codec, self._keys, self._size = log, codec, keys, size
        self._cache: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._wanted: dict[UUID, tuple[WantedTimer, ...]] = {}

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

    async def prefetch(self, ids: Iterable[UUID]) -> frozenset[UUID]:
        """Bring aggregates into the cache with one query; those of `ids` that are not in the log at all.

        One that cannot be folded is left alone: whoever asks for it by itself is told why.
        """
        missing = [id for id in dict.fromkeys(ids) if id not in self._cache]
        if not missing:
            return frozenset()
        histories = await self._log.histories(missing)
        await self._load_keys(histories)
        for history in histories.values():
            try:
                aggregate = await self.fold(history)
            except Exception:  # whoever asks for it by itself is told why
                continue
            if aggregate is not None:
                self.remember(aggregate)
        return frozenset(missing) - histories.keys()

    async def _load_keys(self, histories: Mapping[UUID, Sequence[StoredEvent]]) -> None:
        """The personal keys of all of them at once, instead of one person's after another's."""
        subjects: set[str] = set()
        for history in histories.values():
            for event in history:
                try:
                    self._codec.decode(event)
                except KeysNeeded as needed:
                    subjects |= needed.subjects
                except Exception:  # it cannot be folded, so nobody needs its other keys
                    break
        if subjects:
            await self._keys.load(frozenset(subjects))

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
            found, missing = [], set[str]()
            for event in listed:
                try:
                    found.append(self._codec.decode(event))
                except KeysNeeded as needed:
                    missing |= needed.subjects
            if not missing:
                return found
            await self._keys.load(frozenset(missing))

    def wanted(self, aggregate: Aggregate) -> tuple[WantedTimer, ...] | None:
        """The timers this very aggregate is known to want; None where nobody has asked it yet."""
        return self._wanted.get(aggregate.id) if self._cache.get(aggregate.id) is aggregate else None

    def remember(self, aggregate: Aggregate, wanted: tuple[WantedTimer, ...] | None = None) -> None:
        """Keep a committed aggregate; an older version never replaces a newer one. `wanted` are its timers."""
        id = aggregate.id
        held = self._cache.get(id)
        if held is not None and held.version > aggregate.version:
            return
        self._cache[id] = aggregate
        self._cache.move_to_end(id)
        self._wanted.pop(id, None)
        if wanted is not None:
            self._wanted[id] = wanted
        if len(self._cache) > self._size:
            self._wanted.pop(self._cache.popitem(last=False)[0], None)

    def evict(self, ids: Iterable[UUID]) -> None:
        """Forget cached aggregates: they may be behind."""
        for id in ids:
            self._cache.pop(id, None)
            self._wanted.pop(id, None)
