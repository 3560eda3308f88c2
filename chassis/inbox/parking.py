"""What is parked, as far as this consumer's partitions go, and when parking is a reason to stop.

The index is only a hint that saves a round trip: the append function checks the keys, and whoever loses a
fence loads the index again.
"""

import time
from collections import Counter, deque
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from chassis.inbox.entries import Entry, Refusal
from chassis.inbox.store import ParkedMark
from chassis.unit import ParkedRow


class ParkedIndex:
    """Which keys are held back and which facts are parked already."""

    def __init__(self, marks: Iterable[ParkedMark] = ()) -> None:
        self._marks: dict[UUID, ParkedMark] = {}
        self._keys: Counter[UUID] = Counter()
        self._copies: Counter[tuple[UUID, bytes]] = Counter()
        self._elsewhere: set[UUID] = set()
        for mark in marks:
            self.add(mark)

    def __bool__(self) -> bool:
        return bool(self._marks or self._elsewhere)

    def add(self, mark: ParkedMark) -> None:
        """A record was parked, or parked anew under another reason."""
        if mark.id in self._marks:
            return
        self._marks[mark.id] = mark
        if mark.ordered_key is not None:
            self._keys[mark.ordered_key] += 1
        if mark.inbox_id is not None:
            self._copies[mark.inbox_id, mark.digest] += 1

    def remove(self, parked_id: UUID) -> None:
        """A parked record was settled."""
        mark = self._marks.pop(parked_id, None)
        if mark is None:
            return
        if mark.ordered_key is not None:
            self._keys -= Counter([mark.ordered_key])
        if mark.inbox_id is not None:
            self._copies -= Counter([(mark.inbox_id, mark.digest)])

    def keep(self, still_parked: Collection[UUID]) -> None:
        """Forget what others settled meanwhile, and what was only said to be held elsewhere."""
        for parked_id in [known for known in self._marks if known not in still_parked]:
            self.remove(parked_id)
        self._elsewhere.clear()

    def hold(self, ordered_keys: Iterable[UUID]) -> None:
        """Keys the append says are parked though no record of ours is: another partition's."""
        self._elsewhere.update(ordered_keys)

    def holds(self, ordered_key: UUID | None) -> bool:
        """Whether what has this key must wait."""
        return ordered_key is not None and (ordered_key in self._keys or ordered_key in self._elsewhere)

    def has_copy(self, entry: Entry) -> bool:
        """Whether the very same bytes of the same fact are parked: then this is its duplicate."""
        if not self._marks:
            return False
        if entry.parked_id in self._marks:  # the record itself, read again
            return True
        return entry.inbox_id is not None and (entry.inbox_id, entry.digest) in self._copies


def mark_of(entry: Entry) -> ParkedMark:
    """What the index keeps of an entry that was parked."""
    return ParkedMark(entry.parked_id, entry.inbox_id, entry.ordered_key, entry.digest)


def parked_row(entry: Entry, refusal: Refusal, at: datetime) -> ParkedRow:
    """The row that sets a record aside."""
    arrived = entry.arrived
    return ParkedRow(
        id=entry.parked_id,
        topic=arrived.topic,
        partition=arrived.partition,
        offset=arrived.offset,
        key=arrived.key,
        ordered_key=entry.ordered_key,
        inbox_id=entry.inbox_id,
        ce_type=entry.ce_type,
        shop_id=entry.shop_id,
        reason=refusal.reason,
        detail=refusal.detail,
        headers=entry.headers,
        value=arrived.value,
        parked_at=at,
    )


class PauseRule:
    """Says when parking looks like a broken build or feed rather than broken records.

    Kinds are counted, not records: one bad kind may come a thousand times and concerns nobody else.
    """

    def __init__(self, *, kinds: int = 8, within: float = 60.0) -> None:
        self._kinds, self._within = kinds, within
        self._seen: deque[tuple[float, str, tuple[str, str]]] = deque()

    def note(self, rows: Iterable[ParkedRow], *, now: float | None = None) -> str:
        """Take note of newly parked records; the shop that parks too many kinds, else empty."""
        now = time.monotonic() if now is None else now
        while self._seen and self._seen[0][0] <= now - self._within:
            self._seen.popleft()
        self._seen.extend((now, row.shop_id, (row.ce_type, row.reason)) for row in rows)
        kinds: dict[str, set[tuple[str, str]]] = {}
        for _, shop, kind in self._seen:
            kinds.setdefault(shop, set()).add(kind)
            if len(kinds[shop]) > self._kinds:
                self._seen.clear()
                return shop or "without a shop"
        return ""
