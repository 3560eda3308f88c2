"""What agents, customers and screens ask. No decision rests on an answer from here.

Lists come from the read model in pages by key; a single complaint or investigation is folded from the log, so it is
never behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from casework import AgentDay, NextAction
from chassis.aggregates import Aggregates
from chassis.clock import Clock
from chassis.codec import Codec
from chassis.domain import Event, Invalid, Money, NotFound, Refused
from chassis.grpc.pages import KeyPart, Page
from chassis.unit import StoredEvent
from chassis.work import Actor
from services.quality_complaints.application.remedies import RESOLVE
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.guidelines import Rules
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.next_actions import Situation, next_actions
from services.quality_complaints.domain.order import Order
from services.quality_complaints.read_model import approvals, cases, decisions, investigations, orders

CASE_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "state", "trouble", "assignee", "waiting_on"})
INVESTIGATION_FILTERS = frozenset({"sku", "lot_id", "symptom", "state", "shop_id"})
APPROVAL_FILTERS = frozenset({"state", "case_id", "order_id", "shop_id"})

_EVENTS = sa.text("SELECT position, version, topic, state FROM events WHERE aggregate_id = :id ORDER BY version")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and the token of the next."""

    rows: Sequence[Mapping[str, Any]]
    next_token: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One stored event of a complaint with what caused it."""

    position: int
    event: Event
    meta: Mapping[str, str]


class Queries:
    """Answers to questions about complaints and investigations."""

    def __init__(self, engine: AsyncEngine, aggregates: Aggregates, rules: Rules, clock: Clock) -> None:
        self._engine, self._aggregates, self._rules, self._clock = engine, aggregates, rules, clock

    async def cases(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Complaints, latest change first."""
        return await self._page(cases, "updated_at", page, terms, seen_by)

    async def investigations(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Investigations, latest change first."""
        return await self._page(investigations, "updated_at", page, terms, seen_by)

    async def approvals(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Approvals, latest request first; those that wait unless a state is asked for."""
        return await self._page(approvals, "requested_at", page, terms or {"state": "requested"}, seen_by)

    async def complaint(self, id: UUID, *, seen_by: Actor) -> Complaint:
        """One complaint, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Complaint) or not seen_by.may_see(
            shop_id=found.shop_id, customer_id=found.customer_id
        ):
            raise NotFound("Complaint", id)
        return found

    async def investigation(self, id: UUID, *, seen_by: Actor) -> Investigation:
        """One investigation, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Investigation) or not seen_by.may_see(shop_id=found.shop_id, customer_id=None):
            raise NotFound("Investigation", id)
        return found

    async def shop_of_order(self, order_id: str, *, seen_by: Actor) -> str:
        """The shop an order was placed in, among the orders the caller may see."""
        query = sa.select(orders.c.shop_id).where(orders.c.order_id == order_id).order_by(orders.c.shop_id).limit(2)
        if seen_by.shops:
            query = query.where(orders.c.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(orders.c.customer_id == seen_by.customer_id)
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).scalars().all()
        if not found:
            raise NotFound("Order", order_id)
        if len(found) > 1:
            raise Invalid("order_id", "several shops have an order of this id: use a token for one shop")
        return str(found[0])

    async def complaint_of_decision(self, decision_id: UUID, *, seen_by: Actor) -> Complaint:
        """The complaint a decision was made in."""
        query = sa.select(decisions.c.case_id).where(decisions.c.id == decision_id)
        async with self._engine.connect() as connection:
            case_id = (await connection.execute(query)).scalar_one_or_none()
        try:
            if case_id is not None:
                return await self.complaint(case_id, seen_by=seen_by)
        except NotFound:
            pass  # somebody else's decision is told like one that never was
        raise NotFound("Decision", decision_id)

    async def next_actions(self, complaint: Complaint, *, asked_by: Actor) -> list[NextAction]:
        """What the caller may do next with a complaint."""
        now = self._clock.now()
        order = await self._aggregates.load(Order.id_of(complaint.shop_id, complaint.order_id))
        joined = complaint.investigation_id
        investigation = await self._aggregates.load(joined) if joined else None
        value = order_so_far = day_so_far = None
        if isinstance(order, Order) and order.currency:
            try:
                value = order.value_of(complaint.line_id, complaint.quantity)
            except Refused:
                value = None  # a later version of the order has fewer units: the command will say so
            order_so_far = order.granted_so_far(RESOLVE, order.currency)
            today = await self._aggregates.load(AgentDay.id_of(asked_by.id, now.date().isoformat()))
            nothing = Money.zero(order.currency)
            day_so_far = today.so_far(RESOLVE, order.currency) if isinstance(today, AgentDay) else nothing
        around = Situation(
            agent=asked_by.id,
            roles=asked_by.roles,
            value=value,
            order_so_far=order_so_far,
            day_so_far=day_so_far,
            contained=isinstance(investigation, Investigation) and investigation.is_contained,
            guideline_version=self._rules.version,
            limits=self._rules.limits,
        )
        return next_actions(complaint, around, at=now)

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
