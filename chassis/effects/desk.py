"""What a person may do about effects: settle what is held, tell an owner again, pause a kind, distrust all of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect
from chassis.effects.states import FINAL, milliseconds
from chassis.service import Receipt
from chassis.units import Units
from chassis.wake import CHANNEL
from chassis.work import SYSTEM, Work

EVERY_KIND = "*"


class EffectDesk:
    """The operators' side of one service's effects."""

    def __init__(self, units: Units, pool: "asyncpg.Pool[Any]") -> None:
        self._units, self._pool = units, pool

    async def settle(self, work: Work, id: UUID, outcome: str, *, why: str, reference: str = "") -> Receipt:
        """A person moves a held effect to succeeded, failed, or (retry) one more attempt. Run inside a command."""
        effect = await work.get(Effect, id)
        effect.decide(outcome, by=work.actor.id, why=why, at=work.now, reference=reference)
        await tell_owner(work, effect)
        return Receipt(str(id), effect.version)

    async def tell_again(self, work: Work, id: UUID) -> Receipt:
        """Run the owner's handler, which raised before, on the effect's present state. Run inside a command."""
        effect = await work.get(Effect, id)
        if effect.untold:
            await tell_owner(work, effect)
        return Receipt(str(id), effect.version)

    async def pause(self, kind: str, *, by: str, why: str) -> None:
        """Call no provider of `kind` (or `*`: of any) until `resume`. What is being called goes on to its answer."""
        await self._pool.execute(
            "INSERT INTO paused_effects(kind, reason, paused_by) VALUES ($1, $2, $3) ON CONFLICT (kind) DO NOTHING",
            kind,
            why,
            by,
        )

    async def resume(self, kind: str) -> None:
        """Take the pause of `kind` (or the one of `*`) away, and try its provider again now if it kept failing."""
        await self._pool.execute("DELETE FROM paused_effects WHERE kind = $1", kind)
        await self._pool.execute("DELETE FROM effect_circuits WHERE $1 IN (kind, '*')", kind)
        await self._pool.execute("SELECT pg_notify($1, 'effects')", CHANNEL)

    async def paused(self) -> list[str]:
        """The kinds that are paused now."""
        rows = await self._pool.fetch("SELECT kind FROM paused_effects ORDER BY kind")
        return [row["kind"] for row in rows]

    async def distrust(self, *, since: datetime) -> int:
        """After a restore, before role `effects` starts: every effect that is not final becomes unknown.

        `since` is the real instant of the backup: what was sent later is not known here.
        """
        done, after = 0, UUID(int=0)
        while ids := await self._open_effects(after):
            for id in ids:
                done += await self._distrust(id, since)
            after = ids[-1]
        return done

    async def _open_effects(self, after: UUID) -> list[UUID]:
        rows = await self._pool.fetch(
            "SELECT id FROM effects WHERE state <> ALL($1::text[]) AND id > $2 ORDER BY id LIMIT 500",
            [state.value for state in FINAL],
            after,
        )
        return [row["id"] for row in rows]

    async def _distrust(self, id: UUID, since: datetime) -> int:
        async def lose_trust(work: Work) -> int:
            effect = await work.get(Effect, id)
            if not effect.lose_trust(at=work.now, since_ms=milliseconds(since)):
                return 0
            await tell_owner(work, effect)
            return 1

        return await self._units.run(lose_trust, actor=SYSTEM, cause="restore", on=id)
