"""Which instance reads which partition, as Kafka's group coordinator tells it."""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from chassis.kafka_meta import KafkaAccess


async def owners(access: KafkaAccess, groups: Mapping[str, str]) -> dict[tuple[str, int], str]:
    """By (topic, partition); `groups` is the consumer group of each topic. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**access.connection(), request_timeout_ms=10_000)
    await admin.start()
    try:
        topics = {group: topic for topic, group in groups.items()}
        found: dict[tuple[str, int], str] = {}
        for answer in await admin.describe_consumer_groups(list(topics)):
            for _error, group, _state, _protocol_type, _protocol, members, *_ in answer.groups:
                for member in members:
                    member_id, _client_id, host, _metadata, assignment = member[:5]
                    if not assignment:
                        continue
                    decoded = ConsumerProtocolMemberAssignment.decode(assignment)
                    for _, partitions in decoded.assignment:
                        found |= {(topics[group], n): f"{member_id[-12:]} at {host.strip('/')}" for n in partitions}
        return found
    finally:
        await admin.close()
