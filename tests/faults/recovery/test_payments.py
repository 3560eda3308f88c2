"""A payment provider that times out, answers late and contradicts itself.

Read from its own books: one refund for each key, whatever it says. What nobody can prove is seen by a person.
"""

import random
from collections.abc import Callable

import pytest

from infra.demo.stage import SERVICES
from infra.shop_simulator.payments import BEHAVIOURS, ENDS_FAILED
from tests.faults.recovery.drill import ANSWER_WITHIN, Drill

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(1200)]


@pytest.mark.fault(16)
async def test_a_provider_that_times_out_and_contradicts_itself_pays_once_and_a_person_sees_the_rest(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """Each misbehaviour has an order of its own; which is the first follows from the seed."""
    for number in range(1, server_rounds + 1):
        await _misbehave(drill, random.Random(f"{drill.seed}/payments/{number}"))
    record_property("rounds", server_rounds)
    record_property("misbehaviours", len(BEHAVIOURS))


async def _misbehave(drill: Drill, rng: random.Random) -> None:
    first = len(drill.load.troubles)
    behaviours = rng.sample(BEHAVIOURS, len(BEHAVIOURS))
    staged = dict(zip(drill.coming_refunds(len(behaviours)), behaviours, strict=True))
    for order_id, behaviour in staged.items():
        drill.stage.provider.stage(order_id, behaviour)
    await drill.orders(2 * len(behaviours) + 1)
    await drill.quiet()
    for _ in range(2):  # what is not answered is asked about, and what is absent is asked for again
        await drill.stage.set_clock(await drill.stage.now() + ANSWER_WITHIN)
        await drill.quiet()
        for order_id in [o for o, behaviour in staged.items() if behaviour == "silent"]:
            drill.stage.provider.stage(order_id, "prompt")
    await drill.stage.set_clock(await drill.stage.now() + ANSWER_WITHIN)
    await drill.quiet()

    told = {t.order_id: t for t in drill.load.troubles[first:]}
    for order_id, behaviour in staged.items():
        books = drill.stage.provider.of_order(order_id)
        assert (behaviour, books["carried_out"]) == (behaviour, 0 if behaviour in ENDS_FAILED else 1)
        refunded, frozen = await drill.refunded(order_id), (await drill.ledger(order_id)).frozen
        tales = 2 if behaviour == "twofold" else 1
        assert (behaviour, refunded, frozen) == (behaviour, tales * books["paid_out"], behaviour == "twofold")
        case = await drill.case(told[order_id].case_id)
        assert (behaviour, case.summary.state != "closed") == (behaviour, behaviour in ENDS_FAILED)
    assert await drill.judged() == []
    assert [await drill.effects(name, "unknown") for name in SERVICES] == [[]] * len(SERVICES)
