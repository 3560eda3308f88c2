"""Decides a batch of records on private copies, one after another, and makes one unit of it.

A record that cannot be decided is parked and leaves no trace on the others' aggregates. What only the
infrastructure or a newer build's event prevents is raised instead: then nothing is parked.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from uuid import UUID

import asyncpg

from chassis.domain import DomainError
from chassis.errors import Blocked, KernelError, UnitRejected
from chassis.inbox.entries import BEHIND, MAX_DETAIL, MAX_NAME, Entry, Fate, Refusal, about_record, printable
from chassis.inbox.lease import Lease
from chassis.inbox.parking import ParkedIndex, parked_row
from chassis.log import UNREACHABLE
from chassis.service import Subscription
from chassis.unit import Fence, ParkedRow, Unit
from chassis.units import Units
from chassis.work import SYSTEM, Work

BLOCKING = (KernelError, asyncpg.PostgresError, *UNREACHABLE, MemoryError)
"""Nobody's record is to blame for these (UnitRejected, a KernelError, is caught before): wait, and park nothing."""

YIELD_EVERY = 32
"""Records decided in one go: calls, heartbeats and the batch in flight of the same process get their turns between."""


class MustWait(Exception):
    """An entry, now marked, rests on something only a newer build understands."""


class Unbuildable(Exception):
    """The decisions were taken, but no unit can be made of them: some record's events do not map."""


@dataclass(slots=True)
class Draft:
    """A decided batch. `taken` are the entries its unit passes, `stopped_by` those it must not, one per partition."""

    work: Work
    unit: Unit
    taken: list[Entry]
    stopped_by: list[Entry]
    parked: list[tuple[Entry, ParkedRow]]
    outcomes: Counter[str]


@dataclass(frozen=True, slots=True)
class Settling:
    """A parked record on its way out. Without `entry` it is only taken away, and with `inbox_id` for good."""

    parked_id: UUID
    partition: int
    entry: Entry | None
    inbox_id: UUID | None


@dataclass(slots=True)
class _Batch:
    taken: list[Entry] = field(default_factory=list)
    stopped_by: dict[int, Entry] = field(default_factory=dict)
    inbox: dict[UUID, None] = field(default_factory=dict)
    copies: set[tuple[UUID | None, bytes]] = field(default_factory=set)
    keys_applied: dict[UUID, None] = field(default_factory=dict)
    keys_parked: set[UUID] = field(default_factory=set)
    parked: list[tuple[Entry, ParkedRow]] = field(default_factory=list)
    ignored: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


class Decider:
    """Takes decisions for one subscription."""

    def __init__(
        self,
        subscription: Subscription,
        units: Units,
        *,
        real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._subscription, self._units, self._real_now = subscription, units, real_now

    async def decide(
        self, entries: Sequence[Entry], lease: Lease, index: ParkedIndex, known: Collection[UUID]
    ) -> Draft:
        """The unit of `entries`, in order, of each partition up to the first that must not be passed.

        `known` are inbox ids found to be there already. Raises what is in BLOCKING, `Unbuildable`, or `MustWait`.
        """
        work = self._units.work(actor=SYSTEM, cause=f"records:{self._subscription.topic}")
        batch = _Batch()
        await self._load(entries, work)
        for n, entry in enumerate(entries, 1):
            if n % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            partition = entry.arrived.partition
            if partition in batch.stopped_by:
                continue
            if entry.fate is Fate.BLOCK:
                batch.stopped_by[partition] = entry
                continue
            batch.taken.append(entry)
            await self._one(entry, work, batch, index, known)
        unit = await self._build(work)
        unit.inbox = list(batch.inbox)
        unit.not_behind = list(batch.keys_applied)
        unit.parked = [row for _, row in batch.parked]
        unit.ignored = [(topic, ce_type, seen) for (topic, ce_type), seen in batch.ignored.items()]
        unit.fences = _fences(batch.taken, lease)
        return Draft(work, unit, batch.taken, list(batch.stopped_by.values()), batch.parked, batch.outcomes)

    async def _load(self, entries: Sequence[Entry], work: Work) -> None:
        about, ids = self._subscription.about, set[UUID]()
        for entry in entries:
            if about is not None and entry.record is not None:
                with suppress(Exception):  # a hint that cannot be told: the handler says what is wrong with the record
                    ids.update(about(entry.record.message))
        await work.expect(ids)

    async def settle(self, settling: Settling, lease: Lease) -> tuple[Work, Unit]:
        """The unit that takes a parked record away: applied, if it has an entry to apply, else only gone.

        Raises what deciding raises; the record then stays parked.
        """
        work = self._units.work(actor=SYSTEM, cause=f"parked:{settling.parked_id}")
        entry = settling.entry
        if entry is not None and entry.record is not None and entry.handler is not None:
            work.correlation = entry.correlation
            with about_record(entry):
                await entry.handler(work, entry.record)
        unit = await self._build(work)
        unit.unparked = [settling.parked_id]
        unit.inbox = [] if settling.inbox_id is None else [settling.inbox_id]
        unit.fences = standing(lease, settling.partition)
        return work, unit

    def repark(self, entry: Entry, refusal: Refusal, lease: Lease) -> Unit:
        """The unit that gives a parked record its own reason, now that it no longer just waits."""
        row = parked_row(entry, refusal, self._real_now())
        return Unit(parked=[row], fences=standing(lease, entry.arrived.partition))

    async def _one(self, entry: Entry, work: Work, batch: _Batch, index: ParkedIndex, known: Collection[UUID]) -> None:
        if entry.fate is Fate.IGNORE:
            batch.ignored[self._subscription.topic, entry.ce_type] += 1
            batch.outcomes["ignored"] += 1
            return
        if entry.fate is Fate.PASS:
            return
        if _is_known(entry, batch, index, known):
            batch.outcomes["duplicate"] += 1
        elif index.holds(entry.ordered_key) or entry.ordered_key in batch.keys_parked:
            self._park(entry, BEHIND, batch)
        elif entry.refusal is not None:
            self._park(entry, entry.refusal, batch)
        else:
            refusal = await self._apply(entry, work)
            if refusal is not None:
                self._park(entry, refusal, batch)
                return
            if entry.inbox_id is not None:
                batch.inbox[entry.inbox_id] = None
            if entry.ordered_key is not None:
                batch.keys_applied[entry.ordered_key] = None
            batch.outcomes["applied"] += 1

    async def _apply(self, entry: Entry, work: Work) -> Refusal | None:
        assert entry.handler is not None and entry.record is not None
        work.begin(f"record:{entry.place}", entry.correlation)
        work.history = False
        try:
            with about_record(entry):
                await entry.handler(work, entry.record)
        except (UnitRejected, asyncpg.DataError) as error:
            work.rollback()
            return refusal_of(error)
        except Blocked as error:
            entry.fate, entry.blocked_by = Fate.BLOCK, str(error)
            raise MustWait from error
        except BLOCKING:
            raise
        except Exception as error:
            work.rollback()
            return refusal_of(error)
        return None

    def _park(self, entry: Entry, refusal: Refusal, batch: _Batch) -> None:
        batch.parked.append((entry, parked_row(entry, refusal, self._real_now())))
        batch.copies.add((entry.inbox_id, entry.digest))
        if entry.ordered_key is not None:
            batch.keys_parked.add(entry.ordered_key)
        batch.outcomes["parked"] += 1

    async def _build(self, work: Work) -> Unit:
        try:
            return await self._units.build(work)
        except asyncpg.DataError as error:
            raise UnitRejected("a query was given what no column holds") from error
        except BLOCKING:
            raise
        except Exception as error:
            raise Unbuildable from error


def _is_known(entry: Entry, batch: _Batch, index: ParkedIndex, known: Collection[UUID]) -> bool:
    """Whether the fact was applied or discarded before, or these very bytes of it are parked."""
    if index.has_copy(entry):
        return True
    if entry.inbox_id is None:
        return False
    if entry.inbox_id in known or entry.inbox_id in batch.inbox:
        return True
    return bool(batch.copies) and (entry.inbox_id, entry.digest) in batch.copies


def refusal_of(error: BaseException) -> Refusal:
    """Why a record is parked. A stranger's message may quote the payload, so only its name and place are kept."""
    if isinstance(error, DomainError):
        return Refusal(error.reason, printable(error.message, MAX_DETAIL))
    if isinstance(error, (UnitRejected, asyncpg.DataError)):
        return Refusal("DATA_REFUSED", "the database refuses the data of this record")
    place = extract_tb(error.__traceback__)
    at = f" at {Path(place[-1].filename).name}:{place[-1].lineno}" if place else ""
    return Refusal(printable(type(error).__name__, MAX_NAME), f"{type(error).__name__}{at}")


def _fences(taken: Sequence[Entry], lease: Lease) -> list[Fence]:
    ends: dict[int, int] = {}
    for entry in taken:
        ends[entry.arrived.partition] = entry.arrived.offset + 1
    return [Fence((p := lease.places[n]).source, n, p.stored, end) for n, end in ends.items()]


def standing(lease: Lease, partition: int) -> list[Fence]:
    """The fence of a unit that moves no position but must come from the partition's owner."""
    place = lease.places[partition]
    return [Fence(place.source, partition, place.stored, place.stored)]
