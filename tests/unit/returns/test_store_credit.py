"""Store credit instead of money: issued in the shop's wallet by an effect, bound by the same ledger."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.domain import DomainError
from chassis.service import Failed, Succeeded
from services.returns.application.common import CREDIT_EFFECT
from services.returns.domain.errors import NothingLeft, RemedyNotOffered
from services.returns.domain.ledger import WALLET, Book, Way
from services.returns.domain.ledger.statement import statement_of
from tests.unit.returns.build import HOLD, T0, ask, ledger
from tests.unit.returns.exchanging import Shop, refund, shop


async def credited(known: Shop, remedy: str = "refund", store_credit: bool = True) -> str:
    """A unit of 10.00 came back, and is given back as credit; the request's key."""
    await known.sold(1000)
    case = await known.returned(remedy=remedy)
    await known.came_back(case)
    await refund(known.world, case, store_credit=store_credit)
    (effect,) = known.world.effects(CREDIT_EFFECT)
    assert effect.body["customer_id"] == "c1"
    return effect.key


async def test_credit_is_issued_once_and_settles_by_the_wallets_word() -> None:
    """Planned in the deciding unit; its answer settles it, twice it changes nothing; no tender is touched."""
    known = shop()
    key = await credited(known)
    assert known.statement() == (0, 1000, 0)
    (transfer,) = known.ledger().transfers.values()
    assert (transfer.way, transfer.tender_id, transfer.capture_id) == (Way.CREDIT, WALLET, "")
    assert known.world.effects("refund") == []
    await known.world.run(lambda work: work.effect_fact(CREDIT_EFFECT, key, Succeeded("wal-1")))
    before = len(known.world.events)
    await known.world.run(lambda work: work.effect_fact(CREDIT_EFFECT, key, Succeeded("wal-1")))
    assert len(known.world.events) == before
    assert known.statement() == (1000, 0, 0)
    assert [case.state for case in known.order_cases()] == ["refunded"]


async def test_a_return_that_was_asked_for_as_credit_is_paid_so() -> None:
    """The remedy of the request holds without being said again."""
    known = shop()
    await credited(known, remedy="store_credit", store_credit=False)


async def test_credit_that_the_wallet_refuses_is_free_to_be_given_in_another_way() -> None:
    """The claim is released by itself, and the card can be paid back; never both."""
    known = shop()
    key = await credited(known)
    await known.world.run(lambda work: work.effect_fact(CREDIT_EFFECT, key, Failed("wallet_closed")))
    assert known.statement() == (0, 0, 1000)
    case = next(iter(known.order_cases()))
    assert case.waiting_on == "agent"
    await refund(known.world, case, units=("l1#1",))
    await known.money_moves()
    assert known.statement() == (1000, 0, 0)


async def test_what_is_not_offered_is_not_issued() -> None:
    """The policy offers money alone; nothing is written."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    await known.came_back(case)
    unit = known.world.case(case.id).units["l1#1"]
    known.world.case(case.id).units["l1#1"] = replace(unit, offer=replace(unit.offer, remedies=("refund",)))
    before = len(known.world.events)
    with pytest.raises(RemedyNotOffered):
        await refund(known.world, case, store_credit=True)
    assert len(known.world.events) == before


def test_credit_and_money_together_stay_within_what_was_taken() -> None:
    """6.00 as credit leave 4.00 of the card's 10.00, and the other way round."""
    known = ledger({"l1#1": 1000})
    common: dict[str, Any] = {"requester": "returns", "subjects": ("l1#1",)}
    known.reserve(replace(ask("k1", **common), amount=known.books.money(600), tender_id=WALLET), hold=HOLD, at=T0)
    assert known.books.tills.available().minor == 400
    for key, tender in (("k2", ""), ("k3", WALLET)):
        with pytest.raises(NothingLeft):
            known.reserve(
                replace(ask(key, **common), amount=known.books.money(401), tender_id=tender), hold=HOLD, at=T0
            )
    known.reserve(replace(ask("k4", **common), amount=known.books.money(400)), hold=HOLD, at=T0)
    statement = statement_of(known.books)
    assert (statement.pending, statement.left, statement.closes) == (1000, 0, True)
    with pytest.raises(DomainError):
        known.reserve(replace(ask("k5", Book.RESTITUTION, **common), tender_id=WALLET), hold=HOLD, at=T0)


async def test_an_exchanged_unit_becomes_credit_out_of_every_order_it_was_paid_with() -> None:
    """10.00 and 4.00 on top: two requests to one wallet, 14.00 together."""
    known = shop()
    await known.exchanged(1000, 1400)
    case = await known.returned("o2", remedy="store_credit")
    await known.came_back(case)
    receipt = await refund(known.world, case)
    assert receipt.facts["amount"] == "1400 EUR"
    assert sorted(effect.body["minor"] for effect in known.world.effects(CREDIT_EFFECT)) == [400, 1000]
