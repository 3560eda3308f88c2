"""What agents, customers and screens ask. No decision rests on an answer from here.

Lists come from the read model in pages by key; a single case or parcel is folded from the log, so it is never
behind.
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
from chassis.domain import Aggregate, Event, NotFound
from chassis.grpc.pages import KeyPart, Page
from chassis.unit import StoredEvent
from chassis.work import Actor
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.finding import honest_estimate
from services.shipping_issues.domain.guidelines import REFUND, RESHIP, STALLED, Rules
from services.shipping_issues.domain.next_actions import Agent, next_actions
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.read_model import approvals, cases, decisions, orders, shipments

CASE_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "state", "trouble", "assignee", "waiting_on"})
SHIPMENT_FILTERS = frozenset({"order_id", "customer_id", "shop_id", "tracking_number", "status"})
APPROVAL_FILTERS = frozenset({"state", "case_id", "order_id", "shop_id"})

_EVENTS = sa.text("SELECT position, version, topic, state FROM events WHERE aggregate_id = :id ORDER BY version")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and the token of the next."""

    rows: Sequence[Mapping[str, Any]]
    next_token: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One stored event of a case with what caused it."""

    position: int
    event: Event
    meta: Mapping[str, str]


class Queries:
    """Answers to questions about cases and parcels."""

    def __init__(self, engine: AsyncEngine, aggregates: Aggregates, rules: Rules, clock: Clock) -> None:
        self._engine, self._aggregates, self._rules, self._clock = engine, aggregates, rules, clock

    async def cases(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Cases, latest change first."""
        return await self._page(cases, "updated_at", page, terms, seen_by)

    async def shipments(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Parcels, latest change first."""
        return await self._page(shipments, "updated_at", page, terms, seen_by)

    async def approvals(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Approvals, latest request first; those that wait unless a state is asked for."""
        return await self._page(approvals, "requested_at", page, terms or {"state": "requested"}, seen_by)

    async def case(self, id: UUID, *, seen_by: Actor) -> DeliveryCase:
        """One case, as the log has it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, DeliveryCase) or not _sees(seen_by, found):
            raise NotFound("DeliveryCase", id)
        return found

    async def shipment(self, shipment_id: str, *, seen_by: Actor) -> Shipment:
        """One parcel, as the log has it, among the shops the caller works for."""
        query = sa.select(shipments.c.id).where(shipments.c.shipment_id == shipment_id).order_by(shipments.c.id)
        if seen_by.shops:
            query = query.where(shipments.c.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(shipments.c.customer_id == seen_by.customer_id)
        async with self._engine.connect() as connection:
            id = (await connection.execute(query.limit(1))).scalar_one_or_none()
        if id is None:
            raise NotFound("Shipment", shipment_id)
        return await self.shipment_by_id(id)

    async def shipment_by_id(self, id: UUID) -> Shipment:
        """One parcel that a list showed."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Shipment):
            raise NotFound("Shipment", id)
        return found

    async def case_of_decision(self, decision_id: UUID, *, seen_by: Actor) -> DeliveryCase:
        """The case a decision was made in."""
        query = sa.select(decisions.c.case_id).where(decisions.c.id == decision_id)
        async with self._engine.connect() as connection:
            case_id = (await connection.execute(query)).scalar_one_or_none()
        try:
            if case_id is not None:
                return await self.case(case_id, seen_by=seen_by)
        except NotFound:
            pass  # somebody else's decision is told like one that never was
        raise NotFound("Decision", decision_id)

    async def cases_of_shipment(self, parcel: Shipment) -> list[DeliveryCase]:
        """The cases a parcel is or was in trouble with, oldest first."""
        found = [await self._aggregates.load(id) for id in dict.fromkeys(parcel.found.values())]
        return [case for case in found if isinstance(case, DeliveryCase)]

    async def next_actions(self, case: DeliveryCase, *, asked_by: Actor) -> list[NextAction]:
        """What the caller may do next with a case."""
        now = self._clock.now()
        order = await self._aggregates.load(Order.id_of(case.shop_id, case.order_id))
        if not isinstance(order, Order):
            return []
        parcel: Aggregate | None = None if case.shipment_id else order.missing_parcel()
        if parcel is None:
            parcel = await self._aggregates.load(Shipment.id_of(case.shop_id, case.shipment_id))
        if not isinstance(parcel, Shipment):
            return []
        today = await self._aggregates.load(AgentDay.id_of(asked_by.id, now.date().isoformat()))
        granted = {}
        if isinstance(today, AgentDay) and order.currency:
            granted = {action: today.so_far(action, order.currency) for action in (RESHIP, REFUND)}
        return next_actions(case, parcel, order, Agent(asked_by.id, asked_by.roles, granted), self._rules, at=now)

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

    def our_estimate(self, parcel: Shipment) -> datetime | None:
        """When we would tell the customer to expect it."""
        if parcel.whereabouts.is_over:
            return None
        carrier = self._rules.carriers.of(parcel.carrier)
        return honest_estimate(parcel, self._rules.guidelines.of(STALLED), carrier, at=self._clock.now())

    async def parcels_of_history(self, shop_id: str, *, limit: int) -> Sequence[UUID]:
        """Parcels of a shop that were loaded as history and are not watched yet."""
        return await self._of_history(shipments, shop_id, limit)

    async def orders_of_history(self, shop_id: str, *, limit: int) -> Sequence[UUID]:
        """The same of orders."""
        return await self._of_history(orders, shop_id, limit)

    async def _of_history(self, table: sa.Table, shop_id: str, limit: int) -> Sequence[UUID]:
        query = sa.select(table.c.id).where(table.c.shop_id == shop_id, ~table.c.live)
        async with self._engine.connect() as connection:
            return (await connection.execute(query.order_by(table.c.id).limit(limit))).scalars().all()

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


def _sees(actor: Actor, case: DeliveryCase) -> bool:
    return actor.may_see(shop_id=case.shop_id, customer_id=case.customer_id)
