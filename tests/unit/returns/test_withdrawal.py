"""The notice: given what happened, when somebody withdraws, then what is effective and what is not."""

from datetime import UTC, datetime

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.application.noticing import Withdrawn
from services.returns.domain.errors import AlreadyWithdrawn
from services.returns.domain.law import Whereabouts
from services.returns.domain.ledger import Book
from tests.unit.returns.build import DAY, ask, eur, line, shipping, units
from tests.unit.returns.withdrawing import ALL, noticed, on_the_way, rules, shop
from tests.unit.returns.world import CUSTOMER, STRANGER


async def test_the_first_step_alone_withdraws_from_nothing() -> None:
    """Declared: no notice, no unit taken, nothing told to anybody."""
    world = await shop()
    receipt = await world.run(lambda work: world.app.declare_withdrawal(work, "s1", "o1", ALL), CUSTOMER)
    known = world.withdrawal(receipt.id)
    assert (receipt.facts, known.state, known.waiting_on) == ({"state": "declared"}, "declared", "")
    assert (world.order().withdrawn, world.order().units_in_returns) == ({}, {})
    assert world.tell("WithdrawalAcknowledged") == []


async def test_the_second_step_is_the_notice_and_is_acknowledged_with_content_date_and_time() -> None:
    """Effective at once for all three; confirming again is the same notice."""
    world = await shop()
    receipt = await world.run(lambda work: world.app.declare_withdrawal(work, "s1", "o1", ALL), CUSTOMER)
    known = world.withdrawal(receipt.id)
    first = await world.run(lambda work: world.app.confirm_withdrawal(work, known.id), CUSTOMER)
    noticed_at = world.now
    world.now += DAY
    again = await world.run(lambda work: world.app.confirm_withdrawal(work, known.id), CUSTOMER)
    assert first == again
    assert first.facts == {
        "state": "awaiting_goods",
        "noticed_at": noticed_at.isoformat(),
        "effective": "3",
        "not_effective": "0",
        "send_back_by": "2026-03-16",
        "repay_by": "2026-03-16",
    }
    (told,) = world.tell("WithdrawalAcknowledged")
    assert [(units.line_id, list(units.units)) for units in told.units] == [("l1", [1, 2, 3])]
    assert told.noticed_at.ToDatetime(UTC) == told.occurred_at.ToDatetime(UTC) == noticed_at


async def test_somebody_elses_withdrawal_does_not_exist() -> None:
    world = await shop()
    known = await noticed(world)
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.confirm_withdrawal(work, known.id), STRANGER)
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.declare_withdrawal(work, "s1", "o1", ALL), STRANGER)


async def test_notice_is_possible_before_delivery_and_money_is_then_owed_at_once() -> None:
    """Nothing can be held back for goods that never left; the shipping is paid back as well, and nobody is asked."""
    world = await shop(line("l1", 2), components=(shipping(490),), days_ago=None)
    known = await noticed(world)
    assert (known.state, known.payable, known.to_send) == ("repaying", (), ())
    assert [repayment.amount for repayment in known.repayments.values()] == [eur(2490)]
    assert len(world.effects()) == 1


async def test_what_comes_after_the_notice_is_to_be_sent_back_fourteen_days_from_then() -> None:
    world = await shop(days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    assert (known.state, world.effects()) == (
        "to_repay",
        [],
    )  # what has left is nobody's yet
    world.now += 4 * DAY
    await world.delivered(0)
    known = world.withdrawal(known.id)
    assert (known.state, known.send_back_by) == ("awaiting_goods", datetime(2026, 3, 20, 23, tzinfo=UTC))
    assert {unit.where for unit in known.units.values()} == {Whereabouts.WITH_CUSTOMER}


async def test_a_partial_notice_takes_the_named_units_only() -> None:
    """The rest may still be returned, or withdrawn from later; nobody withdraws from a unit twice."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1, (2,)))
    assert (known.effective, known.whole) == (("l1#2",), False)
    assert world.order().withdrawn == {"l1#2": str(known.id)}
    with pytest.raises(AlreadyWithdrawn):
        await noticed(world, Withdrawn("l1", 3))
    later = await noticed(world)
    assert (later.effective, later.whole) == (("l1#1", "l1#3"), True)


async def test_more_than_was_sold_cannot_be_named() -> None:
    world = await shop()
    with pytest.raises(Invalid):
        await noticed(world, Withdrawn("l1", 4))


async def test_a_letter_counts_from_when_it_was_sent() -> None:
    """Sending within the period suffices: written down on the seventeenth day, posted on the thirteenth."""
    world = await shop(days_ago=17)
    for impossible in (world.now + DAY, world.now - 90 * DAY):
        with pytest.raises(Invalid):
            await noticed(world, noticed_at=impossible)
    known = await noticed(world, noticed_at=world.now - 4 * DAY, channel="letter")
    assert rules(known) == {"l1#1": "effective", "l1#2": "effective", "l1#3": "effective"}


async def test_a_notice_out_of_time_becomes_a_goodwill_return_with_a_clear_word() -> None:
    """Not refused, not effective: the shop's own policy is asked in the same unit, and the rule is named."""
    world = await shop(days_ago=17)
    known = await noticed(world, Withdrawn("l1", 1))
    assert (known.state, known.is_open, known.outcome) == ("goodwill", False, "goodwill")
    ruling = known.units["l1#1"].ruling
    assert ruling is not None
    assert (ruling.rule, ruling.text) == (
        "out_of_time",
        "The period ended on 2026-02-27.",
    )
    assert known.return_id, "nobody was asked"
    case = world.case(known.return_id)
    assert (list(case.units), case.asked_at) == (["l1#1"], world.now)
    (told,) = world.tell("WithdrawalNotEffective")
    assert (told.rule, told.return_id) == ("out_of_time", known.return_id)
    assert world.tell("WithdrawalAcknowledged") == []


@pytest.mark.parametrize(
    ("tags", "condition", "rule"),
    [
        (("made-to-measure",), "", "excepted"),
        (("made-to-measure",), "sealed", "excepted"),
        (("final-sale",), "", "effective"),
        ((), "used", "effective"),
    ],
)
async def test_the_law_alone_leaves_goods_out(tags: tuple[str, ...], condition: str, rule: str) -> None:
    """What the shop marks as made to measure; never what is merely on final sale, opened or used."""
    world = await shop(line("l1", 1, tags=tags))
    known = await noticed(world, Withdrawn("l1", 1, stated_condition=condition))
    ruling = known.units["l1#1"].ruling
    assert ruling is not None
    assert ruling.rule == rule
    assert ("Article 16(c)" in ruling.source) == (rule == "excepted")


async def test_outside_the_member_states_the_shops_own_policy_is_asked() -> None:
    world = await shop(country="US", time_zone="America/New_York")
    known = await noticed(world, Withdrawn("l1", 1))
    assert (rules(known), known.state) == ({"l1#1": "no_right"}, "goodwill")
    assert list(world.case(known.return_id).units) == ["l1#1"]


async def test_a_notice_is_taken_whatever_was_given_back_for_a_unit() -> None:
    """Too late by law for goods that another service paid for: the notice stands, and is passed on as asking."""
    world = await shop(days_ago=40)
    given = ask("lost", Book.RESTITUTION, units=units("l1", 1))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", given))
    known = await noticed(world)
    assert known.noticed_at == world.now
    assert set(known.units) == {"l1#1", "l1#2", "l1#3"}
