"""Stops paying back when more goes out within an hour than a shop's band allows, and asks a person.

Guarantee: nothing beyond the band is asked of a provider before an operator has lifted the pause. After that the
counting begins anew, so that one look is enough for one surge.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.domain import Money
from chassis.service import Attempt, NotDone, Provider, ProviderAnswer
from services.returns.domain.money_terms import Band
from services.returns.read_model import movements

log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=1)
BEGUN = ("attempting", "submitted", "settled", "unknown", "held")
PAYS = ("refund", "credit", "transfer")
"""The ways by which something goes out; a release takes nothing."""

Pause = Callable[[str, str], Awaitable[None]]
"""Calls no provider of a kind any more, and says why."""


class Guarded:
    """A provider of refunds, store credit or transfers behind the band."""

    def __init__(self, inner: Provider, band: Band, engine: AsyncEngine, pause: Pause) -> None:
        self.idempotency = inner.idempotency
        self._inner, self._band, self._engine, self._pause = inner, band, engine, pause
        self._told: dict[str, datetime] = {}

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask the provider, unless too much went out."""
        shop_id = attempt.body["shop_id"]
        since = max(attempt.now - WINDOW, self._told.get(shop_id, attempt.now - WINDOW))
        if why := self._band.left_by(*await self._went_out(shop_id, since)):
            self._told[shop_id] = attempt.now
            log.warning("refunds_paused", shop=shop_id, kind=attempt.kind, reason=why)
            await self._pause(attempt.kind, f"shop {shop_id}: {why}")
            return NotDone("OUT_OF_BAND", ours=True)
        return await self._inner.perform(attempt)

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """A question moves nothing."""
        return await self._inner.look_up(attempt)

    async def _went_out(self, shop_id: str, since: datetime) -> tuple[int, Mapping[str, Money]]:
        m = movements.c
        query: sa.Select[Any] = (
            sa.select(m.currency, sa.func.count().label("count"), sa.func.sum(m.minor).label("minor"))
            .where(m.shop_id == shop_id, m.way.in_(PAYS), m.state.in_(BEGUN), m.planned_at > since)
            .group_by(m.currency)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return sum(row.count for row in rows), {r.currency: Money(int(r.minor), r.currency) for r in rows}
