"""A topic of its own for each test, and an inbox of the example service that reads it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aftercare.orders.v1.answers_pb2 import RequestAccepted, RequestRefused
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Personal, derived_id
from chassis.inbox import Inbox
from chassis.kafka_meta import KafkaAccess
from chassis.service import Record, Subscription
from chassis.work import Work
from infra.local.parts import Parts
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account
from tests.integration.chassis.kafka import Broker, Fact, broker, eventually

COUNT = "aftercare.orders.v1.RequestAccepted"
BREAK = "aftercare.orders.v1.RequestRefused"
OTHER = "aftercare.orders.v1.RequestDone"
LIMIT = 1000
AT = Timestamp(seconds=1_793_527_200)


def account_id(name: str) -> UUID:
    return derived_id("example.account", name)


async def _account(work: Work, name: str) -> Account:
    found = await work.find(Account, account_id(name))
    return found or work.add(Account.open(account_id(name), limit=LIMIT, at=work.now))


async def count(work: Work, record: Record[RequestAccepted]) -> None:
    """Counts `reference` on the account `order_id`; above the account's limit it is refused."""
    account = await _account(work, record.message.order_id)
    account.count(int(record.message.reference or "1"), at=work.now, note=record.message.request_id)


async def break_(work: Work, record: Record[RequestRefused]) -> None:
    """Changes the account and then fails in the way `reason` names."""
    account = await _account(work, record.message.order_id)
    if record.message.reason == "unstorable":
        account.name_owner(Personal(record.message.order_id, "a\x00b"), at=work.now)
        return
    account.count(500, at=work.now, note="never to be seen")
    raise RuntimeError("the customer's secret")


def attributes(ce_id: str, ce_type: str, content_type: str = "application/protobuf") -> list[tuple[str, bytes | None]]:
    named = {
        "ce_specversion": "1.0",
        "ce_id": ce_id,
        "ce_source": "/shop",
        "ce_type": ce_type,
        "ce_time": "2026-11-01T10:00:00Z",
        "content-type": content_type,
    }
    return [(name, value.encode()) for name, value in named.items()]


def fact(
    account: str,
    amount: int = 1,
    *,
    note: str = "",
    id: str | None = None,
    partition: int = 0,
    key: str | None = None,
    json: bool = False,
) -> Fact:
    """A well-formed fact that counts."""
    message = RequestAccepted(
        shop_id="s1",
        request_id=note or "-",
        order_id=account,
        reference=str(amount),
        requester="returns",
        occurred_at=AT,
    )
    value = json_format.MessageToJson(message).encode() if json else message.SerializeToString()
    content = "application/json; charset=utf-8" if json else "application/protobuf"
    ce_id = id or secrets.token_hex(6)
    return Fact(value, (key or account).encode(), partition, attributes(ce_id, COUNT, content))


def broken(account: str, reason: str = "bug", *, partition: int = 0, key: str | None = None) -> Fact:
    """A well-formed fact whose handler fails."""
    message = RequestRefused(
        shop_id="s1", request_id="r", order_id=account, reason=reason, requester="returns", occurred_at=AT
    )
    headers = attributes(secrets.token_hex(6), BREAK)
    return Fact(message.SerializeToString(), (key or account).encode(), partition, headers)


def typed(ce_type: str, *, partition: int = 0, key: str = "k") -> Fact:
    """A fact of some other type."""
    return Fact(b"whatever", key.encode(), partition, attributes(secrets.token_hex(6), ce_type))


@dataclass(slots=True)
class World:
    """One test's topic, database and processes."""

    topic: str
    kafka: Broker
    core: Core
    db: "asyncpg.Connection[Any]"

    def name(self, of: str = "a") -> str:
        """An account name nobody else uses."""
        return f"{self.topic}.{of}"

    def subscription(self, *, ordered: bool = False, known: Sequence[str] = ()) -> Subscription:
        handlers: Any = {COUNT: (RequestAccepted, count), BREAK: (RequestRefused, break_)}
        return Subscription(self.topic, ordered=ordered, handlers=handlers, known=frozenset(known))

    def inbox(
        self, core: Core | None = None, *, ordered: bool = False, known: Sequence[str] = (), **more: Any
    ) -> Inbox:
        core = core or self.core
        return Inbox(
            "example",
            [self.subscription(ordered=ordered, known=known)],
            access=self.kafka.access,
            units=core.units,
            pool=core.pool,
            build="test-1",
            **more,
        )

    async def send(self, *facts: Fact) -> list[int]:
        return await self.kafka.send(self.topic, facts)

    async def total(self, name: str = "a") -> int:
        account = await self.core.units.aggregates.load(account_id(self.name(name)))
        return account.total if isinstance(account, Account) else 0

    async def notes(self, name: str = "a") -> list[str]:
        account = await self.core.units.aggregates.load(account_id(self.name(name)))
        return list(account.notes) if isinstance(account, Account) else []

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.db.fetch(
            'SELECT "offset", reason FROM parked WHERE topic = $1 ORDER BY partition, seq', self.topic
        )
        return [(row[0], row[1]) for row in rows]

    async def ignored(self) -> dict[str, int]:
        rows = await self.db.fetch("SELECT ce_type, seen FROM ignored_types WHERE topic = $1", self.topic)
        return {row[0]: row[1] for row in rows}

    async def reach(self, *positions: int, inboxes: Sequence[Inbox]) -> None:
        """Wait until partitions 0, 1, ... stand at these stored positions."""
        wanted = dict(enumerate(positions))

        async def there() -> bool:
            found = {n: at for inbox in inboxes for (_, n), at in inbox.positions().items()}
            return all(found.get(n, 0) == at for n, at in wanted.items())

        await eventually(there, f"positions {wanted}")

    async def waits(self, inbox: Inbox, why: str) -> None:
        """Wait until the inbox says it is not ready because of `why`."""

        async def told() -> bool:
            return why in inbox.not_ready()

        await eventually(told, f"not ready: {why}")


@pytest.fixture
async def world(
    parts: Parts, topic_prefix: str, core: Core, db: "asyncpg.Connection[Any]", request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    topic = f"{request.node.name[5:35]}-{secrets.token_hex(2)}"
    async with broker(KafkaAccess(parts.kafka_bootstrap, topic_prefix)) as kafka:
        await kafka.make(topic)
        yield World(topic, kafka, core, db)
        if await kafka.exists(topic):
            await kafka.admin.delete_topics([kafka.access.topic(topic)])


@asynccontextmanager
async def running(*inboxes: Inbox) -> AsyncIterator[None]:
    """Run inboxes side by side until the block ends, then stop them in order."""
    tasks = [asyncio.create_task(inbox.run()) for inbox in inboxes]
    try:
        yield
    finally:
        for inbox in inboxes:
            await inbox.stop()
        await asyncio.gather(*tasks)
