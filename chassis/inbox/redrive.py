"""Carries out what operators ask about parked records, as the partition's owner and on the consumer's own path.

Order is restored: of an ordered key only the first parked record may be applied, and once it is settled what
waited behind it follows in order until one fails, which then has its own reason. The append takes a settled
record out and writes down who settled it in one step.
"""

from dataclasses import replace

import structlog

from chassis.cloudevents import Headers
from chassis.errors import UnitRejected
from chassis.inbox.applying import Applier
from chassis.inbox.deciding import BLOCKING, Settling, Unbuildable, refusal_of
from chassis.inbox.entries import BEHIND, Entry, Fate, Reader, Refusal
from chassis.inbox.lease import Lease
from chassis.inbox.store import InboxStore, ParkedRecord, RedriveRequest
from chassis.unit import Verdict

log = structlog.get_logger(__name__)


class Redriver:
    """Settles parked records of one subscription. Runs between batches, never beside one."""

    def __init__(self, topic: str, reader: Reader, applier: Applier, store: InboxStore) -> None:
        self._topic, self._reader, self._applier, self._store = topic, reader, applier, store

    async def carry_out(self, lease: Lease) -> None:
        """Do everything that is asked now, then let go what waits behind nothing any more."""
        partitions = list(lease.places)
        for request in await self._store.redrives(self._topic, partitions):
            lease.check()
            await self._one(request, lease)
        await self._store.close_gone()
        while freed := await self._store.freed(self._topic, partitions, BEHIND.reason):
            for record in freed:
                lease.check()
                await self._release(record, lease)

    async def _one(self, request: RedriveRequest, lease: Lease) -> None:
        record = await self._store.parked(request.parked_id)
        if record is None:
            return
        if request.action == "discard":
            settled = Settling(record.id, record.arrived.partition, None, record.arrived.inbox_id)
            await self._settle(settled, lease)
            return
        if record.ordered_key is not None and (head := await self._store.head(record.ordered_key)) != record.id:
            await self._store.answer(record.id, "refused", f"it waits behind {head}: settle that one first")
            return
        entry = self._entry(_repaired(record, request), lease)
        refusal = await self._try(record, entry, lease)
        if refusal is not None:
            await self._store.answer(record.id, "failed", f"{refusal.reason}: {refusal.detail}")

    async def _release(self, record: ParkedRecord, lease: Lease) -> None:
        entry = self._entry(record, lease)
        refusal = await self._try(record, entry, lease)
        if refusal is not None:
            unit = self._applier.decider.repark(entry, refusal, lease)
            judgement = await self._applier.units.writer.submit(unit)
            if judgement.verdict is Verdict.FENCE:
                await self._applier.moved(unit, judgement, lease)
            log.warning("record_parked", topic=self._topic, id=str(record.id), reason=refusal.reason)

    def _entry(self, record: ParkedRecord, lease: Lease) -> Entry:
        entry = self._reader.read(record.arrived, lease.places[record.arrived.partition].source)
        entry.parked_as = record.id
        return entry

    async def _try(self, record: ParkedRecord, entry: Entry, lease: Lease) -> Refusal | None:
        """Apply a parked record again; why it stays parked, else None."""
        if entry.fate is Fate.BLOCK:
            return Refusal("UNKNOWN_TYPE", f"type {entry.ce_type} is unknown to this build")
        settled = Settling(record.id, record.arrived.partition, entry, entry.inbox_id)
        if entry.inbox_id is not None and await self._applier.units.log.known([entry.inbox_id]):
            settled = replace(settled, entry=None, inbox_id=None)  # a copy was applied meanwhile: this is its duplicate
        elif entry.refusal is not None:
            return entry.refusal
        try:
            await self._settle(settled, lease)
        except (UnitRejected, Unbuildable) as error:
            return refusal_of(error.__cause__ or error)
        except BLOCKING:
            raise
        except Exception as error:
            return refusal_of(error)
        return None

    async def _settle(self, settled: Settling, lease: Lease) -> None:
        """Append the settling unit, decided again for as long as others overtake it."""
        while True:
            lease.check()
            work, unit = await self._applier.decider.settle(settled, lease)
            judgement = await self._applier.units.submit(work, unit)
            if judgement.verdict is Verdict.ACCEPTED:
                self._applier.index.remove(settled.parked_id)
                log.info(
                    "record_settled", topic=self._topic, id=str(settled.parked_id), applied=settled.entry is not None
                )
                return
            if judgement.verdict is Verdict.UNPARKED:
                self._applier.index.remove(settled.parked_id)
                return
            if judgement.verdict is Verdict.KNOWN:  # likewise, just now
                settled = replace(settled, entry=None, inbox_id=None)
            elif judgement.verdict is Verdict.FENCE:
                await self._applier.moved(unit, judgement, lease)


def _repaired(record: ParkedRecord, request: RedriveRequest) -> ParkedRecord:
    """The record as the operator repaired it; its identity stays."""
    if request.replacement is None:
        return record
    headers: Headers = record.arrived.headers
    if request.content_type:
        kept = tuple(header for header in headers if header[0] != "content-type")
        headers = (*kept, ("content-type", request.content_type.encode()))
    return replace(record, arrived=replace(record.arrived, headers=headers, value=request.replacement))
