"""Returns alone, with two payment providers that misbehave: one with an API of Stripe's format, one over Kafka.

Both keep books that Aftercare never writes; what was paid is read from them alone. The business clock runs sixty times
as fast, so that a provider's silence is noticed within the test.
"""

import asyncio
import base64
import json
import random
import secrets
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from aftercare.common.v1 import command_pb2, money_pb2
from aftercare.compensation.v1 import ledger_pb2, requests_pb2
from aftercare.orders.v1 import orders_pb2

from chassis.kafka_meta import KafkaAccess
from chassis.keys.store import open_key_store
from chassis.migrations import migrate
from infra.local import databases
from infra.local.tokens import Issuer
from infra.local.topics import create_missing, read_topics
from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import instant
from infra.stripe_wire import Mishap, StripeServer, Telling
from services.returns.bootstrap import SERVICE
from tests.conftest import RunPasswords
from tests.faults.payment_system import MANNERS, KafkaProvider
from tests.faults.rig import Running, Small, until

MONEY_STEPS = ("before-commit", "after-commit", "before-call", "after-call", "in-call")
"""Where returns is killed; ``in-call`` is a kill from outside while a provider does what it was asked."""

API, TOPIC = "shop-api", "shop-topic"
AMOUNT = 1000
SPEED = 60.0

MISHAPS = (
    Mishap.NONE, Mishap.LIMITED, Mishap.BUSY, Mishap.HUNG_UP, Mishap.BROKEN_AFTER, Mishap.SILENT_AFTER,
    Mishap.CUT_AFTER, Mishap.PENDING, Mishap.FAILED,
)  # fmt: skip


@dataclass
class Till:
    """Returns as one process that dies where it is told to, and its two providers."""

    small: Small
    stripe: StripeServer
    kafka: KafkaProvider
    bus: Bus
    settings: dict[str, Any]
    plan: Path
    process: Running | None = None
    kills: int = 0

    async def start(self) -> None:
        """Ready, with nothing armed."""
        self.plan.unlink(missing_ok=True)
        self.process = await self.small.start(build="services.returns", **self.settings)
        self.stripe.hook = f"http://{self.process.http}/webhooks/stripe/{API}"

    async def round(self, rng: random.Random, step: str, orders: int) -> list[str]:
        """New orders of both shops, each with a claim; the process dies at `step`; it is waited until all is final."""
        tag = f"{rng.randrange(16**8):08x}"
        names = [f"{kind}-{tag}-{n}" for kind in ("a", "t") for n in range(orders)]
        self._behave(rng, names)
        armed = "" if step == "in-call" else f"{step}=kill@{rng.randint(1, 4)}"
        if armed:
            part = self.plan.with_suffix(".part")
            part.write_text(armed)
            part.replace(self.plan)
        self.kafka.at_work.clear()
        await self.bus.publish(*(fact for name in names for fact in order_facts(name)))
        await self._dies(step, names, rng)
        await self.start()
        await until(f"all refunds of {tag} are final", lambda: self._final(names))
        return names

    async def _dies(self, step: str, names: list[str], rng: random.Random) -> None:
        assert self.process is not None
        if step == "in-call":
            if rng.random() < 0.5:
                await asyncio.wait_for(self.kafka.at_work.wait(), 60)
            else:
                await until("Stripe was asked", lambda: self._asked(names))
            self.process.send(signal.SIGKILL)
        deadline = time.monotonic() + 60
        while self.process.process.poll() is None:
            assert time.monotonic() < deadline, f"it was not killed at {step}"
            await asyncio.sleep(0.02)
        self.kills += 1

    async def _asked(self, names: list[str]) -> bool:
        return any(refund.metadata["order_id"] in names for refund in self.stripe.books.refunds.values())

    def _behave(self, rng: random.Random, names: list[str]) -> None:
        mishaps: dict[str, tuple[Mishap, Telling]] = {}
        for name in names:
            self.kafka.manners[name] = rng.choice(MANNERS)
            mishaps[name] = (rng.choice(MISHAPS), rng.choice(list(Telling)))
            self.stripe.books.pay(f"pi_{name}", AMOUNT, "eur")

        def plan(form: Any, nth: int) -> tuple[Mishap, Telling]:
            mishap, telling = mishaps[form["metadata[order_id]"]]
            return (mishap if nth == 1 else Mishap.NONE), telling

        self.stripe.plan = plan

    async def _final(self, names: list[str]) -> bool:
        for refund in list(self.stripe.books.refunds.values()):
            if refund.status == "pending":  # the bank takes its time, then says so
                self.stripe.books.end(refund.id, "succeeded")
                await self.stripe.tell(self.stripe.told(refund))
        states = await self.effects(names)
        return len(states) == len(names) and all(s in ("succeeded", "failed", "held") for s in states.values())

    async def effects(self, names: list[str]) -> dict[str, str]:
        """Where the refund of each order stands, as Aftercare has it."""
        async with self.small.connected() as db:
            rows = await db.fetch(
                "SELECT l.order_id, e.state FROM effects e JOIN ledgers l ON l.id = e.subject"
                " WHERE e.kind IN ('refund', 'stripe_refund') AND l.order_id = ANY($1::text[])",
                names,
            )
        assert len(rows) == len({row["order_id"] for row in rows}), "one claim is one effect"
        return {row["order_id"]: row["state"] for row in rows}

    async def wrong_with(self, names: list[str]) -> list[str]:
        """Where what a provider did and what Aftercare says of it differ, and whatever was paid twice or forgotten."""
        by_api: dict[str, int] = {}
        for refund in self.stripe.books.refunds.values():
            if refund.status != "failed":
                by_api[refund.metadata["order_id"]] = by_api.get(refund.metadata["order_id"], 0) + 1
        by_topic, states = self.kafka.orders_paid(), await self.effects(names)
        async with self.small.connected() as db:
            found = await db.fetch("SELECT order_id, refunded FROM ledgers WHERE order_id = ANY($1::text[])", names)
        refunded = {row["order_id"]: row["refunded"] for row in found}
        wrong = []
        for name in names:
            paid, state = by_api.get(name, 0) + by_topic.get(name, 0), states.get(name, "forgotten")
            settled = refunded.get(name, 0) // AMOUNT
            if state == "held":
                continue
            if (paid, settled) != {"succeeded": (1, 1), "failed": (0, 0)}.get(state):
                wrong.append(f"{name}: {state}, paid {paid} times, {settled} in the ledger")
        wrong += [f"{name} was paid {n} times" for name, n in (by_api | by_topic).items() if n > 1]
        return wrong


def order_facts(name: str) -> list[Fact]:
    """An order of one unit, paid, and another service that asks for all of it back."""
    shop, now = (API if name.startswith("a-") else TOPIC), instant(datetime.now(UTC))
    amount = money_pb2.Money(minor_units=AMOUNT, currency="EUR")
    provider = "stripe" if shop == API else "own"
    tender = orders_pb2.Tender(
        tender_id="card", kind="card", provider=provider,
        captures=[orders_pb2.Tender.Capture(capture_id=f"pi_{name}", amount=amount)],
    )  # fmt: skip
    line = orders_pb2.Line(line_id="l1", sku="sku", quantity=1, unit_price=amount)
    order = orders_pb2.OrderRecorded(
        shop_id=shop, order_id=name, occurred_at=now, version=1, customer_id="c1", placed_at=now, country="DE",
        time_zone="Europe/Berlin", currency="EUR", prices_include_tax=True, lines=[line], tenders=[tender],
    )  # fmt: skip
    ask = requests_pb2.CompensationRequested(
        shop_id=shop, request_key=f"k-{name}", requester="shipping_issues", case_id=f"case-{name}", occurred_at=now,
        order_id=name, book=ledger_pb2.BOOK_RESTITUTION, reason="lost", customer_id="c1",
        decided_by=command_pb2.Actor(kind="agent", id="ann"),
        units=[ledger_pb2.LineUnits(line_id="l1", quantity=1)],
    )  # fmt: skip
    return [Fact(order), Fact(ask, source="/aftercare/shipping_issues")]


@asynccontextmanager
async def till(
    folder: Path, postgres_url: str, kafka: str, prefix: str, terms: Mapping[str, Any] | None = None
) -> AsyncIterator[Till]:
    """Returns with a fresh database and fresh topics, running; `terms` of money beside those of its two shops."""
    tag = f"{prefix.replace('.', '_').replace('-', '_')}{secrets.token_hex(3)}"
    access = KafkaAccess(kafka, f"{tag}.")
    await create_missing(kafka, read_topics(), access.topic_prefix, partitions=3)
    made = (await databases.provide(postgres_url, RunPasswords(), ["returns"], f"{tag}_"))["returns"]
    small = Small(folder, made, access, Issuer.at(folder / "tokens"))
    async with StripeServer() as stripe, Bus(kafka, topic_prefix=access.topic_prefix) as bus:
        provider = KafkaProvider(bus)
        serving = asyncio.create_task(provider.run("provider"))
        try:
            await _prepare(made, small.kek)
            found = Till(small, stripe, provider, bus, _settings(folder, stripe, terms or {}), folder / "failpoints")
            await found.start()
            yield found
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await small.close()
            await databases.drop(postgres_url, made.name, f"{tag}_keys")


async def _prepare(made: databases.ServiceDatabase, kek: str) -> None:
    await migrate(SERVICE.versions, migration_url=made.migration_url, runtime_role=made.runtime_role)
    keys = await open_key_store(made.keys_url, SERVICE.model.name, base64.b64decode(kek))
    await keys.install()
    await keys.close()
    owner = await asyncpg.connect(made.migration_url)
    now = datetime.now(UTC)
    await owner.execute("INSERT INTO clock(origin, set_at, rate) VALUES ($1, $1, $2)", now, SPEED)
    await owner.close()


def _settings(folder: Path, stripe: StripeServer, more: Mapping[str, Any]) -> dict[str, Any]:
    terms, accounts = folder / "money.yaml", folder / "stripe.json"
    terms.write_text(json.dumps({"direct": {"stripe": [API]}} | dict(more)))
    accounts.write_text(json.dumps({API: {"key": stripe.key, "webhook_secrets": [stripe.secret]}}))
    return {
        "MONEY_TERMS": str(terms),
        "STRIPE_ACCOUNTS": str(accounts),
        "STRIPE_URL": stripe.url,
        "REFUND_CALL_SECONDS": "1",
        "REFUND_ANSWER_MINUTES": str(int(timedelta(minutes=5) / timedelta(minutes=1))),
        "DRIVEN_CLOCK": "1",
        "CONSUMER_SESSION": "6",
        "FAILPOINTS": f"@{folder / 'failpoints'}",
    }
