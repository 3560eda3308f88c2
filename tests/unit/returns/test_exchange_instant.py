"""Instant exchange: new goods before the old ones are back. Nobody is charged who did not agree to it."""

import pytest

from chassis.service import Failed, Succeeded
from services.returns.application.exchange_requests import CHARGE_EFFECT, EXCHANGE_ORDER
from services.returns.domain.case import Exchange, ReturnCase, Stage
from services.returns.domain.errors import ConsentNeeded
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import DAY, eur
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import CUSTOMER, SUE


async def sent_out(known: Shop, consent: str, price: int = 1400) -> tuple[ReturnCase, Exchange]:
    """The new goods are ordered before the old one was sent."""
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, price, instant=True, consent=consent)
    await known.keeps(asked, price)
    assert known.asked(EXCHANGE_ORDER) == [f"{asked.exchange_id}.o1"]
    await known.makes_order(known.latest(case))
    return known.world.case(case.id), known.latest(case)


async def late(known: Shop, case: ReturnCase) -> Exchange:
    """The time to send the old unit is over."""
    due = known.latest(case).return_by
    assert due is not None
    known.world.now = due
    await known.world.fire("exchange_due", case.id, known.latest(case).exchange_id)
    return known.latest(case)


async def settle(known: Shop, case: ReturnCase, decision: str, **values: object) -> Exchange:
    at = known.latest(case).exchange_id
    app = known.world.app
    await known.world.run(
        lambda work: app.settle_unreturned(work, case.id, at, decision, "called", **values),  # type: ignore[arg-type]
        SUE,
    )
    return known.latest(case)


async def captured(known: Shop, minor: int) -> None:
    fact = PaymentFact(PaymentKind.CAPTURED, "chg", "card", known.money(minor), known.world.now)
    await known.world.run(lambda work: known.world.app.payment_told(work, "s1", "o2", fact))


async def test_the_old_unit_comes_back_in_time_and_nothing_is_charged() -> None:
    """Sent, received, inspected: the exchange is over, and the difference is paid only now."""
    known = shop()
    case, _ = await sent_out(known, "phone", price=700)
    assert known.statement() == (0, 0, 1000)
    assert case.awaited_until() is None
    await known.came_back(case)
    assert known.statement() == (0, 300, 700)
    await known.money_moves()
    assert known.world.case(case.id).state == "exchanged"
    assert known.asked(CHARGE_EFFECT) == []
    assert not known.ledger().owed_back


async def test_unreturned_with_consent_is_charged_what_was_carried_over_and_both_are_paid() -> None:
    """10.00 for the old, 4.00 and 10.00 for the new: each is entitled to what was paid for it, and no more."""
    known = shop()
    case, _ = await sent_out(known, "phone")
    charging = await late(known, case)
    assert charging.stage is Stage.CHARGING
    (effect,) = known.world.effects(CHARGE_EFFECT)
    assert (effect.body["order_id"], effect.body["minor"], effect.body["consent"]) == ("o2", 1000, "phone")
    await known.answers(effect.key, Succeeded("chg"))
    await captured(known, 1000)
    assert known.latest(case).stage is Stage.CHARGED
    assert known.statement("o1") == (0, 0, 1000)
    assert known.statement("o2") == (0, 0, 1400)
    assert known.world.case(case.id).state == "exchanged"
    assert known.world.case(case.id).closed_at is not None


async def test_a_later_version_of_the_order_that_says_the_same_counts_once() -> None:
    """The shop lowers exchange_value by what was charged: the entitlement stays what was paid."""
    known = shop()
    case, at = await sent_out(known, "phone")
    key = f"{(await late(known, case)).exchange_id}.c1"
    await known.answers(key, Succeeded("chg"))
    await captured(known, 1000)
    await known.makes_order(at, version=2)
    assert sum(e.amount.minor for e in known.ledger("o2").entitlements.values()) == 1400
    await known.makes_order(at, version=3, carried=0)
    assert sum(e.amount.minor for e in known.ledger("o2").entitlements.values()) == 1400


async def test_unreturned_without_consent_is_a_persons_matter() -> None:
    """Nothing is asked of the payment system; the return waits on an agent, in the escalations."""
    known = shop()
    case, _ = await sent_out(known, "")
    assert (await late(known, case)).stage is Stage.TO_CHARGE
    assert known.asked(CHARGE_EFFECT) == []
    waiting = known.world.case(case.id)
    assert (waiting.waiting_on, waiting.queue) == ("agent", "escalations")
    before = len(known.world.events)
    with pytest.raises(ConsentNeeded):
        await settle(known, case, "charge")
    assert len(known.world.events) == before
    charging = await settle(known, case, "charge", consent="phone")
    assert (charging.stage, charging.consent and charging.consent.by) == (Stage.CHARGING, "sue")


async def test_a_person_waits_longer_or_leaves_it() -> None:
    """More time arms the timer again; leaving it ends the exchange, and the customer has both."""
    known = shop()
    case, _ = await sent_out(known, "")
    await late(known, case)
    waiting = await settle(known, case, "wait", until=known.world.now + 5 * DAY)
    assert (waiting.stage, waiting.return_by) == (Stage.PLACED, known.world.now + 5 * DAY)
    assert (await late(known, case)).stage is Stage.TO_CHARGE
    assert (await settle(known, case, "leave")).stage is Stage.LEFT
    assert known.world.case(case.id).state == "exchanged"
    assert known.statement() == (0, 0, 1000)


async def test_a_charge_that_is_declined_goes_to_a_person() -> None:
    """The card says no: nobody tries again by himself."""
    known = shop()
    case, _ = await sent_out(known, "phone")
    key = f"{(await late(known, case)).exchange_id}.c1"
    await known.answers(key, Failed("card_declined"))
    assert (known.latest(case).stage, known.latest(case).asks_person) == (Stage.TO_CHARGE, "card_declined")
    again = await settle(known, case, "charge")
    assert known.asked(CHARGE_EFFECT) == [key, f"{again.exchange_id}.c2"]


async def test_on_its_way_is_not_unreturned() -> None:
    """The carrier has it: no timer wants to charge."""
    known = shop()
    case, at = await sent_out(known, "phone")
    await known.world.run(lambda work: _sent(known, work, case))
    known.world.now = (at.return_by or known.world.now) + DAY
    await known.world.fire("exchange_due", case.id, at.exchange_id)
    assert known.latest(case).stage is Stage.PLACED
    assert [t for _, t in known.world.timers() if t.kind == "exchange_due"] == []


async def _sent(known: Shop, work: object, case: ReturnCase) -> None:
    held = await work.get(ReturnCase, case.id)  # type: ignore[attr-defined]
    held.sent((), "p9", in_transit=True, at=known.world.now)


async def test_what_was_charged_for_and_comes_back_all_the_same_is_paid_back_like_any_return() -> None:
    """Received after the charge: the old unit has its own 10.00 again, and not a cent more."""
    known = shop()
    case, _ = await sent_out(known, "phone")
    await known.answers(f"{(await late(known, case)).exchange_id}.c1", Succeeded("chg"))
    await captured(known, 1000)
    await known.came_back(case)
    await refund(known.world, case, units=("l1#1",))
    await known.money_moves()
    assert (known.statement("o1"), known.statement("o2")) == ((1000, 0, 0), (0, 0, 1400))


async def test_a_customer_gets_goods_first_only_with_consent() -> None:
    """The refusal writes nothing; with the consent it is recorded with its instant."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    before = len(known.world.events)
    with pytest.raises(ConsentNeeded):
        await known.exchange(case, 1000, CUSTOMER, instant=True)
    assert len(known.world.events) == before
    asked = await known.exchange(case, 1000, CUSTOMER, instant=True, consent="self_service")
    assert asked.consent is not None
    assert (asked.consent.at, asked.consent.how, asked.money.carried) == (known.world.now, "self_service", eur(1000))
