"""Carries batches of records into PostgreSQL: each record is applied, ignored, parked, or waited for. None is skipped.

A batch is one all-or-nothing unit with the positions it moves. What the append refuses says how to go on: a
moved position drops the records below it, a known fact drops that record, a stale aggregate is loaded again,
and a batch that is overtaken three times or whose data the database refuses is halved, until a record that
is to blame stands alone and parks.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from chassis.errors import UnitRejected
from chassis.inbox.deciding import BLOCKING, Decider, Draft, MustWait, Unbuildable, refusal_of
from chassis.inbox.entries import Entry, about_record
from chassis.inbox.lease import Lease, LeaseLost
from chassis.inbox.parking import ParkedIndex, PauseRule, mark_of
from chassis.inbox.store import InboxStore
from chassis.telemetry import METRICS
from chassis.told import told
from chassis.unit import Judgement, Unit, Verdict
from chassis.units import Units

log = structlog.get_logger(__name__)

CONFLICTS_BEFORE_HALVING = 3
ATTEMPT_LIMIT = 20.0
"""Seconds one attempt may take, so that an attempt that hangs counts as infrastructure and not as work."""

RETRY = 0.5
RETRY_MOST = 5.0


class Applier:
    """Applies the records of one subscription, one batch at a time."""

    def __init__(
        self,
        topic: str,
        decider: Decider,
        units: Units,
        store: InboxStore,
        *,
        build: str,
        pause_rule: PauseRule | None = None,
    ) -> None:
        self.topic, self.decider, self.units, self.store = topic, decider, units, store
        self._build = build
        self._turn: Callable[[], None] = lambda: None
        self._pause_rule = pause_rule or PauseRule()
        self.index = ParkedIndex()
        self.trouble = ""
        """Why records wait; empty while they do not."""
        self.paused = False
        """Whether records wait for an operator."""

    def on_turn(self, turn: Callable[[], None]) -> None:
        """Whom to tell that an attempt begins."""
        self._turn = turn

    async def load(self, lease: Lease) -> None:
        """Learn what is parked from the partitions of this lease."""
        self.index = ParkedIndex(await self.store.marks(self.topic, list(lease.places)))

    async def apply(self, entries: Sequence[Entry], lease: Lease, queued: asyncio.Event) -> None:
        """Return when all of `entries` are behind us. `queued` is set when the first unit is on its way.

        Raises Abandoned when the lease ends first, LeaseLost where it turns out to be wrong.
        """
        waiting = deque([list(entries)])
        while waiting:
            halves = await self._apply_part(waiting.popleft(), lease, queued)
            waiting.extendleft(reversed(halves))

    async def _apply_part(self, part: list[Entry], lease: Lease, queued: asyncio.Event) -> list[list[Entry]]:
        """Apply `part` or return the halves it has to be applied in."""
        known: set[UUID] = set()
        conflicts, troubles = 0, 0
        while True:
            self._turn()
            lease.check()
            part = lease.due(part)
            if not part:
                return []
            try:
                async with asyncio.timeout(ATTEMPT_LIMIT):
                    draft = await self._draft(part, lease, known)
                if draft.taken:
                    queued.set()
                    judgement = await self.units.submit(draft.work, draft.unit)
                if not draft.taken or judgement.verdict is Verdict.ACCEPTED:
                    await self._accepted(draft, lease)
                    return []
                conflicts += await self._refused(draft.unit, judgement, lease, known)
            except MustWait:
                continue
            except (UnitRejected, Unbuildable) as error:
                if len(part) > 1:
                    return _halves(part)
                if part[0].refusal is not None:
                    await self._wait(f"cannot even be parked: {told(error)}", part, lease, RETRY_MOST)
                part[0].refusal = refusal_of(error.__cause__ or error)
            except BLOCKING as error:
                troubles += 1
                await self._wait(told(error), part, lease, min(RETRY * 2 ** min(troubles, 5), RETRY_MOST))
            if conflicts >= CONFLICTS_BEFORE_HALVING and len(part) > 1:
                return _halves(part)

    async def _draft(self, part: list[Entry], lease: Lease, known: set[UUID]) -> Draft:
        """A draft in which nothing is parked that was applied before: a repeated fact is often refused."""
        while True:
            draft = await self.decider.decide(part, lease, self.index, known)
            asked = [e.inbox_id for e, _ in draft.parked if e.inbox_id is not None]
            found = await self.units.log.known(asked) if asked else frozenset()
            if not found:
                return draft
            known |= found

    def _block(self, entry: Entry, lease: Lease) -> None:
        n, offset, why = entry.arrived.partition, entry.arrived.offset, entry.blocked_by
        log.error("partition_blocked", topic=self.topic, partition=n, offset=offset, why=why)
        lease.block(entry)

    async def _accepted(self, draft: Draft, lease: Lease) -> None:
        """What follows from a unit that was accepted, or that had nothing to write."""
        self.trouble = ""
        for fence in draft.unit.fences:
            lease.places[fence.partition].stored = fence.position
        for entry in draft.stopped_by:
            self._block(entry, lease)
        for outcome, count in draft.outcomes.items():
            METRICS.records.labels(self.topic, outcome).inc(count)
        for entry, row in draft.parked:
            self.index.add(mark_of(entry))
            with about_record(entry):
                log.warning(
                    "record_parked", topic=self.topic, partition=row.partition, offset=row.offset, type=row.ce_type,
                    reason=row.reason, detail=row.detail,
                )  # fmt: skip
        shop = self._pause_rule.note(row for _, row in draft.parked if row.reason != "BEHIND_PARKED")
        if shop:
            reason = f"build {self._build} parks too many kinds of record of shop {shop}"
            log.error("topic_paused", topic=self.topic, reason=reason)
            self.paused = True
            await self.store.pause(self.topic, reason, f"build {self._build}")

    async def _refused(self, unit: Unit, judgement: Judgement, lease: Lease, known: set[UUID]) -> int:
        """Learn from a refusal; 1 where it was a conflict with somebody else's decision."""
        if judgement.verdict is Verdict.FENCE:
            await self.moved(unit, judgement, lease)
            return 0
        if judgement.verdict is Verdict.KNOWN:
            known |= judgement.ids or await self.units.log.known(list(unit.inbox))
            return 0
        if judgement.verdict is Verdict.KEY_PARKED:
            self.index.hold(judgement.ids)
            return 0
        return 1

    async def moved(self, unit: Unit, judgement: Judgement, lease: Lease) -> None:
        """Somebody else moved a position this consumer rests on: take over what is stored."""
        positions = list(judgement.positions)
        if len(positions) != len(unit.fences):
            stored = await self.store.positions(unit.fences[0].source)
            positions = [stored.get(fence.partition, 0) for fence in unit.fences]
        for fence, position in zip(unit.fences, positions, strict=True):
            place = lease.places[fence.partition]
            if position < place.stored:  # what lies between was read by this consumer before, and is gone from here
                raise LeaseLost(f"partition {fence.partition} went back from {place.stored} to {position}")
            place.stored = position
        await self.load(lease)

    async def _wait(self, trouble: str, part: Sequence[Entry], lease: Lease, seconds: float) -> None:
        first = part[0].arrived
        if self.trouble != trouble:
            log.warning("records_wait", topic=self.topic, partition=first.partition, offset=first.offset, why=trouble)
        self.trouble = trouble
        await lease.wait(seconds)


def _halves(part: list[Entry]) -> list[list[Entry]]:
    middle = len(part) // 2
    return [part[:middle], part[middle:]]
