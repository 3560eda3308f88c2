"""What all the faults have left behind: the stores hold what was acknowledged, and the outside was asked once."""

from collections import Counter

import pytest
from aftercare.orders.v1 import fulfilment_requests_pb2

from chassis.kafka_meta import KafkaAccess
from tests.faults.oracle import read_all
from tests.faults.world import HANG, SERVICES, World

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(900)]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_oracle_finds_nothing_wrong_afterwards(world: World, service: str) -> None:
    """Acknowledged commands stored, one effect each, log gapless, read models a fold, topics complete and in order."""
    assert len(world.load.commands) > 0
    assert world.load.refusals == []
    assert await world.judged(service) == []


async def test_goods_went_out_once_for_each_reship(world: World) -> None:
    """However often the request was sent, the shop saw one request id per case."""
    wanted = Counter(t.case_id for t in world.load.troubles if t.remedy == "Reship")

    async def asked() -> bool:
        return await _requests(world) == wanted

    await world.stage.until("each reship was asked of the shop once", asked, patience=HANG, pause=1.0)


async def test_money_was_paid_back_once_for_each_refund(world: World) -> None:
    """Read from the provider's own books."""
    refunds = [t.order_id for t in world.load.troubles if t.remedy == "RequestRefund"]

    async def paid() -> bool:
        return all(world.stage.provider.of_order(order)["carried_out"] == 1 for order in refunds)

    await world.stage.until("each refund was carried out", paid, patience=HANG, pause=0.5)
    assert world.stage.provider.totals()["carried_out"] == len(refunds)


async def test_no_mail_went_out_twice_and_none_is_missing_unseen(world: World) -> None:
    """A mail that died between the server's answer and ours is held for a person, and is never sent by itself."""
    await world.stage.settled(patience=HANG)
    times = Counter(mail.message_id for mail, _ in world.stage.mails())
    assert [name for name, n in times.items() if n > 1] == []
    told = {recipient for mail, _ in world.stage.mails() for recipient in mail.recipients}
    held = await world.stage.call(world.stage.operator, "notifications", "ListEffects", filter='state = "held"')
    untold = [t.order_id for t in world.load.troubles if t.customer.email not in told]
    assert len(untold) <= len(held.effects) <= len(world.killed)


async def _requests(world: World) -> Counter[str]:
    """Distinct requests for goods on the topic, by case."""
    stage = world.stage
    kafka = KafkaAccess(stage.environment.kafka, stage.environment.topic_prefix)
    seen = {}
    for record in await read_all(kafka, "aftercare.fulfilment.requests.v1"):
        if dict(record.headers)["ce_type"] == b"aftercare.orders.v1.ReshipRequested":
            request = fulfilment_requests_pb2.ReshipRequested.FromString(record.value)
            seen[request.request_id] = request.case_id
    return Counter(seen.values())
