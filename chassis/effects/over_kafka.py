"""Requests to the outside that travel over Kafka.

Guarantee: a request is `Submitted` once every in-sync replica has it, and carries the effect's own key as its
CloudEvents id, so a repeat of it is known as such. What was not acknowledged is raised, and counts as unknown.
"""

import asyncio
from datetime import UTC, datetime

from google.protobuf.message import Message

from chassis.cloudevents import PROTOBUF
from chassis.kafka_meta import KafkaAccess
from chassis.relay.sender import Outgoing, Sender
from chassis.service import Attempt, Submitted


class RequestSender:
    """Publishes the requests of one service. One per process."""

    def __init__(self, access: KafkaAccess, service: str, incarnation: int) -> None:
        self._access, self._service, self._incarnation = access, service, incarnation
        self._sender = Sender(access)
        self._turn = asyncio.Lock()  # a sender is one coroutine's; effects of several kinds share it

    async def submit(
        self, attempt: Attempt, topic: str, key: str, message: Message, *, shop_id: str, answer_by: datetime
    ) -> Submitted:
        """Send `message` and return when the broker has it."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": attempt.idempotency_key,
            "ce_source": f"/aftercare/{self._service}/requests",
            "ce_type": message.DESCRIPTOR.full_name,
            "ce_time": attempt.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "ce_shopid": shop_id,
            "ce_incarnation": str(self._incarnation),
            "content-type": PROTOBUF,
        }
        record = Outgoing(
            self._access.topic(topic),
            key.encode(),
            [(name, value.encode()) for name, value in headers.items()],
            message.SerializeToString(deterministic=True),
        )
        async with self._turn:
            await self._sender.send(await self._sender.prepare([record]))
        return Submitted(answer_by)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._sender.close()
