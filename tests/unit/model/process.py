"""One process of the model: the kernel's own code from end to end, on a database, a broker and a network in memory.

It may be killed or stopped whenever it waits for the network. What a killed process still runs reaches nothing.
"""

# long: every seam between the kernel and its surroundings, side by side

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.aggregates import Aggregates
from chassis.cloudevents import Arrived
from chassis.effects.role import EffectRole
from chassis.effects.terms import Terms
from chassis.errors import StoreUnavailable
from chassis.inbox.applying import Applier
from chassis.inbox.assignment import resume_at
from chassis.inbox.deciding import BLOCKING, Decider
from chassis.inbox.entries import Reader, digest_of
from chassis.inbox.lease import Abandoned, Lease, LeaseLost, Place
from chassis.inbox.redrive import Redriver
from chassis.inbox.store import ParkedMark, ParkedRecord, RedriveRequest, _record
from chassis.kafka_meta import KafkaAccess
from chassis.keys import Erasures, KeyRing
from chassis.log import Log
from chassis.relay import Relay
from chassis.service import Subscription
from chassis.unit import StoredEvent
from chassis.units import Units
from chassis.writer import Writer
from tests.unit.model import shop
from tests.unit.model.outside import PARTITIONS, Keys, Payments, Sender

if TYPE_CHECKING:
    from tests.unit.model.world import World

CURRENT: ContextVar["Process"] = ContextVar("process")
EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
TERMS = Terms(
    None,
    call=timedelta(seconds=2),
    lease=timedelta(seconds=6),
    first_pause=timedelta(seconds=1),
    attempts=4,
    look_ups=2,
)


def of_its_process(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> "asyncio.Task[Any]":
    """A task factory: a task belongs to the process that made it."""
    task = asyncio.Task(coroutine, loop=loop, **more)
    process = CURRENT.get(None)
    if process is not None:
        process.tasks.add(task)
        task.add_done_callback(process.tasks.discard)
    return task


class Clock:
    """Made-up time, for business and for real."""

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    real_now = now

    async def wait_until(self, due: datetime) -> None:
        raise NotImplementedError

    async def drive(self, connection: Any, *, to: datetime | None, rate: float | None) -> Any:
        raise NotImplementedError


class Process:
    """Everything one process of the service runs."""

    def __init__(self, world: "World", name: str, rng: random.Random) -> None:
        self.world, self.name, self._rng = world, name, rng
        self.dead = False
        self._going = asyncio.Event()
        self._going.set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.notices = asyncio.Event()
        pool: Any = Pool(self)
        self.ring = KeyRing(pool, Keys(world.key_room, self.reach), keep=20.0, monotonic=world.loop.time)  # type: ignore[arg-type]
        log = MemoryLog(self)
        codec = shop.codec_with(self.ring)
        self.writer = Writer("memory", shop.MODEL.read_model, patience=8.0)
        self.aggregates = Aggregates(log, codec, self.ring)
        self.units = Units(
            shop.MODEL, writer=self.writer, log=log, aggregates=self.aggregates, codec=codec, keys=self.ring,
            clock=Clock(), incarnation=1,
        )  # fmt: skip
        self.units.effect_handlers = {"refund": shop.on_refund}
        self.store = MemoryInboxStore(self)
        access = KafkaAccess("memory")
        self.relay = Relay(
            None, pool, access, page=5, sender=Sender(world.broker, rng, self.reach),  # type: ignore[arg-type]
            leader=Lead(self, "relay"),  # type: ignore[arg-type]
        )  # fmt: skip
        self.effects = EffectRole(
            self.connect, pool, self.units, {"refund": Payments(rng, self.reach, None, world.paid)}, Clock(),
            terms={"refund": TERMS}, concurrency=2,
        )  # fmt: skip
        self.erasures = Erasures(self.units, pool, Keys(world.key_room, self.reach), self.ring)  # type: ignore[arg-type]

    async def reach(self) -> None:
        """One way over the network. A stopped process waits here, a killed one never comes back."""
        await asyncio.sleep(self._rng.random() * 0.02)
        while not self._going.is_set():
            await self._going.wait()
        if self.dead:
            raise asyncio.CancelledError

    async def ask(self, act: Callable[[], Any]) -> Any:
        """Ask the database: there, done, and back. Raises where it is away."""
        await self.reach()
        if self.world.store_is_away:
            raise ConnectionRefusedError("the store is away")
        answer = act()
        await self.reach()
        if self.world.store_is_away:
            raise ConnectionResetError("the answer is lost")
        return answer

    async def connect(self) -> Any:
        return await self.ask(lambda: Connection(self))

    def start(self) -> None:
        """Begin everything a process does at its start."""
        for role in (self._serve(), self.relay.run(), self.effects.run(), self._forget()):
            self.spawn(role)

    async def _serve(self) -> None:
        while True:
            try:
                await self.writer.start()
                break
            except OSError:
                await asyncio.sleep(0.5)
        for subscription in (
            Subscription(shop.SHOP, ordered=False, handlers=shop.SHOP_HANDLERS),
            Subscription(shop.OURS, ordered=True, handlers=shop.OUR_HANDLERS),
        ):
            self.spawn(self._consume(subscription))

    def spawn(self, coroutine: Any) -> "asyncio.Task[Any]":
        """A task of this process, and so are those it starts."""
        token = CURRENT.set(self)
        try:
            return asyncio.create_task(coroutine)
        finally:
            CURRENT.reset(token)

    def stop(self) -> None:
        """SIGSTOP."""
        self._going.clear()

    def go_on(self) -> None:
        """SIGCONT."""
        self._going.set()

    def kill(self) -> None:
        """SIGKILL: nothing it still runs reaches anything."""
        self.dead = True
        self._going.set()
        for task in list(self.tasks):
            task.cancel()

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                await self.erasures.carry_out()
            except BLOCKING:
                continue

    async def _consume(self, subscription: Subscription) -> None:
        """What a consumer's host does around the applier: take over, poll, and start afresh when in doubt."""
        reader = Reader(subscription)
        applier = Applier(subscription.topic, Decider(subscription, self.units), self.units, self.store, build="m")  # type: ignore[arg-type]
        redriver = Redriver(subscription.topic, reader, applier, self.store)  # type: ignore[arg-type]
        while True:
            try:
                mine, term = self.world.assigned(self, subscription.topic)
                lease = Lease()
                source = f"cluster/{subscription.topic}"
                stored = await self.store.positions(source)
                for n in mine:
                    at, end = stored.get(n, 0), len(self.world.broker.log(subscription.topic, n))
                    lease.places[n] = Place(source, n, at, resume_at(f"{source}/{n}", at, 0, end))
                await applier.load(lease)
                while self.world.assigned(self, subscription.topic) == (mine, term):
                    entries = [e for n in mine for e in await self._poll(reader, lease.places[n])]
                    if entries:
                        await applier.apply(entries, lease, asyncio.Event())
                    else:
                        await redriver.carry_out(lease)
                        await asyncio.sleep(0.2)
            except (LeaseLost, Abandoned, *BLOCKING):
                await asyncio.sleep(0.3)

    async def _poll(self, reader: Reader, place: Place) -> list[Any]:
        await self.reach()
        log = self.world.broker.log(reader.subscription.topic, place.partition)
        found = []
        for record in log[place.read_to : place.read_to + self._rng.randint(1, 4)]:
            arrived = Arrived(
                reader.subscription.topic, place.partition, place.read_to, 0, record.key, record.headers, record.value
            )
            place.read_to += 1
            entry = reader.read(arrived, place.source)
            entry.term = place.term
            found.append(entry)
        return found


class Connection:
    """One session. `asyncpg.connect` gives it to the writer, and the roles listen on it."""

    def __init__(self, process: Process) -> None:
        self._process, self._cut = process, False
        process.world.connections.add(self)

    def is_closed(self) -> bool:
        return self._cut

    def cut(self) -> None:
        """The server, or the way to it, is gone."""
        self._cut = True

    def terminate(self) -> None:
        self._cut = True

    async def close(self, **_: float) -> None:
        self._cut = True

    async def add_listener(self, channel: str, hear: Any) -> None:
        return None

    async def prepare(self, sql: str) -> "Connection":
        assert "FROM append(" in sql
        return self

    async def execute(self, sql: str, *arguments: Any) -> None:
        assert "register_writer" in sql
        await self._process.ask(lambda: self._process.world.store.register(arguments[0]))

    async def fetchrow(self, *arguments: Any, **_: float) -> Any:
        """The append, or its recovery. A request may arrive although its sender has given it up, and long after."""
        if isinstance(arguments[0], str):
            assert "recover(" in arguments[0]
            told = await self._process.ask(lambda: self._process.world.recover(*arguments[1:]))
            if self._process.world.rng.random() < self._process.world.late:
                raise ConnectionResetError("cut before the answer came")
            return told
        world, process = self._process.world, self._process
        await process.reach()
        if world.store_is_away or self._cut:
            raise ConnectionResetError("cut before it was sent")
        if world.rng.random() < world.late:
            world.later(arguments)
            raise ConnectionResetError("cut, and the request is on its way")
        row = world.append(arguments)
        await process.reach()
        if self._cut:
            raise ConnectionResetError("cut before the answer came")
        return row


class Pool:
    """The reads and few writes of the roles, by what they ask for."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        return await self._process.ask(lambda: self._rows(sql, arguments))  # type: ignore[no-any-return]

    async def execute(self, sql: str, *arguments: Any) -> None:
        await self._process.ask(lambda: self._change(sql, arguments))

    def _rows(self, sql: str, arguments: tuple[Any, ...]) -> list[Any]:
        store = self._process.world.store
        if "FROM outbox" in sql:
            at, limit = arguments[:2], arguments[2]
            return [row for row in store.outbox if (row["position"], row["n"]) > at][:limit]
        if "FROM relay" in sql:
            return [{"position": store.relay[0], "n": store.relay[1]}]
        if "FROM effects" in sql:
            kind, real, now, running, limit = arguments
            return [row for row in self._due(kind, real, now) if row["id"] not in running][:limit]
        if "FROM personal_generations" in sql:
            return self._generations(arguments[0])
        if "FROM personal_mentions" in sql:
            return [{"aggregate_id": id} for subject, id in sorted(store.mentions) if subject == arguments[0]]
        if "FROM erasures" in sql:
            return [row for row in store.erasures.values() if not row["finished"]]
        raise NotImplementedError(sql)

    def _change(self, sql: str, arguments: tuple[Any, ...]) -> None:
        store = self._process.world.store
        if "UPDATE relay" in sql:
            store.relay = max(store.relay, (arguments[0], arguments[1]))
        elif sql.startswith("UPDATE erasures"):
            store.erasures[arguments[0]]["finished"] = True
        else:
            raise NotImplementedError(sql)

    def _due(self, kind: str, real: datetime, now: datetime) -> list[Any]:
        due = []
        for row in self._process.world.store.rows["effects"].values():
            wake = row["wake_at"] and datetime.fromisoformat(row["wake_at"]) <= real
            if row["kind"] == kind and wake:
                due.append({"id": UUID(row["id"])})
        return due

    def _generations(self, subjects: Collection[str]) -> list[Any]:
        store = self._process.world.store
        found = []
        for subject in subjects:
            known = {g: ended for (s, g), ended in store.generations.items() if s == subject}
            if known:
                found.append({"subject": subject, "used": max(known), "ended": any(known.values())})
        return found


class MemoryLog(Log):
    """Reads of the log."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def _read(self, act: Callable[[], Any]) -> Any:
        try:
            return await self._process.ask(act)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    async def events(self, aggregate: UUID, after: int = 0) -> list[StoredEvent]:
        return await self._read(lambda: self._process.world.store.by_aggregate.get(aggregate, [])[after:])  # type: ignore[no-any-return]

    async def histories(self, aggregates: Any) -> dict[UUID, list[StoredEvent]]:
        stored, asked = self._process.world.store.by_aggregate, list(aggregates)
        return await self._read(lambda: {a: list(stored[a]) for a in asked if a in stored})  # type: ignore[no-any-return]

    async def heads(self, aggregates: Any) -> dict[UUID, int]:
        asked = list(aggregates)
        return await self._read(lambda: {a: self._process.world.store.head(a) for a in asked})  # type: ignore[no-any-return]

    async def result(self, request: UUID) -> tuple[UUID, bytes] | None:
        return await self._read(lambda: self._process.world.store.requests.get(request))  # type: ignore[no-any-return]

    async def known(self, inbox_ids: Sequence[UUID]) -> frozenset[UUID]:
        return await self._read(lambda: frozenset(self._process.world.store.inbox.intersection(inbox_ids)))  # type: ignore[no-any-return]


class MemoryInboxStore:
    """What the inbox reads of its database beside the log."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def _all(self) -> Mapping[UUID, Mapping[str, Any]]:
        return self._process.world.store.parked

    def _ask(self, act: Callable[[], Any]) -> Awaitable[Any]:
        return self._process.ask(act)

    def _of(self, topic: str, partitions: Collection[int]) -> list[Mapping[str, Any]]:
        return [row for row in self._all.values() if row["topic"] == topic and row["partition"] in partitions]

    async def positions(self, source: str) -> dict[int, int]:
        stored = self._process.world.store.tracking
        return await self._ask(lambda: {n: stored.get((source, n), 0) for n in range(PARTITIONS)})  # type: ignore[no-any-return]

    async def marks(self, topic: str, partitions: Collection[int]) -> list[ParkedMark]:
        def read() -> list[ParkedMark]:
            return [
                ParkedMark(r["id"], r["inbox_id"], r["ordered_key"], digest_of(_record(r).arrived))
                for r in self._of(topic, partitions)
            ]

        return await self._ask(read)  # type: ignore[no-any-return]

    async def redrives(self, topic: str, partitions: Collection[int]) -> list[RedriveRequest]:
        def read() -> list[RedriveRequest]:
            asked = self._process.world.store.redrives
            ids = [r["id"] for r in self._of(topic, partitions) if asked.get(r["id"], {}).get("outcome") == ""]
            return [RedriveRequest(id, asked[id]["action"], None, "") for id in ids]

        return await self._ask(read)  # type: ignore[no-any-return]

    async def close_gone(self) -> None:
        return None

    async def answer(self, parked_id: UUID, outcome: str, detail: str) -> None:
        await self._ask(lambda: self._process.world.store.redrives[parked_id].update(outcome=outcome))

    async def parked(self, parked_id: UUID) -> ParkedRecord | None:
        return await self._ask(lambda: _record(self._all[parked_id]) if parked_id in self._all else None)  # type: ignore[no-any-return]

    async def head(self, ordered_key: UUID) -> UUID | None:
        def read() -> UUID | None:
            waiting = [r for r in self._all.values() if r["ordered_key"] == ordered_key]
            return min(waiting, key=lambda r: r["seq"])["id"] if waiting else None

        return await self._ask(read)  # type: ignore[no-any-return]

    async def freed(self, topic: str, partitions: Collection[int], waiting: str) -> list[ParkedRecord]:
        def read() -> list[ParkedRecord]:
            firsts: dict[UUID, int] = {}
            for row in self._all.values():
                if row["ordered_key"] is not None:
                    firsts[row["ordered_key"]] = min(row["seq"], firsts.get(row["ordered_key"], row["seq"]))
            free = [
                r
                for r in self._of(topic, partitions)
                if r["reason"] == waiting and firsts.get(r["ordered_key"]) == r["seq"]
            ]
            return [_record(r) for r in sorted(free, key=lambda r: r["seq"])]

        return await self._ask(read)  # type: ignore[no-any-return]

    async def pause(self, topic: str, reason: str, paused_by: str) -> None:
        return None


class Lead:
    """Stands where the leader's session stands: a lead may be taken away, and a stopped leader hears of it late."""

    def __init__(self, process: Process, name: str) -> None:
        self._process, self._name, self.leads = process, name, False

    async def run(self, lead: Callable[[Any], Awaitable[None]]) -> None:
        world = self._process.world
        while True:
            await self._process.reach()
            holder = world.leaders.get(self._name)
            if holder is not None and not holder.dead:
                await asyncio.sleep(0.5)
                continue
            world.leaders[self._name] = self._process
            self.leads = True
            work = asyncio.ensure_future(lead(Connection(self._process)))
            while not work.done():
                await asyncio.wait({work}, timeout=0.5)
                await self._process.reach()
                if world.leaders.get(self._name) is not self._process:
                    work.cancel()
            self.leads = False
            await asyncio.gather(work, return_exceptions=True)
            if world.leaders.get(self._name) is self._process:
                del world.leaders[self._name]
