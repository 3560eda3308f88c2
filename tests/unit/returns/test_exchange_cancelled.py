"""An exchange that is called off half-way, at every step: what was paid is free again, and nothing is paid twice."""

import pytest

from chassis.service import Failed, Succeeded
from services.returns.application.exchange_requests import (
    EXCHANGE_CANCEL,
    EXCHANGE_ORDER,
    EXCHANGE_RELEASE,
)
from services.returns.domain.case import Exchange, ReturnCase, Stage
from services.returns.domain.errors import WrongStage
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import CUSTOMER, SUE


async def asked(known: Shop, price: int = 1400) -> tuple[ReturnCase, Exchange]:
    await known.sold(1000)
    case = await known.returned()
    return case, await known.exchange(case, price)


async def ordered(known: Shop, price: int = 1400) -> tuple[ReturnCase, Exchange]:
    case, first = await asked(known, price)
    await known.keeps(first, price)
    await known.came_back(case)
    return case, known.latest(case)


async def cancel(known: Shop, case: ReturnCase) -> Exchange:
    at = known.latest(case)
    await known.world.run(
        lambda work: known.world.app.cancel_exchange(work, case.id, at.exchange_id, "changed_mind"), CUSTOMER
    )
    return known.latest(case)


async def test_before_the_shop_answered() -> None:
    """Free at once; the shop is told, and its late word changes nothing."""
    known = shop()
    case, first = await asked(known)
    assert (await cancel(known, case)).stage is Stage.CANCELLED
    assert known.statement() == (0, 0, 1000)
    assert known.asked(EXCHANGE_RELEASE) == [f"{first.exchange_id}.r"]
    await known.keeps(first, 1400)
    assert known.latest(case).stage is Stage.CANCELLED
    await known.came_back(case)
    assert known.asked(EXCHANGE_ORDER) == []
    await refund(known.world, case)
    assert known.statement() == (0, 1000, 0)


async def test_after_the_shop_reserved() -> None:
    """Free at once; the shop lets go of what it keeps, by its own id of it."""
    known = shop()
    case, first = await asked(known)
    await known.keeps(first, 1400)
    assert (await cancel(known, case)).stage is Stage.CANCELLED
    (effect,) = known.world.effects(EXCHANGE_RELEASE)
    assert effect.body["reservation_id"] == known.latest(case).reservation_id != ""
    assert known.statement() == (0, 0, 1000)


async def test_while_the_order_is_asked_for_and_the_shop_refuses_it() -> None:
    """Reserved until the shop's word: then free."""
    known = shop()
    case, at = await ordered(known)
    assert (await cancel(known, case)).stage is Stage.CANCELLING
    assert known.statement() == (0, 0, 0)
    await known.answers(at.order_key, Failed("cancelled"))
    assert known.latest(case).stage is Stage.CANCELLED
    assert known.statement() == (0, 0, 1000)


async def test_while_the_order_is_asked_for_and_it_comes_all_the_same() -> None:
    """The new order is stopped in its turn; its end frees the old unit, and pays back what it was paid with."""
    known = shop()
    case, at = await ordered(known)
    await cancel(known, case)
    await known.makes_order(at)
    stopping = known.latest(case)
    assert (stopping.stage, stopping.new_order_id) == (Stage.CANCELLING, "o2")
    assert known.asked(EXCHANGE_CANCEL) == [f"{at.exchange_id}.k1"]
    await known.makes_order(at, version=2, cancelled_at=known.world.now)
    assert known.latest(case).stage is Stage.CANCELLED
    assert known.statement("o1") == (0, 0, 1000)
    assert known.statement("o2") == (0, 400, 0)
    await known.money_moves("o2")
    await refund(known.world, case)
    await known.money_moves("o1")
    assert (known.statement("o1"), known.statement("o2")) == ((1000, 0, 0), (400, 0, 0))
    assert known.world.case(case.id).state == "refunded"


async def test_after_the_new_order_exists() -> None:
    """Asked of the shop; its cancelled order frees the old unit, once however often it is told."""
    known = shop()
    case, at = await ordered(known)
    await known.makes_order(at)
    known.world.case(case.id)
    await known.makes_order(at, version=2, cancelled_at=known.world.now)
    await known.makes_order(at, version=3, cancelled_at=known.world.now)
    assert known.latest(case).stage is Stage.CANCELLED
    assert known.statement("o1") == (0, 0, 1000)
    assert known.statement("o2") == (0, 400, 0)


async def test_of_an_instant_one_after_the_new_order_exists() -> None:
    """The customer has the old unit and no new one: nothing is owed back, and the unit may come back for money."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    first = await known.exchange(case, 1000, instant=True)
    await known.keeps(first, 1000)
    await known.makes_order(known.latest(case))
    assert set(known.ledger().owed_back) == {"l1#1"}
    assert (await cancel(known, case)).stage is Stage.CANCELLING
    await known.makes_order(known.latest(case), version=2, cancelled_at=known.world.now)
    assert not known.ledger().owed_back
    await known.came_back(case)
    await refund(known.world, case)
    assert known.statement() == (0, 1000, 0)


async def test_too_late_the_parcel_has_left_and_the_exchange_stands() -> None:
    """The shop cannot stop it: what was agreed holds, a person sees it, and the goods can come back as a return."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    first = await known.exchange(case, 1000, instant=True)
    await known.keeps(first, 1000)
    await known.makes_order(known.latest(case))
    await cancel(known, case)
    await known.answers(f"{first.exchange_id}.k1", Failed("already_sent"))
    assert (known.latest(case).stage, known.latest(case).asks_person) == (Stage.PLACED, "already_sent")
    assert known.world.case(case.id).queue == "escalations"
    assert known.ledger().carriers == {"l1#1": "o2/l1#1"}


async def test_the_shops_done_and_its_order_may_come_in_any_order() -> None:
    """Only the order itself frees the unit: "done" alone changes nothing."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    first = await known.exchange(case, 1000, instant=True)
    await known.keeps(first, 1000)
    await known.makes_order(known.latest(case))
    await cancel(known, case)
    await known.answers(f"{first.exchange_id}.k1", Succeeded("o2"))
    assert known.latest(case).stage is Stage.CANCELLING
    await known.makes_order(known.latest(case), version=2, cancelled_at=known.world.now)
    assert known.latest(case).stage is Stage.CANCELLED


async def test_what_is_over_cannot_be_called_off() -> None:
    """Nothing is written."""
    known = shop()
    case, _ = await asked(known)
    await cancel(known, case)
    before = len(known.world.events)
    with pytest.raises(WrongStage):
        await cancel(known, case)
    with pytest.raises(WrongStage):
        await known.world.run(
            lambda work: known.world.app.settle_unreturned(work, case.id, known.latest(case).exchange_id, "leave", "x"),
            SUE,
        )
    assert len(known.world.events) == before
