"""Callers and a shop for the small service, who do as the documentation tells them: what is not answered is sent again
under the same id. Now and then one gives up early, or asks again although he was answered.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import uuid4

import grpc
from aftercare.orders.v1.answers_pb2 import RequestAccepted
from aftercare.returns.v1 import service_pb2, service_pb2_grpc
from aiokafka import AIOKafkaProducer
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.faults.load import AGAIN, reason_of
from tests.faults.oracle import Acknowledged, Published
from tests.faults.rig import Running, Small
from tests.faults.small.wiring import SHOP

METHOD = "/aftercare.returns.v1.ReturnsService/CancelReturn"
AT = Timestamp(seconds=1_793_527_200)
SOURCE = "/shop"


class Refused(Exception):
    """The service said no where it had no reason to."""


def said(kind: Any, name: str, note: str, **more: Any) -> Message:
    """A message about an account, as the small service understands them."""
    message: Message = kind(shop_id="s1", request_id=note, order_id=name, requester="small", occurred_at=AT, **more)
    return message


def attributes(ce_type: str, ce_id: str, source: str = SOURCE) -> list[tuple[str, bytes]]:
    named = {
        "ce_specversion": "1.0",
        "ce_id": ce_id,
        "ce_source": source,
        "ce_type": ce_type,
        "content-type": "application/protobuf",
    }
    return [(name, value.encode()) for name, value in named.items()]


@dataclass(slots=True)
class Callers:
    """A load on one or more processes. Use as an async context manager, for its producer."""

    small: Small
    processes: list[Running]
    seed: str
    accounts: int = 12
    impatient: float = 0.0
    """Which share of first calls is given up after a few milliseconds, and sent again."""
    sent_again: int = 0
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answers that were no acknowledgement, by code and reason."""
    producer: AIOKafkaProducer = field(init=False)
    _number: int = 0

    async def __aenter__(self) -> "Callers":
        self.producer = AIOKafkaProducer(**self.small.kafka.connection(), enable_idempotence=True, acks="all")
        await self.producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.producer.stop()

    async def run(self, enough: asyncio.Event, *, callers: int = 8, at_least: int = 0) -> None:
        """Until `enough` is set and `at_least` deeds are done; each deed that was begun is finished."""
        goal = self._number + at_least

        async def caller() -> None:
            while not enough.is_set() or self._number < goal:
                self._number += 1
                await self._deed(self._number)

        await asyncio.gather(*(caller() for _ in range(callers)))

    async def some(self, count: int, callers: int = 8) -> None:
        """This many deeds."""
        enough = asyncio.Event()
        enough.set()
        await self.run(enough, callers=callers, at_least=count)

    async def _deed(self, number: int) -> None:
        rng = random.Random(f"{self.seed}/{number}")
        name, note = f"{self.seed}-{rng.randrange(self.accounts)}", f"{self.seed}-{number}"
        if number % 4 == 0:
            await self.publish(SHOP, name, said(RequestAccepted, name, note), times=rng.choice((1, 1, 2)))
        else:
            await self.command(name, note, rng=rng)

    async def publish(self, topic: str, key: str, message: Message, *, times: int = 1, source: str = SOURCE) -> str:
        """A well-formed fact, under one id however often; its id."""
        ce_id, ce_type = str(uuid4()), message.DESCRIPTOR.full_name
        for _ in range(times):
            await self.send(topic, key, message.SerializeToString(), attributes(ce_type, ce_id, source))
        self.small.facts.append(Published(topic, source, ce_id, ce_type))
        return ce_id

    async def send(self, topic: str, key: str, value: bytes | None, headers: list[tuple[str, bytes]]) -> Any:
        """Any record at all."""
        return await self.producer.send_and_wait(
            self.small.kafka.topic(topic), value, key=key.encode(), headers=headers
        )

    async def command(self, name: str, note: str, *, rng: random.Random | None = None) -> Acknowledged:
        """One order to its acknowledgement, and sometimes once more, which must give the same receipt."""
        rng = rng or random.Random(note)
        request = service_pb2.CancelReturnRequest(request_id=str(uuid4()), rma_id=name, reason=note)
        if rng.random() < self.impatient:
            await self._give_up(request, rng)
        receipt = await self._patiently(request)
        done = Acknowledged("small", "agent", METHOD, request.request_id, receipt.id, receipt.version)
        self.small.commands.append(done)
        if rng.random() < 0.3 and (again := await self._patiently(request)) != receipt:
            raise Refused(f"{request.request_id}: {receipt} at first, {again} when it was sent again")
        return done

    def ask(self, request: service_pb2.CancelReturnRequest, to: Running | None = None, timeout: float = 20) -> Any:
        """The call itself, to one of the processes."""
        address = (to or random.choice(self.processes)).grpc
        stub = service_pb2_grpc.ReturnsServiceStub(self.small.channel(address))
        token = self.small.issuer.issue("agent", ["agent"])
        return stub.CancelReturn(request, metadata=(("authorization", f"Bearer {token}"),), timeout=timeout)

    async def _give_up(self, request: service_pb2.CancelReturnRequest, rng: random.Random) -> None:
        call = self.ask(request)
        await asyncio.sleep(rng.random() * 0.02)
        call.cancel()
        self.sent_again += 1

    async def _patiently(self, request: service_pb2.CancelReturnRequest) -> Any:
        while True:
            try:
                return (await self.ask(request)).receipt
            except grpc.aio.AioRpcError as error:
                self.answers[error.code().name, reason := reason_of(error)] += 1
                if error.code() not in AGAIN and reason != "RATE_LIMITED":
                    raise Refused(f"{error.code().name}: {error.details()} {reason}") from error
                self.sent_again += 1
                await asyncio.sleep(0.2)
