"""A connection that is closed under a Kafka client is told in the client's own terms."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError

import chassis.kafka_meta  # noqa: F401  # whoever imports this has the repair


@pytest.mark.parametrize("send", ["send", "_send_sasl_token"])
def test_writing_to_a_closed_connection_is_a_connection_error(send: str) -> None:
    """uvloop says RuntimeError, by which aiokafka's tasks would end for good."""

    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = AIOKafkaConnection("127.0.0.1", port)
        connection._reader, connection._writer = await asyncio.open_connection("127.0.0.1", port)
        connection._read_task = asyncio.ensure_future(asyncio.sleep(60))
        connection._writer.transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)
        with pytest.raises(KafkaConnectionError):
            await getattr(connection, send)(Bare() if send == "send" else b"token")
        server.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


class Bare:
    """The smallest request."""

    def prepare(self, _: object) -> "Bare":
        return self

    def build_request_header(self, **_: object) -> "Bare":
        return self

    def encode(self) -> bytes:
        return b"request"
