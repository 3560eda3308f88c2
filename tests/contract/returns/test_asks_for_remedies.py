"""What returns asks of the shop for goods that do not conform: a repair or a replacement, without an address."""

from datetime import timedelta

import pytest
from aftercare.orders.v1 import fulfilment_requests_pb2 as pb

from chassis.service import Attempt
from services.returns.consumers import kinds_of
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns.build import DAY
from tests.unit.returns.conforming import file, sold, started


@pytest.mark.parametrize(
    ("remedy", "message"), [("repair", pb.RepairRequested), ("replacement", pb.ReplacementRequested)]
)
async def test_a_remedy_is_asked_once_under_one_key_and_answered_under_it(
    remedy: str, message: type[pb.RepairRequested] | type[pb.ReplacementRequested]
) -> None:
    """Two attempts carry one request id; the shop has until the seller's own date, and its answer finds the effect."""
    world = await sold()
    await started(world, remedy)
    kind = f"conformity_{remedy}"
    (effect,) = world.effects(kind)
    recorder = Recorder()
    provider = asking(recorder)[kind]
    for number in (1, 2):
        attempt = Attempt(kind, effect.key, effect.subject, effect.body, number, "idem", world.now, world.now)
        await provider.perform(attempt)
    (topic, key, _, first), (_, _, _, second) = recorder.sent
    assert (topic, key, type(first)) == ("aftercare.fulfilment.requests.v1", "o1", message)
    assert first.request_id == second.request_id == effect.key
    assert first.answer_by.ToDatetime(world.now.tzinfo) == file(world).lack.dates.put_right.ends_at
    assert not first.HasField("address")
    assert (first.case_id, first.units[0].quantity) == (str(file(world).id), 1)
    assert kind in kinds_of(effect.key)
    assert await provider.look_up(attempt) is None


async def test_a_request_that_is_late_leaves_the_shop_a_day() -> None:
    """The seller's date may have passed while the broker was away."""
    world = await sold()
    await started(world)
    (effect,) = world.effects("conformity_repair")
    recorder, late = Recorder(), world.now + 90 * DAY
    provider = asking(recorder)["conformity_repair"]
    await provider.perform(Attempt("conformity_repair", effect.key, effect.subject, effect.body, 1, "idem", late, late))
    ((_, _, _, message),) = recorder.sent
    assert message.answer_by.ToDatetime(late.tzinfo) == late + timedelta(days=1)
