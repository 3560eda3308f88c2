"""What agents, customers and screens ask: who was told what. No decision rests on an answer from here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.aggregates import Aggregates
from chassis.codec import Codec
from chassis.domain import Event, NotFound
from chassis.grpc.pages import Page
from chassis.unit import StoredEvent
from chassis.work import Actor
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.values import contact_id
from services.notifications.read_model import contacts, messages

FILTERS = frozenset({"customer_id", "order_id", "case_id", "shop_id", "state", "trouble"})
"""Fields that lists of messages can be filtered by."""

_EVENTS = sa.text("SELECT position, version, topic, state FROM events WHERE aggregate_id = :id ORDER BY version")


class Queries:
    """Answers to questions about messages and contacts."""

    def __init__(self, engine: AsyncEngine, aggregates: Aggregates) -> None:
        self._engine, self._aggregates = engine, aggregates

    async def messages(self, page: Page, terms: dict[str, str], *, seen_by: Actor) -> Sequence[sa.RowMapping]:
        """One row more than the page holds, latest first, so that the caller knows whether there is another page."""
        query = sa.select(messages).order_by(messages.c.planned_at.desc(), messages.c.id.desc()).limit(page.size + 1)
        for field, value in terms.items():
            query = query.where(messages.c[field] == value)
        if seen_by.shops:
            query = query.where(messages.c.shop_id.in_(sorted(seen_by.shops)))
        if seen_by.customer_id is not None:
            query = query.where(messages.c.customer_id == seen_by.customer_id)
        if (after := page.behind(datetime, UUID)) is not None:
            place: sa.ColumnElement[Any] = sa.tuple_(messages.c.planned_at, messages.c.id)
            query = query.where(place < sa.tuple_(*(sa.literal(part) for part in after)))
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().all()

    async def waiting(self) -> Sequence[UUID]:
        """Messages that may still go out by themselves."""
        query = sa.select(messages.c.id).where(messages.c.state.in_(("planned", "deferred"))).order_by(messages.c.id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def message(self, id: UUID, *, seen_by: Actor) -> Message:
        """A message with everything that is known of it."""
        found = await self._aggregates.load(id)
        if not isinstance(found, Message) or not seen_by.may_see(shop_id=found.shop_id, customer_id=found.customer_id):
            raise NotFound("Message", id)
        return found

    async def contact(self, shop_id: str, customer_id: str, *, seen_by: Actor) -> Contact:
        """How a customer can be reached; what the person's key still opens."""
        found = await self._aggregates.load(contact_id(shop_id, customer_id))
        if not isinstance(found, Contact) or not seen_by.may_see(shop_id=shop_id, customer_id=customer_id):
            raise NotFound("Contact", customer_id)
        return found

    async def contacts_of(self, customer_id: str, shops: frozenset[str]) -> Sequence[str]:
        """The shops that know a customer, among `shops` (empty: all)."""
        query = sa.select(contacts.c.shop_id).where(contacts.c.customer_id == customer_id).order_by(contacts.c.shop_id)
        if shops:
            query = query.where(contacts.c.shop_id.in_(sorted(shops)))
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def history(self, id: UUID) -> Sequence[tuple[int, Event, dict[str, str]]]:
        """What happened to one aggregate, oldest first: position, event, and who and what caused it."""
        async with self._engine.connect() as connection:
            found = (await connection.execute(_EVENTS, {"id": id})).all()
        stored = [StoredEvent(id, row.version, row.topic, bytes(row.state)) for row in found]
        events = await self._aggregates.decode(stored)
        return [(row.position, event, Codec.meta(kept)) for row, event, kept in zip(found, events, stored, strict=True)]
