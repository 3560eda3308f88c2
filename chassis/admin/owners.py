"""Which instance reads which partition, as Kafka's group coordinator tells it."""

import asyncio
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.protocol.admin import DescribeGroupsRequest_v2
from aiokafka.protocol.api import Request

from chassis.kafka_meta import KafkaAccess

Place = tuple[str, int]


class _DescribeGroup(Request[DescribeGroupsRequest_v2]):  # type: ignore[misc]  # aiokafka ships no types
    """aiokafka reads the answer to its own version 3 of this request with the form of version 2, and fails."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[DescribeGroupsRequest_v2]) -> DescribeGroupsRequest_v2:
        return request_struct_class([self._group])


async def owners(access: KafkaAccess, groups: Mapping[str, str]) -> dict[Place, str]:
    """By (topic, partition); `groups` is the consumer group of each topic. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**access.connection(), request_timeout_ms=10_000)
    await admin.start()
    try:
        answers = await asyncio.gather(*(_of_group(admin, topic, group) for topic, group in groups.items()))
    finally:
        await admin.close()
    return {place: owner for answer in answers for place, owner in answer.items()}


async def _of_group(admin: AIOKafkaAdminClient, topic: str, group: str) -> dict[Place, str]:
    coordinator = await admin.find_coordinator(group)
    answer = await admin._send_request(_DescribeGroup(group), coordinator)
    found: dict[Place, str] = {}
    for *_, members in answer.groups:
        for member_id, _client, host, _metadata, assignment in members:
            if assignment:
                for _, partitions in ConsumerProtocolMemberAssignment.decode(assignment).assignment:
                    found |= {(topic, n): f"{member_id[-12:]} at {host.strip('/')}" for n in partitions}
    return found
