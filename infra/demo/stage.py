"""A whole stack to play on: publish as a shop does, call as agents do, drive the clock, and read what is really stored.

Also the end-to-end tests stand on it. Waiting is for facts (a query that becomes true), never for time.
"""

import asyncio
import email
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from clients.cli.session import Session
from clients.cli.stubs import Channels
from infra.local import parts
from infra.local.environment import Environment
from infra.local.mailbox import Mail, read_index
from infra.local.stack import MAILBOX, Component, service
from infra.local.supervisor import Stack
from infra.local.tokens import Issuer
from infra.shop_simulator.bus import Bus
from infra.shop_simulator.changes import Warehouse
from infra.shop_simulator.payments import Provider

T = TypeVar("T")

SERVICES = ("returns", "shipping_issues", "quality_complaints", "notifications")
PATIENCE = 60.0
"""Real seconds to wait for a fact before the run is given up."""

ANSWERS_ONLY = Component(
    name="simulator",
    arguments=lambda _: ("infra.shop_simulator", "--answers-only"),
    environment=lambda environment: environment.simulator(),
)
COMPONENTS = (MAILBOX, *(service(name) for name in SERVICES), ANSWERS_ONLY)


class NeverHappened(Exception):
    """Something that was waited for did not become true; the message says what, and what was seen last."""


@dataclass(slots=True)
class Stage:
    """One running stack. Use as an async context manager."""

    stack: Stack
    shop: str = "demo-shop"
    keep: bool = False  # leave the stack running afterwards
    services: tuple[str, ...] = SERVICES
    environment: Environment = field(init=False)
    bus: Bus = field(init=False)
    provider: Provider = field(init=False)
    warehouse: Warehouse = field(init=False)
    _pools: "dict[str, asyncpg.Pool[Any]]" = field(default_factory=dict)
    _channels: dict[str, Channels] = field(default_factory=dict)

    async def __aenter__(self) -> "Stage":
        self.environment = await asyncio.to_thread(self.stack.up)
        folder = Path(self.environment.simulator()["AFTERCARE_SIMULATOR_DIR"])
        self.provider, self.warehouse = Provider(folder), Warehouse(folder)
        self.bus = await Bus(self.environment.kafka, topic_prefix=self.stack.topic_prefix).__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hang_up()
        for pool in self._pools.values():
            await pool.close()
        await self.bus.__aexit__()
        if not self.keep:
            await asyncio.to_thread(self.stack.down)

    def _hang_up(self) -> None:
        for channels in self._channels.values():
            channels.__exit__()
        self._channels.clear()

    def as_(self, who: str, *roles: str, customer: str | None = None, patient: bool = True) -> Channels:
        """The services as a person with these roles sees them. Without patience a closed port is told at once."""
        known = f"{who}/{'+'.join(roles)}/{customer}/{patient}"
        if known not in self._channels:
            token = Issuer.at(self.stack.layout.tokens).issue(
                who, roles, customer_id=customer, shops=[self.shop] if customer else []
            )
            addresses = {name: self.environment.grpc_address(name) for name in self.services}
            self._channels[known] = Channels(Session(token, who, addresses), patient=patient)
        return self._channels[known]

    @property
    def operator(self) -> Channels:
        return self.as_("operator", "operator")

    async def call(self, as_: Channels, name: str, rpc: str, **values: Any) -> Any:
        """One rpc, without blocking what else runs here."""
        return await asyncio.to_thread(as_.call, name, rpc, **values)

    async def rows(self, name: str, sql: str, *arguments: Any) -> list[Any]:
        """Read a service's own database, as its run-time role can."""
        if name not in self._pools:
            url = self.environment.databases[name].runtime_url
            self._pools[name] = await asyncpg.create_pool(url, min_size=0, max_size=2)
        return await self._pools[name].fetch(sql, *arguments)

    async def value(self, name: str, sql: str, *arguments: Any) -> Any:
        """The one value of a query."""
        return (await self.rows(name, sql, *arguments))[0][0]

    async def now(self) -> datetime:
        """What the services take the time to be."""
        answer = await self.call(self.operator, "returns", "GetClock")
        found: datetime = answer.clock.now.ToDatetime(tzinfo=UTC)
        return found

    async def set_clock(self, to: datetime, *, rate: float | None = None) -> None:
        """Move all clocks to one instant, the last to hear of things first: none hears from another's future."""
        stamp = Timestamp()
        stamp.FromDatetime(to)
        more = {} if rate is None else {"rate": rate}
        for name in reversed(self.services):
            await self.call(self.operator, name, "SetClock", now=stamp.ToJsonString(), **more)

    async def until(
        self, what: str, query: Callable[[], Awaitable[T]], *, patience: float = PATIENCE, pause: float = 0.05
    ) -> T:
        """Ask until the answer is true, and return it. Raises NeverHappened."""
        deadline = time.monotonic() + patience
        seen: Any = None
        while time.monotonic() < deadline:
            try:
                seen = await query()
            except (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, OSError) as error:
                seen = error
            else:
                if seen:
                    return seen  # type: ignore[no-any-return]
            await asyncio.sleep(pause)
        raise NeverHappened(f"{what}: not within {patience:.0f} s; last seen: {seen!r}")

    async def settled(self, *, patience: float = PATIENCE) -> None:
        """Everything published is consumed, everything decided is sent, all that is due is asked, every call that can
        be made is made."""
        before: Any = None
        seen: list[dict[str, int]] = []

        async def quiet() -> bool:
            nonlocal before, seen
            seen = [await self._standing(name) for name in self.services]
            still = all(not s["lag"] and not s["unsent"] and not s["busy"] and not s["due"] for s in seen)
            positions = [s["position"] for s in seen]
            calm, before = still and positions == before, positions
            return calm

        try:
            await self.until("the services are quiet", quiet, patience=patience, pause=0.15)
        except NeverHappened:
            standing = dict(zip(self.services, seen, strict=False))
            raise NeverHappened(f"the services are not quiet after {patience:.0f} s: {standing}") from None

    async def _standing(self, name: str) -> dict[str, int]:
        status = await self.call(self.operator, name, "GetStatus")
        busy = sum(e.count for e in status.effects if e.state in (1, 2))  # planned, attempting
        return {
            "lag": sum(p.lag for p in status.partitions) if status.partitions else -1,  # -1: Kafka did not answer
            "unsent": status.unsent_outbox_rows,
            "busy": 0 if status.paused_effect_kinds else busy,
            "due": status.overdue_timers - status.failed_timers,
            "position": status.log_position,
        }

    def mails(self, to: str | None = None) -> list[tuple[Mail, EmailMessage]]:
        """The mails the mailbox has, in the order of arrival."""
        folder = self.stack.layout.mail
        found = []
        for mail in read_index(folder):
            if to is None or to in mail.recipients:
                message = email.message_from_bytes((folder / mail.file).read_bytes(), policy=default)
                assert isinstance(message, EmailMessage)
                found.append((mail, message))
        return found

    def kill(self, name: str) -> int:
        """`kill -9`; returns the pid that was killed."""
        pid = self.stack.processes.pid(name)
        if pid is None:
            raise NeverHappened(f"{name} does not run, so it cannot be killed")
        os.kill(pid, signal.SIGKILL)
        return pid

    async def restart(self, name: str) -> None:
        """Start what was killed, and wait until it is ready."""
        component = next(c for c in self.stack.components if c.name == name)
        await asyncio.to_thread(self.stack.start, component, self.environment)
        self._hang_up()  # it may listen elsewhere now

    async def restart_parts(self) -> None:
        """Start a killed PostgreSQL or Kafka again on its data."""
        await asyncio.to_thread(parts.ensure, self.stack.data_dir, self.stack.profile)

    async def events(self) -> dict[str, int]:
        """How many events each service has stored."""
        return {name: await self.value(name, "SELECT coalesce(max(position), 0) FROM events") for name in self.services}


def body(message: EmailMessage) -> str:
    """The text of a mail."""
    part = message.get_body(("plain",))
    return part.get_content() if part else ""
