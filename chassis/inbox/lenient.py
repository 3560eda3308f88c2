"""Reads the records whose header *names* are not UTF-8, which brokers accept and aiokafka raises at for ever.

Such a batch is fetched by hand and decoded with the odd bytes of names spelled out, so that its records reach
the inbox like any others and can be parked, and the partition goes on behind them.
"""

import struct
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy

_LENGTH_AT = 8
_OVERHEAD = 12
_MAX_BYTES = 8 * 1024 * 1024


class _Spelled(bytearray):
    """Bytes whose text never fails to decode."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Spelled(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self).decode(encoding, "backslashreplace")


def undecodable(consumer: AIOKafkaConsumer) -> set[TopicPartition]:
    """The partitions whose fetched records broke off with an error: their generators are finished, but not used up."""
    return {
        tp
        for tp, fetched in consumer._fetcher._records.items()
        if (records := getattr(fetched, "_partition_records", None)) is not None
        and getattr(records._records_iterator, "gi_frame", records) is None
    }


async def read_batches(consumer: AIOKafkaConsumer, tp: TopicPartition) -> list[ConsumerRecord[Any, Any]]:
    """The records from the consumer's position on, as far as one fetch goes. Raises KafkaError."""
    client, position = consumer._client, await consumer.position(tp)
    leader = client.cluster.leader_for_partition(tp)
    if leader in (None, -1):
        raise LeaderNotAvailableError(tp)
    request = FetchRequest(500, 1, _MAX_BYTES, 1, [(tp.topic, [(tp.partition, position, _MAX_BYTES)])])
    answer = await client.send(leader, request)
    found: list[ConsumerRecord[Any, Any]] = []
    for _, partitions in answer.topics:
        for _, error_code, *_, raw in partitions:
            if error_code:
                raise for_code(error_code)(tp)
            found += [record for record in _decode(raw, tp) if record.offset >= position]
    if not found:
        raise KafkaError(f"{tp.topic}/{tp.partition}: the batch at {position} cannot be read at all")
    return found


def _decode(raw: bytes, tp: TopicPartition) -> list[ConsumerRecord[Any, Any]]:
    found: list[ConsumerRecord[Any, Any]] = []
    at = 0
    while at + _OVERHEAD <= len(raw):
        end = at + _OVERHEAD + int(struct.unpack_from(">i", raw, at + _LENGTH_AT)[0])
        if end > len(raw):  # the broker cuts the last batch off where the limit falls
            break
        batch = _DefaultRecordBatchPy(raw[at:end])
        at = end
        if batch.is_control_batch:
            continue
        batch._maybe_uncompress()
        batch._buffer = _Spelled(batch._buffer)
        found += [_record(record, tp) for record in batch]
    return found


def _record(record: Any, tp: TopicPartition) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic=tp.topic,
        partition=tp.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        timestamp_type=record.timestamp_type,
        key=record.key,
        value=record.value,
        checksum=None,
        serialized_key_size=len(record.key or b""),
        serialized_value_size=len(record.value or b""),
        headers=tuple(record.headers),
    )
