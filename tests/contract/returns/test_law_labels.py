"""What the shop is asked about labels of the law's own flows: as for a return, under the case's own id."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from chassis.domain import Aggregate
from chassis.effects.effect import Effect
from chassis.service import Attempt
from services.returns.application.common import LABEL_EFFECT
from services.returns.application.labelling import VOID_EFFECT
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns.conforming import file, sold, started
from tests.unit.returns.labelling import HOME, MADE, answered
from tests.unit.returns.withdrawing import noticed, shop
from tests.unit.returns.world import ANN, CUSTOMER, World


async def lacking() -> tuple[World, UUID]:
    """Goods that a repair needs."""
    world = await sold()
    await started(world, goods_needed=True)
    return world, file(world).id


async def withdrawn() -> tuple[World, UUID]:
    """Goods that a withdrawal sends back."""
    world = await shop()
    return world, (await noticed(world)).id


def attempt(world: World, effect: Effect) -> Attempt:
    return Attempt(effect.kind, effect.key, effect.subject, effect.body, 1, "idem", world.now, world.now)


@pytest.mark.parametrize("given", [lacking, withdrawn])
async def test_the_request_names_the_case_and_carries_the_address_and_a_void_names_the_label(
    given: Callable[[], Awaitable[tuple[World, UUID]]],
) -> None:
    """The address is read in the case and is in no intent; each request obeys its contract."""
    world, id = await given()
    await world.run(lambda work: world.app.issue_label(work, id, (), sender=HOME), CUSTOMER)
    (effect,) = world.effects(LABEL_EFFECT)
    known: Aggregate = world.memory.held[id]
    recorder = Recorder()
    await asking(recorder, known)[LABEL_EFFECT].perform(attempt(world, effect))
    ((_, key, _, message),) = recorder.sent
    assert (key, message.case_id, message.sender.recipient) == ("o1", str(id), "Grete Weber")
    assert "Weber" not in repr(effect.body)
    await answered(world, effect, **MADE)
    await world.run(lambda work: world.app.void_label(work, id, effect.key, "wrong"), ANN)
    (void,) = world.effects(VOID_EFFECT)
    await asking(recorder)[VOID_EFFECT].perform(attempt(world, void))
    asked = recorder.sent[-1][3]
    assert (asked.case_id, asked.label_request_id, asked.tracking_number) == (str(id), effect.key, "T1")
