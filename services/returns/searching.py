"""Finding units that come back by what somebody has in hand. No decision rests on an answer from here.

Guarantee: pages by a key that never changes while a return is worked on; each term is found by an index of its own.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.grpc.pages import KeyPart, Page
from chassis.work import Actor
from services.returns.queries import Listed
from services.returns.read_model import receipts, return_units

_PLAIN = (
    "shop_id order_id customer_id sku reason authorisation goods condition responsibility disposition money waiting_on"
    " assignee kind"
).split()
_HELD_IN = {"serial": "serials", "tracking_number": "tracking_numbers", "signal": "signals"}
"""Terms that one of several names of a unit has to meet."""

UNIT_FILTERS = frozenset({*_PLAIN, *_HELD_IN})
PARCEL_FILTERS = frozenset({"shop_id", "tracking_number", "shelf", "receipt_number"})
MOST_CASES = 20
LATEST, OLDEST, DUE = "latest", "oldest", "due"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for."""

    terms: Mapping[str, str]
    order_by: str = LATEST
    asked_before: datetime | None = None
    due_before: datetime | None = None


class UnitSearch:
    """Units of returns, withdrawals and files of conformity."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def units(self, page: Page, sought: Sought, *, seen_by: Actor) -> Listed:
        """One page of what is found."""
        u = return_units.c
        by = u.due_at if sought.order_by == DUE else u.asked_at
        place = sa.tuple_(by, u.id)
        query = sa.select(return_units).limit(page.size + 1)
        for field, value in sought.terms.items():
            if field in _HELD_IN:
                query = query.where(u[_HELD_IN[field]].contains([value]))
            else:
                query = query.where(u[field] == value)
        if sought.asked_before is not None:
            query = query.where(u.asked_at < sought.asked_before)
        if sought.due_before is not None:
            query = query.where(u.due_at < sought.due_before)
        if sought.order_by == DUE:
            query = query.where(u.due_at.is_not(None))
        if seen_by.shops:
            query = query.where(u.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(u.customer_id == seen_by.customer_id)
        latest_first = sought.order_by in ("", LATEST)
        if (after := page.behind(datetime, UUID)) is not None:
            key = sa.tuple_(*(sa.literal(part) for part in after))
            query = query.where(place < key if latest_first else place > key)
        query = query.order_by(by.desc(), u.id.desc()) if latest_first else query.order_by(by, u.id)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().all()
        shown: list[Mapping[str, Any]] = [dict(row) for row in found[: page.size]]
        more = len(found) > page.size
        last: tuple[KeyPart, ...] = (shown[-1][by.name], shown[-1]["id"]) if more else ()
        return Listed(shown, page.next_token(last) if more else "")

    async def cases_named(self, shop_id: str, code: str) -> list[UUID]:
        """Returns and the law's own cases by their number, a tracking number, an order or a serial; latest first."""
        u = return_units.c
        named = [u.order_id == code, u.tracking_numbers.contains([code]), u.serials.contains([code])]
        with suppress(ValueError):
            named.append(u.case_id == UUID(code))
        query = (
            sa.select(u.case_id, sa.func.max(u.asked_at).label("asked_at"))
            .where(u.shop_id == shop_id, sa.or_(*named))
            .group_by(u.case_id)
            .order_by(sa.desc("asked_at"), u.case_id)
            .limit(MOST_CASES)
        )
        async with self._engine.connect() as connection:
            return [row.case_id for row in await connection.execute(query)]

    async def unidentified(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Parcels that belong to no return, latest first."""
        r = receipts.c
        query = sa.select(receipts).where(r.case_id == "", r.received_at.is_not(None), sa.not_(r.voided))
        for field, value in terms.items():
            query = query.where(r[field] == value)
        if seen_by.shops:
            query = query.where(r.shop_id.in_(sorted(seen_by.shops)))
        if (after := page.behind(datetime, UUID)) is not None:
            query = query.where(sa.tuple_(r.received_at, r.id) < sa.tuple_(*(sa.literal(part) for part in after)))
        query = query.order_by(r.received_at.desc(), r.id.desc()).limit(page.size + 1)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().all()
        shown: list[Mapping[str, Any]] = [dict(row) for row in found[: page.size]]
        last: tuple[KeyPart, ...] = (shown[-1]["received_at"], shown[-1]["id"]) if len(found) > page.size else ()
        return Listed(shown, page.next_token(last) if last else "")
