"""What finance asks: movements of a period, promises open at an instant, journal lines, credit notes.

Guarantee: a past instant is answered by the fold up to it, whatever happened since; only which orders are looked at
comes from the read model, and it names every order that can have anything open then.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.domain import Money
from services.returns.domain.ledger import Ledger, TransferState
from services.returns.domain.ledger.books import OPEN
from services.returns.domain.ledger.journal import JournalLine, journal
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.reconciling import Moved
from services.returns.queries import Queries
from services.returns.read_model import credit_notes, movements

MOST_PROMISES = 5_000
MOST_NOTES = 5_000
MOST_HELD = 500
_HELD = sa.text(
    """
    SELECT e.id, e.kind, e.key, e.state, e.attempt, e.reason, e.updated_at, o.order_id, m.minor, m.currency
    FROM effects e
    JOIN (SELECT id, shop_id, order_id FROM ledgers UNION ALL SELECT id, shop_id, order_id FROM cases
      UNION ALL SELECT id, shop_id, order_id FROM conformity UNION ALL SELECT id, shop_id, order_id FROM withdrawals
      UNION ALL SELECT id, shop_id, order_id FROM changes) o ON o.id = e.subject
    LEFT JOIN movements m ON m.order_id = o.order_id AND m.shop_id = o.shop_id AND m.key = e.key
    WHERE e.state IN ('held', 'unknown') AND e.state = ANY(:states) AND o.shop_id = :shop_id
    ORDER BY e.updated_at, e.id LIMIT :most
    """
)
_DONE = (TransferState.SETTLED.value, TransferState.RELEASED.value)
_NEVER_SENT = (TransferState.PLANNED.value, TransferState.RELEASED.value)


@dataclass(frozen=True, slots=True)
class Promise:
    """Money that was promised and is not with the customer."""

    order_id: str
    case_id: str
    requester: str
    amount: Money
    state: str
    promised_at: datetime
    age_days: int


class Finance:
    """Reads for controllers and auditors."""

    def __init__(self, engine: AsyncEngine, queries: Queries, terms: MoneyTerms) -> None:
        self._engine, self._queries, self._terms = engine, queries, terms

    async def moved(self, shop_id: str, provider: str, since: datetime, until: datetime) -> list[Moved]:
        """Refunds through one provider that settled within [since, until), or that are in doubt since then."""
        m = movements.c
        settled = sa.and_(m.state == TransferState.SETTLED.value, m.settled_at >= since, m.settled_at < until)
        in_doubt = sa.and_(m.state.not_in((*_DONE, *_NEVER_SENT)), m.planned_at < until, m.updated_at >= since)
        query = sa.select(movements).where(
            m.shop_id == shop_id, m.provider == provider, m.way == "refund", sa.or_(settled, in_doubt)
        )
        return [
            Moved(
                row["key"],
                row["reference"],
                row["order_id"],
                Money(row["minor"], row["currency"]),
                row["state"] == TransferState.SETTLED.value,
                row["settled_at"] or row["planned_at"],
            )
            for row in await self._rows(query.order_by(m.planned_at, m.id))
        ]

    async def promises(self, shop_id: str, as_of: datetime | None) -> tuple[list[Promise], bool]:
        """What was open at an instant, oldest first; whether more is open than is told."""
        at = as_of or self._queries.now
        m = movements.c
        query = (
            sa.select(m.order_id)
            .where(m.shop_id == shop_id, m.planned_at <= at, sa.or_(m.state.not_in(_DONE), m.updated_at > at))
            .distinct()
        )
        found: list[Promise] = []
        for row in await self._rows(query.order_by(m.order_id)):
            ledger = await self._queries.ledger_at(shop_id, row["order_id"], at)
            found += _open(ledger, at)
        found.sort(key=lambda promise: (promise.promised_at, promise.order_id))
        return found[:MOST_PROMISES], len(found) > MOST_PROMISES

    async def journal(self, shop_id: str, since: datetime, until: datetime) -> AsyncIterator[JournalLine]:
        """What settled within [since, until), order by order."""
        m = movements.c
        query = sa.select(m.order_id).where(
            m.shop_id == shop_id, m.settled_at >= since, m.settled_at < until, m.state == TransferState.SETTLED.value
        )
        for row in await self._rows(query.distinct().order_by(m.order_id)):
            ledger = await self._queries.ledger(shop_id, row["order_id"])
            prices = await self._queries.prices(shop_id, row["order_id"])
            taxes = {price.subject: (price.tax.minor, price.paid.minor) for price in prices}
            for line in journal(ledger, taxes, self._terms.accounts, since=since, until=until):
                yield line

    async def notes(
        self, shop_id: str, *, waiting: bool, order_id: str, since: datetime | None, until: datetime | None
    ) -> tuple[list[Any], bool]:
        """Credit notes, latest first; whether there are more than are told."""
        c = credit_notes.c
        query = sa.select(credit_notes).where(c.shop_id == shop_id)
        if waiting:
            query = query.where(c.waiting)
        if order_id:
            query = query.where(c.order_id == order_id)
        if since is not None:
            query = query.where(c.asked_at >= since)
        if until is not None:
            query = query.where(c.asked_at < until)
        found = await self._rows(query.order_by(c.asked_at.desc(), c.id).limit(MOST_NOTES + 1))
        return found[:MOST_NOTES], len(found) > MOST_NOTES

    async def held(self, shop_id: str, *, unknown: bool) -> tuple[list[Any], bool]:
        """What was asked of the outside for a shop and waits for a person, longest first; whether there is more."""
        states = ("held", "unknown") if unknown else ("held",)
        async with self._engine.connect() as connection:
            values = {"shop_id": shop_id, "states": list(states), "most": MOST_HELD + 1}
            found = list((await connection.execute(_HELD, values)).mappings().all())
        return found[:MOST_HELD], len(found) > MOST_HELD

    async def _rows(self, query: sa.Select[Any]) -> list[Any]:
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).mappings().all())


def _open(ledger: Ledger, at: datetime) -> list[Promise]:
    books = ledger.books
    return [
        Promise(
            ledger.order_id,
            claim.ask.case_id,
            claim.ask.requester,
            books.money(open_now),
            books.state_of(claim),
            claim.at,
            (at - claim.at).days,
        )
        for claim in ledger.claims.values()
        if claim.is_money and claim.state in OPEN
        and (open_now := sum(t.amount.minor for t in books.transfers_of(claim.id)
                             if t.counts and t.state is not TransferState.SETTLED))
    ]  # fmt: skip
