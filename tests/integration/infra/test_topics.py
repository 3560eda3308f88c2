"""Topics come from the file and stay as they are."""

import secrets

from infra.local.parts import Parts
from infra.local.topics import Different, Outcome, Topic, create_missing

ORDERS = Topic("orders.v1", 2, {"retention.ms": "60000"}, ordered=False)
CASES = Topic("cases.v1", 3, {"cleanup.policy": "compact,delete"}, ordered=True)


async def test_only_missing_topics_are_created_and_another_number_of_partitions_is_told(parts: Parts) -> None:
    prefix = f"t{secrets.token_hex(3)}."
    assert await create_missing(parts.kafka_bootstrap, [ORDERS], prefix) == Outcome((f"{prefix}orders.v1",), ())
    assert await create_missing(parts.kafka_bootstrap, [ORDERS, CASES], prefix) == Outcome((f"{prefix}cases.v1",), ())
    again = await create_missing(parts.kafka_bootstrap, [ORDERS, CASES], prefix, partitions=3)
    assert again == Outcome((), (Different(f"{prefix}orders.v1", wanted=3, found=2),))
