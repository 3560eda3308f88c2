"""A small load in which every fact and every command has an id of its own, and what was acknowledged is written down.

It behaves as docs/operations.md asks of callers: an order that is not answered is sent again under the same id, until
it is. What is written down here is what the oracle holds the stores against.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
from aftercare.orders.v1 import shipments_pb2
from aiokafka.errors import KafkaError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from clients.cli.stubs import find
from infra.demo.stage import Stage
from infra.shop_simulator.bus import Fact, unruly
from infra.shop_simulator.catalogue import PRODUCTS, Person, customer_record
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record
from tests.faults.oracle import Acknowledged, Published

AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
"""Answers after which a caller sends the same order again."""

CONTENDED = "CONTENDED"
"""The reason of an ABORTED that passes by itself."""

NOT_YET = ("ORDER_UNKNOWN",)
"""Reasons that pass by themselves: the order travels on another topic than its parcel."""

SERVICE = "shipping_issues"
KETTLE = next(product for product in PRODUCTS if product.sku == "KETTLE-17")
LANGUAGES = (("de", "DE", "Europe/Berlin"), ("en", "IE", "Europe/Dublin"))


class Refused(Exception):
    """A service said no where it had no reason to."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One order of the load whose parcel came to harm, and what an agent did about it."""

    order_id: str
    customer: Person
    case_id: str
    remedy: str


@dataclass(slots=True)
class Load:
    """Orders, one after another, by a few callers at once, until it is told to stop."""

    stage: Stage
    seed: str
    callers: int = 2
    commands: list[Acknowledged] = field(default_factory=list)
    facts: list[Published] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    sent_again: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """Codes after which a command was sent again."""
    same_receipts: int = 0
    """Commands that were sent again although they were answered, and got the first receipt."""
    refusals: list[str] = field(default_factory=list)
    _number: int = 0
    _notes: int = 0

    async def run(self, enough: asyncio.Event, *, at_least: int = 0, on_known: int = 0) -> None:
        """Until `enough` is set and `at_least` orders are through; each order that was begun is finished.

        `on_known` more callers write notes on cases that are there already.
        """
        goal = self._number + at_least
        known = [trouble.case_id for trouble in self.troubles]

        async def caller() -> None:
            while not enough.is_set() or self._number < goal:
                self._number += 1
                try:
                    await self._live(self._number)
                except Refused as refused:
                    self.refusals.append(str(refused))

        async def writer(number: int) -> None:
            rng = random.Random(f"{self.seed}/on known/{goal}/{number}")
            while not enough.is_set():
                case_id = rng.choice(known)
                self._notes += 1
                try:
                    text = f"note {self._notes} of {self.seed}"
                    await self._command(f"agent-{number}", rng, "AddNote", case_id=case_id, text=text)
                except Refused as refused:
                    self.refusals.append(str(refused))
                await asyncio.sleep(0.1)

        await asyncio.gather(*(caller() for _ in range(self.callers)), *(writer(n) for n in range(on_known)))

    async def _live(self, number: int) -> None:
        """One order: bought, packed, handed over, harmed; its customer's case is worked on by an agent."""
        rng = random.Random(f"{self.seed}/{number}")
        language, country, zone = LANGUAGES[number % len(LANGUAGES)]
        name = f"{self.seed}-{number}"
        who = Person(f"C-{name}", "Kim", f"Load{name}", language, country, zone)
        now = await self._patiently(self.stage.now)
        promised = now + timedelta(hours=16)  # at risk and then missed while the load runs: timers fire
        order = order_record(
            self.stage.shop,
            f"O-{name}",
            who,
            (Bought(KETTLE, 1),),
            placed_at=now - timedelta(days=1),
            deliver_by=promised,
        )
        parcel = parcel_record(order, f"S-{name}", at=now - timedelta(hours=3), promised_by=promised)
        handed = about_parcel(shipments_pb2.HandedOver, order, f"S-{name}", at=now - timedelta(hours=2))
        harmed = about_parcel(
            shipments_pb2.DeliveryException,
            order,
            f"S-{name}",
            at=now - timedelta(minutes=5),
            exception_key="1",
            carrier="dhl",
            exception="damaged",
        )
        told = (customer_record(self.stage.shop, who, at=now), order, captured_record(order), parcel, handed, harmed)
        facts = [Fact(m, f"{name}.{n}", "/shop/load") for n, m in enumerate(told)]
        await self._publish(unruly(facts, rng, twice=0.3))
        case_id = await self._case_of(order.order_id)
        agent = f"agent-{name}"
        await self._command(agent, rng, "AddNote", case_id=case_id, text=f"note of {name}")
        remedy = "Reship" if number % 2 else "RequestRefund"
        await self._command(agent, rng, remedy, case_id=case_id)
        self.troubles.append(Trouble(order.order_id, who, case_id, remedy))

    async def _publish(self, facts: Sequence[Fact]) -> None:
        while True:
            try:
                await self.stage.bus.publish(*facts)
                break
            except (KafkaError, OSError):
                self.sent_again += 1
                await asyncio.sleep(0.3)
        self.facts += [Published(f.topic, f.source, f.ce_id, f.message.DESCRIPTOR.full_name) for f in facts]

    async def _case_of(self, order_id: str) -> str:
        async def opened() -> str:
            listed = await self._patiently(
                lambda: self.stage.call(self._agent, SERVICE, "ListCases", filter=f'order_id = "{order_id}"')
            )
            return next((case.case_id for case in listed.cases if case.trouble == "damaged"), "")

        return await self.stage.until(f"a case of {order_id}", opened, patience=120, pause=0.1)

    @property
    def _agent(self) -> Any:
        return self.stage.as_("load", "agent", patient=False)

    async def _command(self, agent: str, rng: random.Random, rpc: str, **values: Any) -> None:
        """One command to its acknowledgement. One whose answer was lost on the way, and now and then another, is sent
        once more, which must give the same receipt."""
        request_id = str(uuid4())
        channels = self.stage.as_(agent, "agent", patient=False)
        lost: Counter[str] = Counter()

        def send() -> Any:
            return self.stage.call(channels, SERVICE, rpc, request_id=request_id, **values)

        receipt = (await self._patiently(send, lost)).receipt
        method = find(SERVICE, rpc)
        path = f"/{method.containing_service.full_name}/{method.name}"
        self.commands.append(Acknowledged(SERVICE, agent, path, request_id, receipt.id, receipt.version))
        if lost or rng.random() < 0.2:
            again = (await self._patiently(send)).receipt
            if again != receipt:
                raise Refused(f"{rpc} {request_id}: {receipt} at first, {again} when it was sent again")
            self.same_receipts += 1

    async def _patiently(self, ask: Any, lost: Counter[str] | None = None) -> Any:
        while True:
            try:
                return await ask()
            except grpc.RpcError as error:
                reason = reason_of(error)
                if error.code() not in AGAIN and reason != CONTENDED and reason not in NOT_YET:
                    raise Refused(f"{error.code().name}: {error.details()} {reason}") from error
                self.sent_again += 1
                if lost is not None:
                    lost[error.code().name] += 1
                    self.unanswered[error.code().name] += 1
                await asyncio.sleep(0.2)


def reason_of(error: Any) -> str:
    """The stable reason a refused call carries; empty without one."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""
