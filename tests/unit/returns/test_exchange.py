"""Exchange: asked, kept by the shop, ordered when the old unit is back, and the difference paid either way."""
# long: every step and refusal of one exchange, in the order of its life

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from chassis.domain import DomainError, Money, NotFound
from chassis.effects.events import EffectPlanned
from services.returns.application.exchange_requests import (
    EXCHANGE_ORDER,
    EXCHANGE_RELEASE,
    EXCHANGE_RESERVE,
)
from services.returns.domain.case import Stage
from services.returns.domain.errors import (
    ExchangeUnderWay,
    NothingLeft,
    RemedyNotOffered,
    UnitNotInReturn,
    UnknownExchange,
    WrongStage,
)
from tests.unit.returns.build import eur
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER


async def refused(known: Shop, error: type[DomainError], decide: Awaitable[Any]) -> DomainError:
    """The refusal, which has written nothing."""
    before = len(known.world.events)
    with pytest.raises(error) as found:
        await decide
    assert len(known.world.events) == before
    return found.value


async def test_the_worth_is_reserved_and_the_shop_is_asked_in_one_unit() -> None:
    """Given an authorised unit of 10.00, when it is exchanged for one of 14.00: a claim of goods, and one request."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1400)
    assert asked.stage is Stage.ASKED
    assert (asked.money.carried, asked.money.on_top, asked.money.back) == (eur(1000), eur(400), eur(0))
    (claim,) = known.ledger().claims.values()
    assert (claim.ask.action, claim.parts[0].amount) == ("exchange", eur(1000))
    assert known.asked(EXCHANGE_RESERVE) == [asked.exchange_id]
    assert known.statement() == (0, 0, 0)
    assert known.world.case(case.id).waiting_on == "shop"


async def test_a_dearer_one_is_ordered_when_the_old_one_is_back_and_stands_for_it() -> None:
    """10.00 carried, 4.00 on top: the first order keeps 10.00 for the new unit, the new one 4.00."""
    known = shop()
    case, done = await known.exchanged(1000, 1400)
    assert done.stage is Stage.PLACED
    assert known.asked(EXCHANGE_ORDER) == [f"{done.exchange_id}.o1"]
    assert known.ledger().carriers == {"l1#1": "o2/l1#1"}
    assert known.statement("o1") == (0, 0, 1000)
    assert known.statement("o2") == (0, 0, 400)
    assert (case.state, case.closed_at is not None) == ("exchanged", True)


async def test_of_a_cheaper_one_the_difference_is_paid_back_once() -> None:
    """10.00 for 7.00: 3.00 go back by the card of the first order, 7.00 stand for the new unit."""
    known = shop()
    case, done = await known.exchanged(1000, 700)
    assert known.statement("o1") == (0, 300, 700)
    assert known.world.case(case.id).waiting_on == "provider"
    await known.money_moves()
    assert known.statement("o1") == (300, 0, 700)
    assert known.statement("o2") == (0, 0, 0)
    assert known.world.case(case.id).state == "exchanged"
    await known.makes_order(done, version=2)
    await known.world.run(lambda work: known.world.app.exchanges_on(work, known.world.case(case.id)))
    assert len(known.ledger().transfers) == 1


async def test_an_equal_one_moves_no_money() -> None:
    """Another size: nothing on top, nothing back."""
    known = shop()
    case, _ = await known.exchanged(1000, 1000)
    assert known.statement("o1") == (0, 0, 1000)
    assert not known.ledger("o1").transfers
    assert not known.ledger("o2").transfers
    assert case.state == "exchanged"


async def test_the_order_is_asked_for_only_when_the_unit_is_back() -> None:
    """Reserved alone orders nothing; received and not inspected neither."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1000)
    await known.keeps(asked, 1000)
    assert known.asked(EXCHANGE_ORDER) == []
    await known.received(case, "r1")
    assert known.asked(EXCHANGE_ORDER) == []
    app = known.world.app
    await refused(
        known,
        WrongStage,
        known.world.run(lambda work: app.place_exchange(work, case.id, asked.exchange_id), ANN),
    )
    await known.came_back(case, "r1")
    assert known.asked(EXCHANGE_ORDER) == [f"{asked.exchange_id}.o1"]


async def test_the_shop_has_none_and_the_unit_is_free_for_another_remedy() -> None:
    """Out of stock: nothing is reserved any more, and another variant or money can be asked for."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1000)
    await known.refuses(asked.exchange_id)
    off = known.latest(case)
    assert (off.stage, off.reason) == (Stage.REFUSED, "out_of_stock")
    assert known.statement() == (0, 0, 1000)
    (told,) = known.world.tell("ExchangeOff")
    assert (told.outcome, told.reason) == ("refused", "out_of_stock")
    second = await known.exchange(case, 900, sku="sku-other", actor=CUSTOMER)
    await known.refuses(second.exchange_id)
    await known.came_back(case)
    await refund(known.world, case)
    assert known.statement() == (0, 1000, 0)


async def test_silence_becomes_a_persons_task_and_a_late_answer_counts() -> None:
    """Nothing heard in time: the return waits on an agent in the escalations; then the shop answers after all."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1000)
    (effect,) = known.world.effects(EXCHANGE_RESERVE)
    await known.world.effect_moved(effect, "unknown", "NO_ANSWER")
    waiting = known.world.case(case.id)
    assert (waiting.waiting_on, waiting.queue) == ("agent", "escalations")
    assert known.latest(case).stage is Stage.UNANSWERED
    await known.keeps(asked, 1000)
    assert known.latest(case).stage is Stage.RESERVED
    assert known.world.case(case.id).waiting_on == "customer"


async def test_another_price_than_was_shown_waits_for_the_customers_word() -> None:
    """Shown 12.00, named 14.00: nothing is ordered, although the unit is back, before the customer agrees."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1200)
    await known.keeps(asked, 1400)
    await known.came_back(case)
    assert known.latest(case).stage is Stage.TO_AGREE
    assert known.world.case(case.id).waiting_on == "customer"
    assert known.asked(EXCHANGE_ORDER) == []
    app = known.world.app
    await known.world.run(lambda work: app.agree_to_exchange(work, case.id, asked.exchange_id), CUSTOMER)
    assert known.asked(EXCHANGE_ORDER) == [f"{asked.exchange_id}.o1"]
    assert known.latest(case).money.on_top == eur(400)


async def test_what_the_shop_keeps_no_longer_lapses_and_is_free() -> None:
    """The reservation's end is a timer; asked before it, it changes nothing."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1000)
    await known.keeps(asked, 1000, days=3)
    wanted = [t for _, t in known.world.timers() if t.kind == "exchange_due"]
    assert [(t.key, (t.due_at - known.world.now).days) for t in wanted] == [(asked.exchange_id, 3)]
    before = len(known.world.events)
    await known.world.fire("exchange_due", case.id, asked.exchange_id)
    assert len(known.world.events) == before
    known.world.now = wanted[0].due_at
    await known.world.fire("exchange_due", case.id, asked.exchange_id)
    assert known.latest(case).stage is Stage.LAPSED
    assert known.statement() == (0, 0, 1000)
    await known.keeps(asked, 1000)
    assert known.latest(case).stage is Stage.LAPSED


async def test_the_money_of_an_exchange_is_told_without_writing() -> None:
    """What `validate_only` answers with is the receipt of the same decision; nothing is committed for it."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    app = known.world.app

    async def only() -> None:
        async def decide(work: Any) -> None:
            receipt = await app.exchange_unit(work, case.id, "l1#1", "sku-new", eur(700))
            assert {n: receipt.facts[n] for n in ("worth", "price", "carried", "on_top", "back")} == {
                "worth": "1000 EUR",
                "price": "700 EUR",
                "carried": "700 EUR",
                "on_top": "0 EUR",
                "back": "300 EUR",
            }
            raise NotFound("commit", "validate_only")

        await known.world.run(decide, CUSTOMER)

    await refused(known, NotFound, only())


async def test_one_exchange_at_a_time() -> None:
    """A second exchange and a refund of a unit that is being exchanged are refused; the refund says who has it."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    await known.exchange(case, 1000)
    await refused(known, ExchangeUnderWay, known.exchange(case, 900))
    await known.came_back(case)
    error = await refused(known, NothingLeft, refund(known.world, case, units=("l1#1",)))
    assert "in_kind" in error.message


async def test_what_cannot_be_exchanged() -> None:
    """Not in the return, not authorised, in another currency, of somebody else, or already refunded."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    app, world = known.world.app, known.world

    def ask(unit: str = "l1#1", money: Money | None = None, actor: Any = ANN) -> Awaitable[Any]:
        price = money or eur(1000)
        return world.run(lambda work: app.exchange_unit(work, case.id, unit, "sku-new", price), actor)

    await refused(known, UnitNotInReturn, ask("l9#1"))
    await refused(known, DomainError, ask(money=Money(1000, "USD")))
    await refused(known, NotFound, ask(actor=STRANGER))
    await known.came_back(case)
    await refund(world, case)
    await refused(known, WrongStage, ask())
    await refused(known, UnknownExchange, world.run(lambda work: app.cancel_exchange(work, case.id, "x9", "no"), ANN))


async def test_a_unit_that_does_not_come_back_is_not_exchanged() -> None:
    """Its return was cancelled: there is nothing to exchange."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    await known.world.run(lambda work: known.world.app.cancel(work, case.id, (), "asked"), ANN)
    await refused(known, DomainError, known.exchange(case, 1000))


async def test_what_is_not_offered_is_not_exchanged() -> None:
    """A policy that offers money alone for the unit: the refusal names what there is."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    unit = case.units["l1#1"]
    case.units["l1#1"] = replace(unit, offer=replace(unit.offer, remedies=("refund",)))
    await refused(known, RemedyNotOffered, known.exchange(case, 1000))


async def test_what_the_new_order_says_otherwise_is_a_persons_task_and_never_more_than_was_paid() -> None:
    """Agreed 10.00 carried, told 12.00: the ledgers hold what was paid, and an agent has to look."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1400)
    await known.keeps(asked, 1400)
    await known.came_back(case)
    await known.makes_order(known.latest(case), carried=1200)
    assert known.latest(case).differs == "other_value"
    assert known.world.case(case.id).queue == "escalations"
    assert (known.statement("o1"), known.statement("o2")) == ((0, 0, 1000), (0, 0, 200))


async def test_the_shop_refuses_the_order_and_the_unit_is_free() -> None:
    """The payment on top was declined: money or another exchange are open again."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1400)
    await known.keeps(asked, 1400)
    await known.came_back(case)
    await known.refuses(known.latest(case).order_key, "payment_declined")
    assert (known.latest(case).stage, known.latest(case).reason) == (Stage.REFUSED, "payment_declined")
    assert known.statement() == (0, 0, 1000)
    assert known.world.case(case.id).waiting_on == "agent"


async def test_a_return_that_is_cancelled_lets_its_exchange_go() -> None:
    """Asked and reserved only: the goods at the shop are let go of in the same unit."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1000)
    await known.keeps(asked, 1000)
    await known.world.run(lambda work: known.world.app.cancel(work, case.id, (), "kept"), CUSTOMER)
    assert known.latest(case).stage is Stage.CANCELLED
    assert known.asked(EXCHANGE_RELEASE) == [f"{asked.exchange_id}.r"]
    assert known.world.case(case.id).state == "cancelled"
    assert known.statement() == (0, 0, 1000)


async def test_every_request_is_planned_once() -> None:
    """The shop's answer twice, the order twice: one effect for each step."""
    known = shop()
    _, done = await known.exchanged(1000, 700)
    await known.keeps(done, 700)
    await known.makes_order(done, version=3)
    planned = [e for e in known.world.events if isinstance(e, EffectPlanned)]
    assert len(planned) == len({(e.kind, e.key) for e in planned})
    assert len(known.asked(EXCHANGE_RESERVE)) == len(known.asked(EXCHANGE_ORDER)) == 1
