"""Takes requests instead of Kafka."""

from typing import Any

import protovalidate
from google.protobuf.message import Message

from chassis.service import Attempt, Submitted


class Recorder:
    """Keeps each request that obeys its contract: (topic, key, idempotency key, message)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, Any]] = []

    async def submit(self, attempt: Attempt, topic: str, key: str, message: Message, **terms: Any) -> Submitted:
        protovalidate.validate(message)
        self.sent.append((topic, key, attempt.idempotency_key, message))
        return Submitted(terms["answer_by"])
