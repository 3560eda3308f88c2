"""What stands between FastStream, aiokafka and a consumer, where their defaults would lose records or hide errors."""

from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream.kafka import KafkaMessage

from chassis.inbox.consumer import Consumer
from chassis.inbox.lenient import read_batches, undecodable

LONGEST_POLL_MS = 200
"""A poll ends with the first record, so a longer one delays nothing; FastStream sleeps as long as it lets one wait, and
turns of it that find nothing were most of what an idle service took of the processor."""


class Watched(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka ships no types
    """Tells its consumer of every poll: FastStream swallows errors there, and calls no handler while nothing comes."""

    watcher: Consumer

    @classmethod
    def build(cls, by_group: dict[str, Consumer], builder: Any, *, group_id: str, **options: Any) -> "Watched":
        consumer = cls(**{**builder.keywords, **options, "group_id": group_id})
        consumer.watcher = by_group[group_id]
        return consumer

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        self.watcher.turn()
        try:
            found = await super().getmany(
                *partitions, timeout_ms=max(timeout_ms, LONGEST_POLL_MS), max_records=max_records
            )
        except UnicodeDecodeError as error:
            found = await self._leniently(error)
        except Exception as error:
            self.watcher.poll_failed(error)
            raise
        self.watcher.polled(found)
        return found  # type: ignore[no-any-return]

    async def _leniently(self, error: UnicodeDecodeError) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        """Decode by hand what aiokafka could not. What the failed poll took from other partitions is fetched again."""
        found: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        try:
            odd = undecodable(self)
            if not odd:
                raise error
            for tp, position in self.watcher.read_to().items():
                self.seek(tp, position)
            for tp in odd & self.assignment():
                found[tp] = await read_batches(self, tp)
                self.seek(tp, found[tp][-1].offset + 1)
        except Exception as failed:
            self.watcher.poll_failed(failed)
            raise
        return found


async def parse(records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    """No header is looked at here: a null or non-UTF-8 one would raise before the handler and lose the batch."""
    return KafkaMessage(
        body=records, raw_message=records, consumer=NobodysConsumer(), message_id="", correlation_id="-"
    )


async def body(message: KafkaMessage) -> Any:
    return message.body


class NobodysConsumer:
    """Stands where FastStream would acknowledge through the message: nothing here does."""

    async def commit(self) -> None:
        raise NotImplementedError

    def seek(self, partition: TopicPartition, offset: int) -> None:
        raise NotImplementedError
