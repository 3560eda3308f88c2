"""What agents, customers and screens ask. No decision rests on an answer from here.

Lists come from the read model in pages by key; a single return, order or ledger is folded from the log, so it is
never behind. A past statement is the fold up to its instant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.aggregates import Aggregates
from chassis.clock import Clock
from chassis.codec import Codec
from chassis.domain import Event, Invalid, NotFound
from chassis.grpc.pages import KeyPart, Page
from chassis.unit import StoredEvent
from chassis.work import Actor
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.identity import customer_returns_id_of, ledger_id_of, order_id_of, policy_id_of
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot, Price
from services.returns.domain.policy import CustomerReturns, Policy, PolicyBook
from services.returns.domain.policy.customer import NOTHING_BEFORE, Before
from services.returns.domain.withdrawal import Withdrawal
from services.returns.gift_reads import GiftReads
from services.returns.read_model import approvals, captures, cases, changes, conformity, decisions, orders, withdrawals

CASE_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "state", "trouble", "assignee", "waiting_on"})
WITHDRAWAL_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "state", "queue", "waiting_on", "assignee"})
CHANGE_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "kind", "state", "queue", "waiting_on"})
APPROVAL_FILTERS = frozenset({"state", "case_id", "order_id", "shop_id"})

_EVENTS = sa.text("SELECT position, version, topic, state FROM events WHERE aggregate_id = :id ORDER BY version")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and the token of the next."""

    rows: Sequence[Mapping[str, Any]]
    next_token: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One stored event with what caused it."""

    position: int
    event: Event
    meta: Mapping[str, str]


class Queries(GiftReads):
    """Answers to questions about returns, orders and money."""

    def __init__(
        self, engine: AsyncEngine, aggregates: Aggregates, clock: Clock, first_policy: Policy, first_text: str = ""
    ) -> None:
        self._engine, self._aggregates, self._clock = engine, aggregates, clock
        self._first_policy, self._first_text = first_policy, first_text

    @property
    def now(self) -> datetime:
        """The business clock."""
        return self._clock.now()

    async def cases(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Returns, latest change first."""
        return await self._page(cases, "updated_at", page, terms, seen_by)

    async def approvals(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Approvals, latest request first; those that wait unless something else is asked for."""
        return await self._page(approvals, "requested_at", page, terms or {"state": "requested"}, seen_by)

    async def case(self, id: UUID, *, seen_by: Actor) -> ReturnCase:
        """One return, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, ReturnCase) or not _sees(seen_by, found.shop_id, found.customer_id):
            raise NotFound("return", id)
        return found

    async def withdrawals(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Withdrawals, latest change first."""
        return await self._page(withdrawals, "updated_at", page, terms, seen_by)

    async def withdrawal(self, id: UUID, *, seen_by: Actor) -> Withdrawal:
        """One withdrawal, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Withdrawal) or not _sees(seen_by, found.shop_id, found.customer_id):
            raise NotFound("withdrawal", id)
        return found

    async def conformity_files(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Files of conformity, latest change first."""
        return await self._page(conformity, "updated_at", page, terms, seen_by)

    async def conformity(self, id: UUID, *, seen_by: Actor) -> Conformity:
        """The file of one unit, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Conformity) or not _sees(seen_by, found.shop_id, found.customer_id):
            raise NotFound("conformity", id)
        return found

    async def changes(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Changes before dispatch, latest first."""
        return await self._page(changes, "updated_at", page, terms, seen_by)

    async def change(self, id: UUID, *, seen_by: Actor) -> OrderChange:
        """One change before dispatch, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, OrderChange) or not _sees(seen_by, found.shop_id, found.customer_id):
            raise NotFound("change", id)
        return found

    async def case_of_decision(self, decision_id: UUID, *, seen_by: Actor) -> ReturnCase:
        """The return a decision was made in."""
        query = sa.select(decisions.c.case_id).where(decisions.c.id == decision_id)
        async with self._engine.connect() as connection:
            case_id = (await connection.execute(query)).scalar_one_or_none()
        try:
            if case_id is not None:
                return await self.case(case_id, seen_by=seen_by)
        except NotFound:
            pass  # somebody else's decision is told like one that never was
        raise NotFound("decision", decision_id)

    async def shop_of(self, order_id: str, shop_id: str, *, seen_by: Actor) -> str:
        """Which shop's order is meant; the same order id in several of the caller's shops has to be told apart."""
        query = sa.select(orders.c.shop_id).where(orders.c.order_id == order_id, orders.c.order_version > 0)
        if shop_id:
            query = query.where(orders.c.shop_id == shop_id)
        if seen_by.shops:
            query = query.where(orders.c.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(orders.c.customer_id == seen_by.customer_id)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query.order_by(orders.c.shop_id))).scalars().all()
        if not found:
            raise NotFound("order", order_id)
        if len(found) > 1:
            raise Invalid("shop_id", f"order {order_id} is in the shops {', '.join(found)}: name one")
        return str(found[0])

    async def capture(self, shop_id: str, names: Sequence[str]) -> tuple[str, str] | None:
        """Order and tender of a payment, by any of the provider's names of it; None where no capture is known."""
        query = sa.select(captures.c.order_id, captures.c.tender_id).where(
            captures.c.shop_id == shop_id, captures.c.capture_id.in_(names)
        )
        async with self._engine.connect() as connection:
            found = (await connection.execute(query.limit(1))).first()
        return None if found is None else (found.order_id, found.tender_id)

    async def order(self, shop_id: str, order_id: str, *, seen_by: Actor) -> tuple[Order, OrderSnapshot]:
        """One order, as the log has it."""
        found = await self._aggregates.load(order_id_of(shop_id, order_id))
        if not isinstance(found, Order) or found.snapshot is None:
            raise NotFound("order", order_id)
        if not _sees(seen_by, found.shop_id, found.customer_id):
            raise NotFound("order", order_id)
        return found, found.snapshot

    async def prices(self, shop_id: str, order_id: str) -> tuple[Price, ...]:
        """What was paid for each unit and component, as the order now stands."""
        found = await self._aggregates.load(order_id_of(shop_id, order_id))
        return found.prices if isinstance(found, Order) else ()

    async def ledger(self, shop_id: str, order_id: str) -> Ledger:
        """The ledger of an order."""
        found = await self._aggregates.load(ledger_id_of(shop_id, order_id))
        if not isinstance(found, Ledger):
            raise NotFound("ledger", order_id)
        return found

    async def ledger_at(self, shop_id: str, order_id: str, as_of: datetime) -> Ledger:
        """The ledger as it was at a past instant."""
        ledger: Ledger | None = None
        for entry in await self.history(ledger_id_of(shop_id, order_id)):
            if entry.event.timestamp > as_of:
                break
            ledger = entry.event.mutate(ledger)
        if ledger is None:
            raise NotFound("ledger", f"{order_id} at {as_of.isoformat()}")
        return ledger

    async def policy(self, shop_id: str, order: OrderSnapshot) -> Policy:
        """The policy that governs, or would govern, an order."""
        book = await self._aggregates.load(policy_id_of(shop_id))
        return book.governing(order.placed_at) if isinstance(book, PolicyBook) else self._first_policy

    async def book(self, shop_id: str, *, seen_by: Actor) -> tuple[PolicyBook, bool]:
        """The policies of a shop, and whether they are stored: before its first decision the default stands in."""
        if not seen_by.may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("shop", shop_id)
        if isinstance(book := await self._aggregates.load(policy_id_of(shop_id)), PolicyBook):
            return book, True
        return PolicyBook.open(shop_id, self._first_policy, by="system", at=self.now, text=self._first_text), False

    async def done_before(self, shop_id: str, order: OrderSnapshot) -> Before:
        """What is known that the customer of an order did before."""
        known = await self._aggregates.load(customer_returns_id_of(shop_id, order.customer_id))
        return known.before(order.time_zone) if isinstance(known, CustomerReturns) else NOTHING_BEFORE

    async def cases_of_order(self, order: Order, *, seen_by: Actor) -> list[Mapping[str, Any]]:
        """The returns of an order, oldest first."""
        query = sa.select(cases).where(cases.c.order_id == order.order_id, cases.c.shop_id == order.shop_id)
        if seen_by.customer_id is not None:
            query = query.where(cases.c.customer_id == seen_by.customer_id)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query.order_by(cases.c.opened_at, cases.c.id))).mappings().all()
        return [dict(row) for row in found]

    async def history(self, id: UUID) -> list[HistoryEntry]:
        """What happened to one aggregate, oldest first."""
        async with self._engine.connect() as connection:
            found = (await connection.execute(_EVENTS, {"id": id})).all()
        stored = [StoredEvent(id, row.version, row.topic, bytes(row.state)) for row in found]
        events = await self._aggregates.decode(stored)
        return [
            HistoryEntry(row.position, event, Codec.meta(kept))
            for row, event, kept in zip(found, events, stored, strict=True)
        ]

    async def _page(self, table: sa.Table, by: str, page: Page, terms: Mapping[str, str], seen_by: Actor) -> Listed:
        place = sa.tuple_(table.c[by], table.c.id)
        query = sa.select(table).order_by(table.c[by].desc(), table.c.id.desc()).limit(page.size + 1)
        for field, value in terms.items():
            query = query.where(sa.cast(table.c[field], sa.Text) == value)
        if seen_by.shops:
            query = query.where(table.c.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(table.c.customer_id == seen_by.customer_id)
        if (after := page.behind(datetime, UUID)) is not None:
            query = query.where(place < sa.tuple_(*(sa.literal(part) for part in after)))
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).mappings().all()
        shown = found[: page.size]
        more = len(found) > page.size
        last: tuple[KeyPart, ...] = (shown[-1][by], shown[-1]["id"]) if more else ()
        return Listed([dict(row) for row in shown], page.next_token(last) if more else "")


def _sees(actor: Actor, shop_id: str, customer_id: str) -> bool:
    return actor.may_see(shop_id=shop_id, customer_id=customer_id)
