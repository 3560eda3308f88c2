"""Where Kafka is, and which cluster and which topic it really is.

A topic that was deleted and made again keeps its name and starts at offset 0, so a position is only worth
something together with the topic's *id*. aiokafka does not tell ids; Metadata v12 does. The request goes over
aiokafka's own connections, so whatever TLS and SASL they use is used here too.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity

from chassis.kafka_wire import tell_of_closed_connections

tell_of_closed_connections()  # here, because whoever reaches Kafka imports this


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How this installation reaches Kafka; `topic_prefix` lets several share one cluster."""

    bootstrap: str
    topic_prefix: str = ""
    security: BaseSecurity | None = None

    def topic(self, name: str) -> str:
        """The name in Kafka of a topic that the code calls `name`."""
        return self.topic_prefix + name

    def connection(self) -> dict[str, Any]:
        """Keyword arguments of any aiokafka client."""
        return {"bootstrap_servers": self.bootstrap, **parse_security(self.security)}


@dataclass(frozen=True, slots=True)
class Identity:
    """The cluster and the topics that answer under some names now."""

    cluster_id: str
    topic_ids: Mapping[str, str]
    partitions: Mapping[str, int] = field(default_factory=dict)

    def source(self, topic: str) -> str:
        """What positions in `topic` are stored under."""
        return f"{self.cluster_id}/{self.topic_ids[topic]}"


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka ships no types
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _Metadata12Response(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Metadata12Struct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _Metadata12Response
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Metadata12(Request[_Metadata12Struct]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics: list[tuple[bytes, str, dict[int, bytes]]] = [(bytes(16), topic, {}) for topic in topics]

    def build(self, request_struct_class: type[_Metadata12Struct]) -> _Metadata12Struct:
        return request_struct_class(self._topics, False, False, {})


async def identify(client: AIOKafkaClient, topics: Iterable[str]) -> Identity:
    """Ask the cluster for its id and the ids of `topics` (names as Kafka has them).

    Raises the Kafka error of the first topic that has one, UnknownTopicOrPartitionError for a missing one.
    """
    node = client.get_random_node()
    if node is None:
        raise KafkaConnectionError("no broker is known yet")
    answer = await client.send(node, _Metadata12(topics))
    ids, partitions = {}, {}
    for error_code, topic, topic_id, _, places, *_ in answer.topics:
        if error_code:
            raise for_code(error_code)(topic)
        ids[topic] = urlsafe_b64encode(topic_id).rstrip(b"=").decode()
        partitions[topic] = len(places)
    return Identity(answer.cluster_id, ids, partitions)
