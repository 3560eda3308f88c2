"""A person who asked to be forgotten is forgotten, whatever stops in between.

1. A unit ends the person's keys (`Work.forget_person`): from then on no unit that sealed with one commits, so the list
   of aggregates that mention the person is complete. 2. Each of them gets `PersonalDataErased`, which empties its text
   in the read models. 3. The key is destroyed and the tombstone left in the key store, in one transaction there.
Every step may be repeated. After a restore from a backup `reapply` takes the tombstones and goes through it again.
"""

from typing import Any
from uuid import UUID

import asyncpg
import structlog

from chassis.domain import Aggregate, PersonalDataErased, derived_id
from chassis.errors import KernelError
from chassis.keys.ring import KeyRing
from chassis.keys.store import KeyStore
from chassis.log import UNREACHABLE
from chassis.service import Receipt
from chassis.units import Units
from chassis.wake import Wake
from chassis.work import SYSTEM, Actor, Work

log = structlog.get_logger(__name__)

LONGEST_NAP = 30.0


class Erasures:
    """Carries out erasures of one service. Two processes doing so at once are harmless."""

    def __init__(self, units: Units, pool: "asyncpg.Pool[Any]", store: KeyStore, ring: KeyRing) -> None:
        self._units, self._pool, self._store, self._ring = units, pool, store, ring

    async def ask(self, subject: str, *, actor: Actor) -> None:
        """End the person's keys, durably; `carry_out` does the rest."""

        async def forget(work: Work) -> None:
            work.forget_person(subject)

        await self._units.run(forget, actor=actor, cause="erasure")
        self._ring.drop(frozenset({subject}))

    async def carry_out(self) -> int:
        """Finish every erasure that was asked for. Returns how many were finished."""
        finished = 0
        for row in await self._pool.fetch(
            "SELECT subject, asked_by FROM erasures WHERE finished_at IS NULL ORDER BY asked_at LIMIT 1000"
        ):
            try:
                await self._finish(row["subject"], row["asked_by"])
                finished += 1
            except (KernelError, *UNREACHABLE):
                raise
            except Exception:  # one that cannot be finished must not keep the others waiting; it stays unfinished
                log.exception("erasure_failed")
        return finished

    async def reapply(self) -> int:
        """After a restore: ask again for everybody the key store has a tombstone for. Returns how many."""
        asked, after = 0, ""
        while page := await self._store.tombstones(after):
            known = await self._pool.fetch(
                "SELECT subject FROM erasures WHERE subject = ANY($1::text[])", [t.subject for t in page]
            )
            have = {row["subject"] for row in known}
            for tombstone in page:
                if tombstone.subject not in have:
                    await self.ask(tombstone.subject, actor=Actor(tombstone.asked_by))
                    asked += 1
            after = page[-1].subject
        return asked

    async def run(self, connection: "asyncpg.Connection[Any]") -> None:
        """Carry out what is asked for, for ever, listening on `connection` (a leader's)."""
        wake = Wake("erasures")
        await wake.listen(connection)
        while True:
            try:
                await self.carry_out()
            except (KernelError, *UNREACHABLE) as error:
                log.warning("erasure_waits", error=repr(error))
            await wake.sleep(LONGEST_NAP)

    async def _finish(self, subject: str, asked_by: str) -> None:
        self._ring.drop(frozenset({subject}))
        mentions = await self._pool.fetch(
            "SELECT aggregate_id FROM personal_mentions WHERE subject = $1 ORDER BY aggregate_id", subject
        )
        for row in mentions:
            await self._erase(subject, row["aggregate_id"])
        await self._store.destroy(subject, asked_by=asked_by)
        self._ring.drop(frozenset({subject}))
        await self._pool.execute(
            "UPDATE erasures SET finished_at = now(), aggregates_done = $2 WHERE subject = $1 AND finished_at IS NULL",
            subject,
            len(mentions),
        )

    async def _erase(self, subject: str, aggregate_id: UUID) -> None:
        async def erase(work: Work) -> Receipt:
            aggregate = await work.get(Aggregate, aggregate_id)
            # recorded even where nothing is readable any more: after a restore the read models still hold the text
            aggregate.record(PersonalDataErased, at=work.now, subject=subject)
            return Receipt(str(aggregate_id), aggregate.version)

        request = derived_id("erasure", self._units.model.name, subject, str(aggregate_id))
        await self._units.run(erase, actor=SYSTEM, cause="erasure", request=(request, request), on=aggregate_id)
