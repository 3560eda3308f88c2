"""The small service on the run's own servers: its processes, the callers and the shop it hears from, and its judgement.

Cheaper than the world of all services: a fault of the kernel needs one of them, whole. What callers were promised is
written down as they are told it, and `judged` holds the stores and topics against it with the one oracle.
"""

import asyncio
import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import msgspec

from chassis.inbox import lags
from chassis.kafka_meta import KafkaAccess
from chassis.keys.store import open_key_store
from chassis.migrations import migrate
from infra.local import databases
from infra.local.layout import ROOT
from infra.local.ports import pick
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from infra.local.topics import create_missing, read_topics
from tests.conftest import RunPasswords
from tests.faults.oracle import Acknowledged, Place, Published, judge
from tests.faults.small.newer import SERVICE
from tests.faults.small.wiring import OURS, SHOP

NEWER, EARLIER = "tests.faults.small", "tests.faults.small.earlier"
PATIENCE = 100.0
"""Seconds after which something that has not come about is called hung."""

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_BEHIND = "SELECT coalesce((SELECT max(position) FROM outbox), 0) > (SELECT position FROM relay)"


async def until(
    what: str, look: Callable[[], Awaitable[Any]], *, patience: float = PATIENCE, pause: float = 0.1
) -> Any:
    """What `look` gives, once it gives something true."""
    deadline = time.monotonic() + patience
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"{what}: not within {patience:.0f} s"
        await asyncio.sleep(pause)
    return seen


@dataclass(slots=True)
class Running:
    """One process of the service."""

    process: "subprocess.Popen[bytes]"
    grpc: str
    http: str
    log: Path

    async def said(self, path: str) -> tuple[int, Mapping[str, Any]]:
        """What it answers on /readyz or /livez; 0 where it does not."""
        return await asyncio.to_thread(self._ask, path)

    async def reasons(self) -> str:
        """Why it is not ready, as text; empty while it is."""
        status, reasons = await self.said("/readyz")
        return "" if status == 200 else str(reasons or "it does not answer")

    async def ready(self) -> bool:
        assert self.process.poll() is None, f"it ended by itself:\n{self.log.read_text()[-4000:]}"
        return not await self.reasons()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.send(number)
        return await asyncio.to_thread(self.process.wait, PATIENCE)

    def _ask(self, path: str) -> tuple[int, Mapping[str, Any]]:
        try:
            with _DIRECT.open(f"http://{self.http}{path}", timeout=5) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())
        except OSError:
            return 0, {}


@dataclass(slots=True)
class Small:
    """The service's database, topics and processes. `commands` and `facts` are what was acknowledged."""

    folder: Path
    database: databases.ServiceDatabase
    kafka: KafkaAccess
    issuer: Issuer
    kek: str = field(default_factory=lambda: base64.b64encode(os.urandom(32)).decode())
    commands: list[Acknowledged] = field(default_factory=list)
    facts: list[Published] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
    _channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)

    def environment(self, **changes: str) -> dict[str, str]:
        own = {
            "ENVIRONMENT": "test",
            "DATABASE_URL": self.database.runtime_url,
            "KEYS_URL": self.database.keys_url,
            "KEK": self.kek,
            "KAFKA": self.kafka.bootstrap,
            "TOPIC_PREFIX": self.kafka.topic_prefix,
            "JWKS": str(self.issuer.jwks),
            "ISSUER": ISSUER,
            "AUDIENCE": AUDIENCE,
            "GRPC_ADDRESS": f"127.0.0.1:{pick(())}",
            "HTTP_ADDRESS": f"127.0.0.1:{pick(())}",
            **changes,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
        path = f"{ROOT}{os.pathsep}{ROOT / 'gen'}"
        return inherited | {f"AFTERCARE_{name}": value for name, value in own.items()} | {"PYTHONPATH": path}

    async def start(self, role: str = "all", *, build: str = NEWER, wait: bool = True, **changes: str) -> Running:
        """A process of this role, ready unless told otherwise; `changes` are to its settings."""
        environment = self.environment(**changes)
        log = self.folder / f"{role}-{len(self.running)}.log"
        process = await asyncio.to_thread(_launch, [sys.executable, "-m", build, role], environment, log)
        grpc_address, http_address = environment["AFTERCARE_GRPC_ADDRESS"], environment["AFTERCARE_HTTP_ADDRESS"]
        started = Running(process, grpc_address, http_address, log)
        self.running.append(started)
        if wait:
            await until(f"{role} is ready", started.ready)
        return started

    def channel(self, address: str) -> grpc.aio.Channel:
        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(address)
        return self._channels[address]

    def place(self) -> Place:
        return Place(
            model=SERVICE.model,
            reads=frozenset({SHOP, OURS}),
            database_url=self.database.runtime_url,
            keys_url=self.database.keys_url,
            kek=self.kek,
            kafka=self.kafka,
        )

    async def settled(self) -> None:
        """Everything published is read, everything decided is published; twice in a row, since one makes the other."""
        calm: list[int] = []

        async def quiet() -> bool:
            async with self.connected() as db:
                read = not any(one.lag for one in await lags(self.kafka, db, (SHOP, OURS)))
                at = await db.fetchval("SELECT coalesce(max(position), 0) FROM events")
                still = read and not await db.fetchval(_BEHIND)
            calm[:] = [*calm, at] if still and (not calm or calm[-1] == at) else []
            return len(calm) > 1

        await until("everything is read and published", quiet)

    async def judged(self) -> list[str]:
        """What does not hold: by the oracle, and that each mirror heard what its account told, in its order."""
        return [*await judge(self.place(), self.commands, self.facts), *await self._mirrored()]

    async def told(self, kind: str, name_of: Callable[[str], Any], name: str) -> list[str]:
        """The notes of one account or mirror, in order."""
        return (await self._notes(kind)).get(name_of(name), [])

    async def _notes(self, kind: str) -> dict[Any, list[str]]:
        found: dict[Any, list[str]] = {}
        async with self.connected() as db:
            for row in await db.fetch("SELECT aggregate_id, topic, state FROM events ORDER BY position"):
                if row["topic"].startswith(f"small.{kind}."):
                    note = msgspec.json.decode(row["state"])["d"].get("note")
                    found.setdefault(row["aggregate_id"], []).extend([] if note is None else [note])
        return found

    async def _mirrored(self) -> list[str]:
        from tests.faults.small.wiring import account_id, mirror_id

        accounts, mirrors = await self._notes("Account"), await self._notes("Mirror")
        async with self.connected() as db:
            names = [row["name"] for row in await db.fetch("SELECT name FROM accounts")]
        assert {account_id(name) for name in names} == set(accounts)
        wrong = [n for n in names if accounts[account_id(n)] != mirrors.get(mirror_id(n), [])]
        return [f"mirrors heard something else than was told: {wrong}"] if wrong else []

    @asynccontextmanager
    async def connected(self, url: str | None = None) -> "AsyncIterator[asyncpg.Pool[Any]]":
        async with asyncpg.create_pool(url or self.database.migration_url, min_size=1, max_size=1) as pool:
            yield pool

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()
        for one in self.running:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()


def _launch(command: list[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)


@asynccontextmanager
async def small_service(folder: Path, postgres_url: str, kafka: str, prefix: str) -> AsyncIterator[Small]:
    """A fresh database and fresh topics on these servers; all processes are gone afterwards."""
    tag = f"{prefix.replace('.', '_').replace('-', '_')}{secrets.token_hex(3)}"
    access = KafkaAccess(kafka, f"{tag}.")
    wanted = [topic for topic in read_topics() if topic.name in (SHOP, OURS)]
    await create_missing(kafka, wanted, access.topic_prefix, partitions=3)
    made = (await databases.provide(postgres_url, RunPasswords(), ["small"], f"{tag}_"))["small"]
    found = Small(folder, made, access, Issuer.at(folder / "tokens"))
    try:
        await migrate(SERVICE.versions, migration_url=made.migration_url, runtime_role=made.runtime_role)
        keys = await open_key_store(made.keys_url, SERVICE.model.name, base64.b64decode(found.kek))
        await keys.install()
        await keys.close()
        yield found
    finally:
        await found.close()
        await databases.drop(postgres_url, made.name, f"{tag}_keys")
