"""Many ask at once for the same money: two services over Kafka, and returns' own agents in a second process."""
# long: one crowd, from what it asks to how it is judged

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aftercare.common.v1 import command_pb2, money_pb2
from aftercare.compensation.v1 import answers_pb2, ledger_pb2, requests_pb2
from aftercare.orders.v1 import orders_pb2
from aiokafka import AIOKafkaConsumer

from chassis.domain import Event, Money
from chassis.runtime.stores import open_stores
from chassis.unit import StoredEvent
from chassis.units import Units
from chassis.work import SYSTEM, Work
from infra.local.parts import Parts
from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import instant
from services.returns.bootstrap import SERVICE
from services.returns.domain.errors import NothingLeft
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Ask, Book, Ledger
from services.returns.domain.ledger.statement import statement_of
from services.returns.read_model import rows
from services.returns.settings import ReturnsSettings
from tests.faults.paying import Till, till
from tests.faults.rig import until

ASKS = int(os.environ.get("AFTERCARE_LEDGER_ASKS", "900"))
"""A part of what is promised; AFTERCARE_LEDGER_ASKS=10000 asks ten thousand times for one hundred orders."""

EACH = 100
UNITS, PRICE, SHIPPING = 5, 1000, 500
SHOP = "shop-topic"
SERVICES = ("shipping_issues", "quality_complaints")
HOLD = timedelta(days=14)
_EVENTS = "SELECT aggregate_id, version, topic, state FROM events WHERE aggregate_id = $1 ORDER BY version"


@pytest.mark.timeout(1800)
async def test_whoever_asks_at_once_nothing_exceeds_and_nothing_is_lost(
    parts: Parts, run_id: str, tmp_path: Path
) -> None:
    """Every ask has its claim and its answer; at no version of any ledger is more given than was paid; and the log
    alone, read again from its beginning, gives the ledgers and the rows that stand there."""
    rng, orders = random.Random("crowd"), [f"t-crowd-{n}" for n in range(max(ASKS // EACH, 1))]
    async with till(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.") as found:
        await found.bus.publish(*(_order(name) for name in orders))
        asks = [_ask(rng, service, n, rng.choice(orders)) for n in range(ASKS) for service in (_service(n),) if service]
        own = [(n, rng.choice(orders), rng.randint(1, 400)) for n in range(ASKS) if not _service(n)]
        given = await _everybody_asks(found, asks, own)
        claims = [str(_asked(ask).request_key) for ask in asks]
        await until("every ask has a claim", lambda: _claims(found, len(claims) + given), patience=600)
        ledgers = await _replayed(found, orders)
        known = {claim.ask.request_key for ledger in ledgers.values() for claim in ledger.claims.values()}
        assert set(claims) <= known
        assert sum(1 for key in known if key.startswith("own-")) == given
        assert await _answered(found, set(claims)) == set()
        assert await _rows(found, ledgers) == []


def _asked(ask: Fact) -> requests_pb2.CompensationRequested:
    """The ask in a fact."""
    assert isinstance(ask.message, requests_pb2.CompensationRequested)
    return ask.message


def _service(n: int) -> str:
    return (*SERVICES, "")[n % 3]


async def _everybody_asks(found: Till, asks: list[Fact], own: list[tuple[int, str, int]]) -> int:
    """All at the same time; how many of the agents were given something."""
    async with open_stores(SERVICE, _settings(found)) as stores:
        stores.units.effect_handlers = {}

        async def over_kafka(part: list[Fact]) -> None:
            async with Bus(found.small.kafka.bootstrap, topic_prefix=found.small.kafka.topic_prefix) as bus:
                for start in range(0, len(part), 100):
                    await bus.publish(*part[start : start + 100])

        async def agents() -> int:
            room = asyncio.Semaphore(32)

            async def one(n: int, order_id: str, minor: int) -> int:
                async with room:
                    return await _own(stores.units, n, order_id, minor)

            return sum(await asyncio.gather(*(one(*ask) for ask in own)))

        counting = asyncio.ensure_future(agents())
        await asyncio.gather(*(over_kafka([a for a in asks if _asked(a).requester == name]) for name in SERVICES))
        return await counting


async def _own(units: Units, n: int, order_id: str, minor: int) -> int:
    ledger_id = ledger_id_of(SHOP, order_id)
    asked: dict[str, Any] = {"subjects": ("l1#1",), "amount": Money(minor, "EUR")}
    ask = Ask("returns", f"own-{n}", f"case-{n}", Book.RESTITUTION, "return", f"agent-{n % 7}", **asked)

    async def decide(work: Work) -> int:
        ledger = await work.get(Ledger, ledger_id)
        ledger.reserve(ask, hold=HOLD, at=work.now)
        return 1

    async def known() -> bool:
        return await units.aggregates.load(ledger_id) is not None

    await until("the order is known", known)
    try:
        return await units.run(decide, actor=SYSTEM, cause="test", on=ledger_id)
    except NothingLeft:
        return 0


async def _claims(found: Till, wanted: int) -> bool:
    async with found.small.connected() as db:
        decided = await db.fetchval(
            "SELECT count(DISTINCT convert_from(state, 'UTF8')::json #>> '{d,claim,id}') FROM events"
            " WHERE topic IN ('returns.Ledger.ClaimReserved', 'returns.Ledger.ClaimRefused')"
        )
    return bool(decided >= wanted)


async def _replayed(found: Till, orders: Iterable[str]) -> dict[str, Ledger]:
    """Each ledger from its events alone, held at each version against what was paid."""
    ledgers: dict[str, Ledger] = {}
    async with open_stores(SERVICE, _settings(found)) as stores:
        for name in orders:
            async with found.small.connected() as db:
                stored = [
                    StoredEvent(row["aggregate_id"], row["version"], row["topic"], bytes(row["state"]))
                    for row in await db.fetch(
                        _EVENTS,
                        ledger_id_of(SHOP, name),
                    )
                ]
            ledger: Ledger | None = None
            for event in await stores.aggregates.decode(stored):
                ledger = _next(ledger, event)
            assert ledger is not None
            ledgers[name] = ledger
    return ledgers


def _next(ledger: Ledger | None, event: Event) -> Ledger:
    after = event.mutate(ledger)
    assert isinstance(after, Ledger)
    if after.knows_order:
        given: Counter[str] = Counter()
        for claim in after.claims.values():
            if claim.ask.book in (Book.RESTITUTION, Book.IN_KIND):
                for part in after.books.counted_parts(claim):
                    given[after.books.root_of(part.subject)] += part.amount.minor
        paid = {f"l1#{n}": PRICE for n in range(1, UNITS + 1)} | {"ship": SHIPPING}
        assert all(given[subject] <= paid[subject] for subject in given), (after.order_id, after.version, given)
        moved = sum(t.amount.minor for t in after.transfers.values() if t.counts)
        assert moved <= UNITS * PRICE + SHIPPING, (after.order_id, after.version, moved)
    return after


async def _answered(found: Till, wanted: set[str]) -> set[str]:
    """The asks that nobody has answered on the topic, once everything was published."""
    topic = found.small.kafka.topic("aftercare.compensation.answers.v1")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=found.small.kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    types = {m.DESCRIPTOR.full_name: m for m in (answers_pb2.CompensationReserved, answers_pb2.CompensationRefused)}
    missing = set(wanted)

    async def read() -> bool:
        batch = await consumer.getmany(timeout_ms=500)
        for record in (record for records in batch.values() for record in records):
            cls = types.get(dict(record.headers)["ce_type"].decode())
            if cls is not None:
                missing.discard(cls.FromString(record.value).request_key)
        return not missing

    try:
        await until("every ask is answered", read, patience=120)
    finally:
        await consumer.stop()
    return missing


async def _rows(found: Till, ledgers: dict[str, Ledger]) -> list[str]:
    """Where a stored row is not what its ledger, folded from zero, gives; refunds may still be settling."""
    wrong = []
    for name, ledger in ledgers.items():
        assert statement_of(ledger.books).closes
        async with found.small.connected() as db:
            row = await db.fetchrow("SELECT * FROM ledgers WHERE order_id = $1", name)
        assert row is not None
        if row["version"] == ledger.version:
            made = next(iter(rows(ledger))).values
            wrong += [f"{name}.{key}" for key, value in made.items() if row[key] != value]
    return wrong


def _settings(found: Till) -> ReturnsSettings:
    own = {k.removeprefix("AFTERCARE_").lower(): v for k, v in found.small.environment(**found.settings).items()
           if k.startswith("AFTERCARE_")}  # fmt: skip
    return ReturnsSettings(**own)  # type: ignore[arg-type]  # as they would come from the environment


def _order(name: str) -> Fact:
    def money(minor: int) -> money_pb2.Money:
        return money_pb2.Money(minor_units=minor, currency="EUR")

    now = instant(datetime.now(UTC))
    total = UNITS * PRICE + SHIPPING
    captures = [orders_pb2.Tender.Capture(capture_id=f"c1-{name}", amount=money(total - 2000)),
                orders_pb2.Tender.Capture(capture_id=f"c2-{name}", amount=money(2000))]  # fmt: skip
    return Fact(
        orders_pb2.OrderRecorded(
            shop_id=SHOP,
            order_id=name,
            occurred_at=now,
            version=1,
            customer_id="c1",
            placed_at=now,
            country="DE",
            time_zone="Europe/Berlin",
            currency="EUR",
            prices_include_tax=True,
            lines=[orders_pb2.Line(line_id="l1", sku="sku", quantity=UNITS, unit_price=money(PRICE))],
            components=[orders_pb2.Component(component_id="ship", kind="shipping", amount=money(SHIPPING))],
            tenders=[orders_pb2.Tender(tender_id="card", kind="card", captures=captures)],
        )
    )


def _ask(rng: random.Random, service: str, n: int, order_id: str) -> Fact:
    goods = rng.random() < 0.2
    units = rng.sample(range(1, UNITS + 1), rng.randint(1, 2))
    values: dict[str, Any] = {
        "units": [ledger_pb2.LineUnits(line_id="l1", quantity=len(units), units=units)],
        "book": ledger_pb2.BOOK_IN_KIND if goods else ledger_pb2.BOOK_RESTITUTION,
        "amount": None if goods else money_pb2.Money(minor_units=rng.randint(1, 900), currency="EUR"),
        "component_ids": [] if goods or rng.random() < 0.7 else ["ship"],
    }
    return Fact(
        requests_pb2.CompensationRequested(
            shop_id=SHOP, request_key=f"{service}-{n}", requester=service, case_id=f"case-{n}", customer_id="c1",
            occurred_at=instant(datetime.now(UTC)), order_id=order_id, reason="lost",
            decided_by=command_pb2.Actor(kind="agent", id=f"agent-{n % 5}"), **values,
        ),
        source=f"/aftercare/{service}",
    )  # fmt: skip
