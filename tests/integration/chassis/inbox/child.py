"""A consumer of the example service in a process of its own, for tests that kill it.

``python -m tests.integration.chassis.inbox.child <database url> <kafka> <topic prefix> <topic>``
"""

import asyncio
import sys
from typing import Any

from aftercare.orders.v1.answers_pb2 import RequestAccepted

from chassis.inbox import Inbox
from chassis.kafka_meta import KafkaAccess
from chassis.service import Subscription
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.inbox.conftest import COUNT, count


async def main(url: str, kafka: str, prefix: str, topic: str) -> None:
    core = await Core.start(url)
    handlers: Any = {COUNT: (RequestAccepted, count)}
    inbox = Inbox(
        "example",
        [Subscription(topic, ordered=False, handlers=handlers)],
        access=KafkaAccess(kafka, prefix),
        units=core.units,
        pool=core.pool,
        build="child",
        max_records=5,
        session=6.0,
    )
    await inbox.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
