"""A history: clients, facts, two processes on one log, and everything that can go wrong, from one seed.

After the last fault everything heals, and `complaints` says what does not hold. Nothing is the only right answer.
"""

# long: one history from its first command to its judgement

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from aftercare.orders.v1.answers_pb2 import RequestAccepted, RequestRefused

from chassis.domain import DomainError, derived_id
from chassis.effects.desk import EffectDesk
from chassis.effects.effect import Effect
from chassis.effects.states import FINAL, State
from chassis.errors import KernelError
from chassis.inbox.entries import BEHIND
from chassis.service import Receipt
from chassis.unit import StoredEvent
from chassis.work import SYSTEM, Work
from services.returns.domain.ledger import Ledger, TransferState
from tests.unit.model import shop
from tests.unit.model.loop import SimulatedLoop
from tests.unit.model.outside import PARTITIONS, Broker, KeyRoom, Stood
from tests.unit.model.process import Connection, Process, of_its_process
from tests.unit.model.store import Fenced, Store

TALLIES = ("a", "b", "c")
ORDERS = ("o1", "o2")
PEOPLE = ("s1/anna", "s1/ben")
FAULTS = (
    *("kill", "kill", "stop", "stop", "cut", "cut", "late"),
    *("rebalance", "lead", "broker", "broker", "away", "erase"),
)
HEALING = 400.0
"""Made-up seconds within which everything must be quiet again."""


@dataclass(slots=True)
class Command:
    """Something a client wants until it is answered."""

    number: int
    kind: str
    name: str
    minor: int = 0
    answers: list[Receipt] = field(default_factory=list)
    refused: str = ""

    @property
    def request(self) -> tuple[UUID, UUID]:
        return derived_id("request", str(self.number)), derived_id("body", str(self.number))

    async def decide(self, work: Work) -> Receipt:
        what = f"command {self.number}"
        if self.kind == "note":
            return await shop.note(work, self.name, what, besides=TALLIES[self.number % 3], most=12)
        if self.kind == "owner":
            return await shop.name_owner(work, self.name, PEOPLE[self.number % 2], f"secret {self.number}")
        return await shop.pay_back(work, self.name, what, self.minor)


class World:
    """See the module."""

    def __init__(self, seed: int, *, faults: int = 6) -> None:
        self.rng = random.Random(seed)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        self.loop, self._faults = loop, faults
        loop.set_task_factory(of_its_process)
        self.store = Store(shop.MODEL.read_model)
        self.broker = Broker(self.rng)
        self.key_room = KeyRoom()
        self.paid: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self.leaders: dict[str, Process] = {}
        self.store_is_away = False
        self.late = 0.0
        self.processes: list[Process] = []
        self.owners: dict[tuple[str, int], Process] = {}
        self._term = 0
        self._born = 0
        self.commands: list[Command] = []
        self.clients: list[asyncio.Task[None]] = []
        self.facts: list[str] = []
        self.poison = 0
        self.forgotten: set[str] = set()

    def later(self, arguments: Sequence[Any]) -> None:
        """A request that its sender has given up is carried out after all, some time or never."""
        if self.rng.random() < 0.8:
            self.loop.call_later(self.rng.random() * 3, self._late_backend, arguments)

    def _late_backend(self, arguments: Sequence[Any]) -> None:
        try:
            self.append(arguments)
        except Fenced:
            pass

    def append(self, arguments: Sequence[Any]) -> Any:
        return self.store.append(arguments)

    def recover(self, writer: UUID, seq: int) -> Any:
        return self.store.recover(writer, seq)

    def assigned(self, process: Process, topic: str) -> tuple[tuple[int, ...], int]:
        """The partitions a process owns, as of the last rebalance it can have heard of."""
        return tuple(n for n in range(PARTITIONS) if self.owners.get((topic, n)) is process), self._term

    async def history(self) -> list[str]:
        """Play it, heal it, judge it."""
        for _ in range(2):
            self._begin()
        self._rebalance()
        for kind in self.rng.choices(("note", "pay", "owner"), (4, 2, 1), k=9):
            self._wish(kind, self.rng.random() * 4)
        feeds = asyncio.create_task(self._feed())
        for _ in range(self._faults):
            await asyncio.sleep(self.rng.random() * 1.5)
            self._fault()
        await self._heal(feeds)
        return self.complaints()

    def _begin(self) -> None:
        self._born += 1
        process = Process(self, f"p{self._born}", self.rng)
        self.processes.append(process)
        process.start()

    def _rebalance(self) -> None:
        self._term += 1
        for topic in (shop.SHOP, shop.OURS):
            for n in range(PARTITIONS):
                self.owners[topic, n] = self.rng.choice(self.processes)

    def _wish(self, kind: str, after: float) -> None:
        """A client that wants something and sends it until it is answered."""
        number, name = len(self.commands), self.rng.choice(ORDERS if kind == "pay" else TALLIES)
        self.commands.append(Command(number, kind, name, self.rng.choice((300, 1000, 1500, 2999))))
        self.clients.append(asyncio.create_task(self._client(self.commands[-1], after)))

    async def _client(self, command: Command, after: float) -> None:
        """Send until answered, and now and then once more."""
        await asyncio.sleep(after)
        wanted = self.rng.choice((1, 1, 2, 3))
        while len(command.answers) < wanted and not command.refused:
            process = self.rng.choice(self.processes)
            on = shop.tally_id(command.name) if self.rng.random() < 0.5 else None
            call = process.spawn(
                process.units.run(command.decide, actor=SYSTEM, cause="test", request=command.request, on=on)
            )
            await asyncio.wait({call}, timeout=self.rng.choice((0.05, 1.0, 20.0)))
            if not call.done() or call.cancelled() or self.rng.random() < 0.1:
                await asyncio.sleep(0.2)  # no answer: the same again
                continue
            error = call.exception()
            if error is None:
                command.answers.append(call.result())
            elif isinstance(error, DomainError):
                command.refused = str(error)
            elif isinstance(error, (KernelError, OSError)):
                await asyncio.sleep(0.3)
            else:
                raise error

    async def _feed(self) -> None:
        """What the shop publishes: in any order, twice if it must."""
        told = [("note", self.rng.choice(TALLIES), f"fact {n}") for n in range(10)]
        told += [(kind, order, f"{kind} {order}") for order in ORDERS for kind in ("order", "capture")]
        sent = [(name, shop.message(*fact), fact[2]) for fact in told for name in (shop.NOTED,)]
        self.facts = [fact[2] for fact in told if fact[0] == "note"]
        queue = [s for s in sent for _ in range(self.rng.choice((1, 1, 1, 2)))]
        self.rng.shuffle(queue)
        for kind, message, fact in queue:
            await asyncio.sleep(self.rng.random() * 0.4)
            self._publish(kind, message, fact)
            if self.rng.random() < 0.1:
                self._poison()

    def _poison(self) -> None:
        """A record that always raises: on the shop's topic it stops nobody, on ours what follows with its key."""
        self.poison += 1
        bad = RequestRefused(
            shop_id="s1", request_id="r", order_id="a", reason="bug", requester="returns", occurred_at=shop.AT
        )
        if self.rng.random() < 0.5:
            self._publish(shop.POISON, bad, f"poison {self.poison}")
        else:
            headers = _headers(shop.POISON, f"poison {self.poison}")
            key, partition = self.rng.choice(TALLIES).encode(), self.rng.randrange(PARTITIONS)
            self.broker.log(shop.OURS, partition).append(Stood(key, tuple(headers), bad.SerializeToString()))

    def _publish(self, kind: str, message: RequestAccepted | RequestRefused, fact: str) -> None:
        key = message.order_id.encode() + bytes([self.rng.randint(0, 1)])  # the shop promises no order
        self.broker.publish(shop.SHOP, key, _headers(kind, fact), message.SerializeToString())

    def _fault(self) -> None:
        victim = self.rng.choice(self.processes)
        what = self.rng.choice(FAULTS)
        if what == "kill":
            victim.kill()
            self.processes.remove(victim)
            self._begin()
            if self.rng.random() < 0.7:
                self._rebalance()
            else:
                self.loop.call_later(2.0, self._rebalance)
        elif what == "stop":
            victim.stop()
            self.loop.call_later(self.rng.random() * 12, victim.go_on)
            if self.rng.random() < 0.7:  # its session ends meanwhile
                self._without(victim)
        elif what in ("cut", "late"):
            self.late = 0.3 if what == "late" else self.late
            for connection in list(self.connections):
                if self.rng.random() < 0.6:
                    connection.cut()
        elif what == "rebalance":
            self._rebalance()
        elif what == "lead":
            self.leaders.clear()
        elif what == "broker":
            self.broker.fail_next += self.rng.randint(1, 3)
        elif what == "away":
            self.store_is_away = True
            self.loop.call_later(self.rng.random() * 4, self._back)
        else:
            self._erase(victim)

    def _without(self, victim: Process) -> None:
        for name, holder in list(self.leaders.items()):
            if holder is victim:
                del self.leaders[name]
        self._term += 1
        others = [p for p in self.processes if p is not victim]
        for place, owner in self.owners.items():
            if owner is victim and others:
                self.owners[place] = self.rng.choice(others)

    def _back(self) -> None:
        self.store_is_away = False

    def _erase(self, process: Process) -> None:
        subject = self.rng.choice(PEOPLE)
        self.forgotten.add(subject)
        for _ in range(6):  # who writes about them at this moment has their key in hand
            self._wish("owner", self.rng.random() * 1.5)

        async def ask() -> None:
            await asyncio.sleep(0.5 + self.rng.random())
            for _ in range(50):
                chosen = self.rng.choice(self.processes)
                call = chosen.spawn(chosen.erasures.ask(subject, actor=SYSTEM))
                await asyncio.wait({call}, timeout=20.0)
                if call.done() and not call.cancelled() and call.exception() is None:
                    return
                await asyncio.sleep(0.5)

        self._asking = asyncio.create_task(ask())

    async def _heal(self, feeds: "asyncio.Task[None]") -> None:
        """No more faults: everybody runs, and an operator gives up what is parked and settles what is held."""
        self._back()
        self.late, self.broker.fail_next = 0.0, 0
        for process in self.processes:
            process.go_on()
        self._rebalance()
        until = self.loop.time() + HEALING
        while self.loop.time() < until:
            for id in [id for id, row in self.store.parked.items() if row["reason"] != BEHIND.reason]:
                self.store.redrives.setdefault(id, {"action": "discard", "outcome": ""})
            await self._settle_held()
            if feeds.done() and all(c.done() for c in self.clients) and not self.unfinished():
                break
            await asyncio.sleep(1.0)
        for task in (feeds, *self.clients):
            if task.done() and task.exception() is not None:
                await task

    async def _settle_held(self) -> None:
        """A person looks at the provider's own books, once nobody is on the way any more."""
        process = self.processes[0]
        desk = EffectDesk(process.units, None)  # type: ignore[arg-type]
        for row in list(self.store.rows["effects"].values()):
            if row["state"] == State.HELD:
                outcome = "succeeded" if self.paid[row["key"]] else "failed"
                decide = partial(desk.settle, id=UUID(row["id"]), outcome=outcome, why="looked it up")
                call = process.spawn(process.units.run(decide, actor=SYSTEM, cause="person"))
                await asyncio.wait({call})
                error = call.exception()
                if error is not None and not isinstance(error, (DomainError, KernelError)):
                    raise error

    def unfinished(self) -> list[str]:
        """What is not quiet yet."""
        found = []
        for topic in (shop.SHOP, shop.OURS):
            for n in range(PARTITIONS):
                at, end = self.store.tracking.get((f"cluster/{topic}", n), 0), len(self.broker.log(topic, n))
                if at != end:
                    found.append(f"{topic}/{n} is read to {at} of {end}")
        if self.store.outbox and self.store.relay < (self.store.outbox[-1]["position"], self.store.outbox[-1]["n"]):
            found.append(f"the relay stands at {self.store.relay}")
        if self.store.parked:
            found.append(f"{len(self.store.parked)} records are parked")
        effects = self.store.rows["effects"].values()
        found += [f"effect {r['key']} is {r['state']}" for r in effects if r["state"] not in FINAL]
        found += [f"{s} is not forgotten" for s in self.forgotten if not self.store.erasures.get(s, {}).get("finished")]
        found += [f"command {c.number} has no answer" for c in self.commands if not c.answers and not c.refused]
        return found

    def complaints(self) -> list[str]:
        """Every sentence that does not hold."""
        return [
            *self.unfinished(),
            *self._log(),
            *self._notes(),
            *self._published(),
            *self._money(),
            *self._people(),
        ]

    def _log(self) -> list[str]:
        found = [] if len(self.store.events) == sum(map(len, self.store.by_aggregate.values())) else ["events are lost"]
        for id, events in self.store.by_aggregate.items():
            if [e.version for e in events] != list(range(1, len(events) + 1)):
                found.append(f"versions of {id} are not contiguous")
        for aggregate in self._folded(shop.Tally):
            row = self.store.rows["tallies"][str(aggregate.id),]
            if (row["version"], row["notes"]) != (aggregate.version, len(aggregate.notes)):
                found.append(f"the row of {aggregate.name} is not what its events fold to")
        return found

    def _notes(self) -> list[str]:
        """Each acknowledged command and each fact once; what was refused, never."""
        found = []
        tallies = self._folded(shop.Tally)
        noted = Counter(what for t in tallies if not t.name.startswith("mirror") for what in t.notes)
        wanted = {f"command {c.number}" for c in self.commands if c.kind == "note" and c.answers} | set(self.facts)
        found += [f"{what} stands {noted[what]} times" for what in wanted if noted[what] != 1]
        found += [f"{what} stands and was never accepted" for what in noted.keys() - wanted]
        for command in self.commands:
            if any(answer != command.answers[0] for answer in command.answers):
                found.append(f"command {command.number} was answered differently: {command.answers}")
            for answer in command.answers:
                if answer.version > self.store.head(UUID(answer.id)):
                    found.append(f"command {command.number} was acknowledged and is lost")
        mirrors = {t.name.removeprefix("mirror of "): t.notes for t in tallies if t.name.startswith("mirror")}
        for held in tallies:
            if not held.name.startswith("mirror") and held.notes != mirrors.get(held.name, []):
                found.append(f"{held.name} noted {held.notes}, and its mirror {mirrors.get(held.name)}")
        return found

    def _published(self) -> list[str]:
        """First occurrences on the public topic are the outbox, in order by key."""
        wanted: dict[bytes, list[bytes]] = {}
        for row in self.store.outbox:
            wanted.setdefault(row["key"], []).append(row["value"])
        seen: dict[bytes, dict[bytes, None]] = {}
        for n in range(PARTITIONS):
            for record in self.broker.log(shop.OURS, n):
                if dict(record.headers)["ce_source"] == b"/shop":  # not from the relay
                    continue
                seen.setdefault(record.key, {}).setdefault(record.value)
        return [
            f"published of {key!r}: {list(seen.get(key, {}))} instead of {values}"
            for key, values in wanted.items()
            if list(seen.get(key, {})) != values
        ]

    def _money(self) -> list[str]:
        found = [f"{key} was paid {n} times" for key, n in self.paid.items() if n > 1]
        for effect in self._folded(Effect):
            if (effect.state is State.SUCCEEDED) != (self.paid[effect.key] > 0):
                found.append(f"effect {effect.key} is {effect.state}, and was paid {self.paid[effect.key]} times")
        for order in self.store.by_aggregate.values():
            ledger: Ledger | None = None
            for event in self._decoded(order):
                after: Any = event.mutate(ledger)
                if not isinstance(after, Ledger):
                    break
                ledger = after
                found += _beyond(ledger)
            if ledger is not None:
                found += [
                    f"transfer {t.key} is {t.state}, and was paid {self.paid[t.key]} times"
                    for t in ledger.transfers.values()
                    if (t.state is TransferState.SETTLED) != (self.paid[t.key] > 0)
                ]
        return found

    def _people(self) -> list[str]:
        found = [f"the key of {s} lives" for s in self.forgotten if self.key_room.keys.get(s)]
        for held in self._folded(shop.Tally):
            row = self.store.rows["tallies"][str(held.id),]
            if held.owner is not None and held.owner.subject in self.forgotten and row["owner"] is not None:
                found.append(f"{held.name} still shows the name of {held.owner.subject}")
            if held.owner is not None and held.owner.subject not in self.forgotten and row["owner"] is None:
                found.append(f"{held.name} has lost the name of {held.owner.subject}")
        found += ["a word stands in the log" for e in self.store.events if b"secret" in e.state]
        return found

    def _folded(self, cls: type[Any]) -> list[Any]:
        found = []
        for events in self.store.by_aggregate.values():
            aggregate: Any = None
            for event in self._decoded(events):
                aggregate = event.mutate(aggregate)
            if isinstance(aggregate, cls):
                found.append(aggregate)
        return found

    def _decoded(self, events: Sequence[StoredEvent]) -> list[Any]:
        codec = shop.codec_with(_Unopened())
        return [codec.decode(event) for event in events]


def _headers(kind: str, fact: str) -> list[tuple[str, bytes | None]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", fact.encode()),
        ("ce_source", b"/shop"),
        ("ce_type", kind.encode()),
        ("content-type", b"application/protobuf"),
    ]


class _Unopened:
    """Reads sealed events without keys: texts are absent."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        raise NotImplementedError

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        return None

    async def load(self, subjects: frozenset[str]) -> None:
        return None

    def drop(self, subjects: frozenset[str]) -> None:
        return None


def _beyond(ledger: Ledger) -> list[str]:
    """What a ledger grants beyond what was paid, at one version."""
    found = []
    for subject, paid in shop.PAID.items():
        given = ledger.books.given_for(subject) if ledger.knows_order else 0
        if given > paid:
            found.append(f"{subject} of {ledger.order_id} gets {given} of {paid} at version {ledger.version}")
    if ledger.knows_order and ledger.books.tills.moved() > ledger.books.tills.captured():
        found.append(f"{ledger.order_id} gives back more than was taken at version {ledger.version}")
    return found
