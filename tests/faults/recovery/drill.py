"""Losses and the documented way back: what an operator does in docs/operations.md, as code, in the same order."""

# long: one stack, and each thing a disaster or an operator does to it

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
from aftercare.orders.v1 import fulfilment_requests_pb2
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka_meta import KafkaAccess
from infra.demo.stage import ANSWERS_ONLY, SERVICES, Stage
from infra.local import parts
from infra.local.account import placement
from infra.local.databases import KEYS
from infra.local.layout import ROOT
from infra.local.stack import MAILBOX, Component, service
from infra.local.supervisor import Stack
from infra.local.topics import create_missing, read_topics
from infra.shop_simulator.bus import Bus
from tests.faults.load import Load
from tests.faults.oracle import Place, judge, read_all

ANSWER_WITHIN = timedelta(hours=2)
"""Beyond the time an answer is waited for, by the business clock."""
PATIENCE = 240.0
"""Seconds after which something is called hung; a guard for a busy machine, not a goal."""

OUT_OF_ORDER = "took effect after later ones of their partition"

TO_AND_FRO = frozenset(
    {
        "casework.Case.WaitingOnChanged",
        "returns.Ledger.OutsideCounted",
        "returns.Ledger.TransferMoved",
        "shipping_issues.Order.RemedyCounted",
        "shipping_issues.Order.RemedyUncounted",
        "shipping_issues.DeliveryCase.RemedyRequested",
        "shipping_issues.DeliveryCase.RemedyUncertain",
    }
)
"""Events that rightly come again: submitted, unknown, submitted by the look-up; failed, and paid after all."""


def stack_at(folder: Path) -> Stack:
    """The stack, not up yet."""
    processes = (MAILBOX, *(service(name) for name in SERVICES), ANSWERS_ONLY)
    return Stack(folder, processes, profile="tests", driven_clock=True)


@dataclass(slots=True)
class Drill:
    """The stack and the load that runs on it."""

    stage: Stage
    seed: str
    incarnation: int = 1
    made_again: bool = False
    load: Load = field(init=False)

    def __post_init__(self) -> None:
        self.load = Load(self.stage, self.seed)

    @property
    def kafka(self) -> KafkaAccess:
        return KafkaAccess(self.stage.environment.kafka, self.stage.environment.topic_prefix)

    async def orders(self, count: int) -> None:
        """So many more orders, each to its remedy's acknowledgement."""
        enough = asyncio.Event()
        enough.set()
        async with asyncio.timeout(PATIENCE):
            await self.load.run(enough, at_least=count)
        assert self.load.refusals == []

    async def quiet(self, services: tuple[str, ...] = SERVICES) -> None:
        """Everything published is consumed, everything decided is sent, by these services."""
        everybody, self.stage.services = self.stage.services, services
        try:
            await self.stage.settled(patience=PATIENCE)
        finally:
            self.stage.services = everybody

    def component(self, name: str, role: str = "all") -> Component:
        """A process of the present incarnation."""
        found = service(name, role, name if role == "all" else f"{name}.{role}")
        return found.told(AFTERCARE_INCARNATION=str(self.incarnation))

    async def start(self, *components: Component) -> None:
        stack, environment = self.stage.stack, self.stage.environment
        await asyncio.gather(*(asyncio.to_thread(stack.start, c, environment) for c in components))
        self.stage._hang_up()  # they may listen elsewhere now

    async def stop(self, names: Iterable[str], with_signal: signal.Signals = signal.SIGTERM) -> None:
        processes = self.stage.stack.processes
        await asyncio.gather(*(asyncio.to_thread(processes.stop, name, with_signal, 40) for name in names))

    async def job(self, name: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """``python -m services.<name> …`` to its end: its exit code and what it said."""
        environment = self.stage.environment.job(name) | {"AFTERCARE_INCARNATION": str(self.incarnation)} | variables
        command = [sys.executable, "-m", f"services.{name}", *arguments]
        done = await asyncio.to_thread(
            subprocess.run, command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    async def jobs(self, *arguments: str) -> None:
        """A job in every service at once; each ends well."""
        for code, said in await asyncio.gather(*(self.job(name, *arguments) for name in SERVICES)):
            assert code == 0, said

    async def backup(self, to: Path) -> datetime:
        """``pg_basebackup`` of the server; the instant it began."""
        began = datetime.now(UTC)
        found = self._parts()
        where = placement(found.postgres.layout.postgres, found.postgres.state.value("postgres_data"))
        shutil.rmtree(to, ignore_errors=True)
        command = [str(where.programs / "pg_basebackup"), "-d", found.postgres.url(), "-D", str(to), "-c", "fast"]
        done = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return began

    async def lose_postgres(self, backup: Path) -> None:
        """Kill everything that writes, put the backup in the server's place and start it.

        The key store is a server of its own where it matters; here it is a database of the same one, so its present
        content is carried over.
        """
        await self.stop(SERVICES, signal.SIGKILL)
        found = self._parts()
        keys = await _dump(found.postgres.url(KEYS))
        pid = found.postgres.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await self.stage.until("PostgreSQL is gone", self._gone(found.postgres.pid), patience=PATIENCE)
        where = placement(found.postgres.layout.postgres, found.postgres.state.value("postgres_data"))
        await asyncio.to_thread(_put_back, backup, where.data, where.uid)
        await asyncio.to_thread(parts.ensure, self.stage.stack.data_dir, self.stage.stack.profile)
        await _load(found.postgres.url(KEYS), keys)

    async def lose_kafka(self) -> None:
        """Kill the broker, delete its data, start it empty, make the topics."""
        found = self._parts()
        pid = found.kafka.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await self.stage.until("Kafka is gone", self._gone(found.kafka.pid), patience=PATIENCE)
        found.kafka.erase()
        self.made_again = True
        await asyncio.to_thread(parts.ensure, self.stage.stack.data_dir, self.stage.stack.profile)
        await create_missing(self.kafka.bootstrap, read_topics(), prefix=self.kafka.topic_prefix)
        # the shop's own producers counted on in the old cluster
        simulator = next(c for c in self.stage.stack.components if c.name == "simulator")
        await self.stop([simulator.name])
        await self.start(simulator)
        await self.stage.bus.__aexit__()
        self.stage.bus = await Bus(self.kafka.bootstrap, topic_prefix=self.kafka.topic_prefix).__aenter__()

    async def make_again(self, topic: str) -> None:
        """Delete a topic and make it anew."""
        self.made_again = True
        name = self.kafka.topic(topic)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([name])

            async def gone() -> bool:
                return name not in await admin.list_topics()

            await self.stage.until(f"{topic} is deleted", gone, patience=PATIENCE)
        finally:
            await admin.close()
        only = [one for one in read_topics() if one.name == topic]
        await create_missing(self.kafka.bootstrap, only, prefix=self.kafka.topic_prefix)

    async def judged(self) -> list[str]:
        """What does not hold of any service, by the judge of all faults.

        The log names partitions without their topic's id: once a topic was made again, its offsets tell no order.
        """
        found = []
        for name in SERVICES:
            commands = [c for c in self.load.commands if c.service == name]
            found += await judge(await self._place(name), commands, self.load.facts)
        return [sentence for sentence in found if not self.made_again or OUT_OF_ORDER not in sentence]

    async def goods(self) -> Counter[str]:
        """Distinct requests for goods that the shop saw, by case."""
        seen = {}
        for record in await read_all(self.kafka, "aftercare.fulfilment.requests.v1"):
            if dict(record.headers)["ce_type"] == b"aftercare.orders.v1.ReshipRequested":
                request = fulfilment_requests_pb2.ReshipRequested.FromString(record.value)
                seen[request.request_id] = request.case_id
        return Counter(seen.values())

    def mails(self) -> Counter[str]:
        """How often each message arrived."""
        return Counter(mail.message_id for mail, _ in self.stage.mails())

    async def effects(self, name: str, state: str) -> Sequence[Any]:
        answer = await self.stage.call(self.stage.operator, name, "ListEffects", filter=f'state = "{state}"')
        return list(answer.effects)

    async def refunded(self, order_id: str) -> int:
        """Minor units that went back by the ledger, whose statement closes."""
        finance = self.stage.as_("finance", "finance")
        answer = await self.stage.call(finance, "returns", "GetStatement", shop_id=self.stage.shop, order_id=order_id)
        assert answer.statement.closes
        return int(answer.statement.refunded.minor_units)

    async def ledger(self, order_id: str) -> Any:
        finance = self.stage.as_("finance", "finance")
        answer = await self.stage.call(finance, "returns", "GetLedger", shop_id=self.stage.shop, order_id=order_id)
        return answer.ledger

    async def case(self, case_id: str) -> Any:
        agent = self.stage.as_("load", "agent")
        return (await self.stage.call(agent, "shipping_issues", "GetCase", case_id=case_id)).shipping_issue

    def coming_refunds(self, count: int) -> list[str]:
        """The next orders whose customers will get their money back."""
        first = self.load._number + 1
        return [f"O-{self.seed}-{n}" for n in range(first + first % 2, first + first % 2 + 2 * count, 2)]

    async def troubles(self, name: str) -> list[str]:
        """What `aftercare status` says an operator has to look at."""
        return list((await self.status(name)).troubles)

    async def status(self, name: str) -> Any:
        return await self.stage.call(self.stage.operator, name, "GetStatus")

    async def _place(self, name: str) -> Place:
        variables = self.stage.environment.service(name)
        status = await self.status(name)
        return Place(
            model=import_module(f"services.{name}.bootstrap").SERVICE.model,
            reads=frozenset(partition.topic for partition in status.partitions),
            database_url=variables["AFTERCARE_DATABASE_URL"],
            keys_url=variables["AFTERCARE_KEYS_URL"],
            kek=variables["AFTERCARE_KEK"],
            kafka=self.kafka,
            may_repeat=TO_AND_FRO,
        )

    def _parts(self) -> parts.Parts:
        return parts.parts_at(self.stage.stack.data_dir, self.stage.stack.profile)

    @staticmethod
    def _gone(pid: Callable[[], int | None]) -> Callable[[], Awaitable[bool]]:
        async def gone() -> bool:
            return pid() is None

        return gone


def lost_requests(files: Iterable[Path]) -> set[str]:
    """The request ids that the reports of a recovery name as lost."""
    return {request for file in files for request in json.loads(file.read_text())["lost_requests"]}


def _put_back(backup: Path, data: Path, uid: int) -> None:
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    data.chmod(0o700)
    if uid != -1:
        for path in (data, *data.rglob("*")):
            os.chown(path, uid, uid)


async def _dump(url: str) -> Mapping[str, list[tuple[Any, ...]]]:
    keys = await asyncpg.connect(url)
    rows = await keys.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY($1)", SERVICES)
    tables = [f"{schema}.{table}" for schema, table in rows]
    found = {table: [tuple(row) for row in await keys.fetch(f"SELECT * FROM {table}")] for table in tables}
    await keys.close()
    return found


async def _load(url: str, content: Mapping[str, list[tuple[Any, ...]]]) -> None:
    keys = await asyncpg.connect(url)
    for table, rows in content.items():
        schema, name = table.split(".")
        await keys.execute(f"DELETE FROM {table}")
        await keys.copy_records_to_table(name, schema_name=schema, records=rows)
    await keys.close()
