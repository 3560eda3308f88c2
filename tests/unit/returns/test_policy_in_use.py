"""A shop's own policy at work on its returns: given its facts, when somebody asks, then these events."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aftercare.shipping_issues.v1 import events_pb2

from chassis.domain import Invalid, NotFound
from chassis.work import Actor
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine, Authorisation, Goods
from services.returns.domain.identity import customer_returns_id_of
from services.returns.domain.policy import CustomerReturns
from services.returns.domain.receipt import ReceiptFact
from services.returns.neighbours import told_by_shipping
from tests.unit.returns.build import DAY, T0, line
from tests.unit.returns.policies import policy
from tests.unit.returns.world import SUE, World

OPEN = "open: window, clock: delivery, end: request, days: 30"
HOUR = timedelta(hours=1)


async def adopted(world: World, *clauses: str, version: str = "9", more: str = "") -> None:
    """The shop's policy is these clauses from now on."""
    rules = policy(*clauses, version=version, more=more)
    await world.run(lambda work: world.app.adopt_policy(work, "s1", rules, "text", world.now), SUE)


async def shop(*clauses: str, more: str = "", **order: object) -> World:
    """An American order under that policy, delivered two days ago."""
    world = World(now=T0 - 30 * DAY)
    await adopted(world, *clauses, more=more)
    world.now = T0
    usual = {"country": "US", "time_zone": "America/New_York", "placed_at": T0 - 6 * DAY}
    await world.order_told(line("l1", 3), **{**usual, **order})  # type: ignore[arg-type]  # an order's own fields
    await world.delivered()
    return world


async def test_what_is_adopted_is_kept_as_it_was_written_and_decides_what_is_ordered_from_then_on() -> None:
    """The decision names the version; an order of the day before is decided by the one before."""
    world = await shop(OPEN, "no: exclusion")
    case = await world.asked()
    (decision,) = case.decisions.values()
    assert case.state == "declined"
    assert (decision.policy, decision.policy_version, decision.facts["facts"]) == ("test", "9", "3")
    await world.order_told(line("l1", 1), placed_at=T0 - 31 * DAY, version=2, country="US")
    assert (await world.asked()).state == "authorised"
    assert [getattr(e, "text", None) for e in world.events if type(e).__name__ == "PolicyAdopted"][-1] == "text"


async def test_nobody_adopts_for_a_shop_that_is_not_theirs_nor_twice_under_one_name() -> None:
    """Refused; nothing is recorded."""
    world = await shop(OPEN)
    before = len(world.events)
    stranger = Actor("eve", frozenset({"supervisor"}), shops=frozenset({"s2"}))
    rules = policy(OPEN, version="10")
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.adopt_policy(work, "s1", rules, "", None), stranger)
    with pytest.raises(Invalid):
        await adopted(world, OPEN)
    assert len(world.events) == before


async def test_a_newer_version_decides_an_older_order_only_where_it_says_so_and_is_kinder() -> None:
    """First one that does not say so, then one that does, then one that says so and is stricter."""
    world = await shop("w: window, clock: delivery, end: request, days: 1")
    world.now += HOUR
    await adopted(world, OPEN, version="10")
    assert (await world.asked()).state == "declined"
    world.now += HOUR
    await adopted(world, OPEN, version="11", more="newer_if_kinder: true")
    kinder = await world.asked()
    assert kinder.state == "authorised"
    assert [d.policy_version for d in kinder.decisions.values()] == ["11"]
    world.now += HOUR
    await adopted(world, "no: exclusion", version="12", more="newer_if_kinder: true")
    assert [d.policy_version for d in (await world.asked()).decisions.values()] == ["11"]


async def test_what_is_not_worth_sending_stays_with_the_customer_and_can_be_refunded() -> None:
    """Kept at once, held from other returns, and an agent pays without goods, label or inspection."""
    world = await shop(OPEN, "keep: returnless, below: [15.00 EUR]", "f: fee, name: return_label, amount: [3.00 EUR]")
    case = await world.asked()
    unit = case.units["l1#1"]
    assert (unit.authorisation, unit.goods) == (Authorisation.AUTHORISED, Goods.KEPT_BY_CUSTOMER)
    assert (unit.offer.returnless, unit.offer.fees, case.waiting_on) == (True, (), "agent")
    assert world.order().units_in_returns == {"l1#1": str(case.id)}
    names = [type(e).__name__ for e in world.events]
    assert names.index("PromiseDecided") < names.index("UnitsKept")
    assert case.refundable(()) == ("l1#1",)
    case.require_refundable(("l1#1",), without_goods=False)


async def test_the_terms_of_a_promise_stand_in_its_event_and_on_the_unit() -> None:
    """Fees, remedies and the time of the refund, with what the customer is told."""
    world = await shop(
        OPEN,
        "f: fee, name: restocking, percent: 10",
        "r: remedies, allowed: [refund, exchange], preferred: exchange",
        "t: refund_at, at: receipt",
    )
    case = await world.asked()
    promised = next(e for e in world.events if type(e).__name__ == "PromiseDecided")
    offer = promised.verdicts[0].offer  # type: ignore[attr-defined]  # a PromiseDecided
    assert ([(fee.name, fee.amount.minor) for fee in offer.fees], offer.refund_at) == ([("restocking", 100)], "receipt")
    assert (case.units["l1#1"].offer, offer.preferred) == (offer, "exchange")
    assert case.units["l1#1"].customer_text.startswith("You can send it back. Restocking: 1.00 EUR.")


async def test_a_customers_returns_are_counted_once_each_and_only_where_a_policy_looks() -> None:
    """The third within the span is looked at by a person; without such a clause nothing is counted."""
    world = await shop(OPEN, "often: signal, signal: serial_returner, returns: 1, within_days: 30")
    states = []
    for _ in range(3):
        states.append((await world.asked()).state)
        world.now += DAY
    assert states == ["authorised", "authorised", "requested"]
    counted = world.memory.held[customer_returns_id_of("s1", "c1")]
    assert isinstance(counted, CustomerReturns) and len(counted.asked) == 3
    other = await shop(OPEN)
    await other.asked()
    assert customer_returns_id_of("s1", "c1") not in other.memory.held


async def test_goods_at_the_door_are_looked_at_like_a_return_that_was_asked_for_and_count_like_one() -> None:
    """Sending things back unannounced is no way round a sign."""
    world = await shop(OPEN, "often: signal, signal: serial_returner, returns: 1, within_days: 30")
    for number in ("r1", "r2", "r3"):
        fact = ReceiptFact(0, "", "o1", (ArrivedLine("1", "sku-l1", 1, line_id="l1"),), world.now)
        await world.run(lambda work, n=number, f=fact: world.app.receipt_told(work, "s1", n, f, by="warehouse"))  # type: ignore[misc]
    cases = [world.case(world.receipt(number).case_id) for number in ("r1", "r2", "r3")]
    seen = [(case.channel, case.units[f"l1#{n}"].authorisation) for n, case in enumerate(cases, 1)]
    assert seen == [("warehouse", Authorisation.AUTHORISED)] * 2 + [("warehouse", Authorisation.REQUESTED)]
    counted = world.memory.held[customer_returns_id_of("s1", "c1")]
    assert isinstance(counted, CustomerReturns) and list(counted.asked) == [str(case.id) for case in cases]


async def test_reports_of_parcels_that_did_not_come_are_counted_as_shipping_issues_tell_them() -> None:
    """Told twice, or changed and found again, a case counts once; a stranger's, another finding's and a late
    parcel's do not; the decision names the days it saw."""
    world = await shop(OPEN, "missing: signal, signal: item_not_received, reports: 1, within_days: 30")

    async def told(case_id: str, finding: str = "not_received", trouble: str = "not_received", who: str = "c1") -> None:
        for kind in (events_pb2.ShippingTroubleFound, events_pb2.ShippingTroubleChanged):
            m = kind(shop_id="s1", case_id=case_id, customer_id=who, finding=finding, trouble=trouble)
            m.occurred_at.FromDatetime(world.now)
            _, handle = told_by_shipping(world.app).handlers[kind.DESCRIPTOR.full_name]
            record = cast(Any, SimpleNamespace(message=m))
            await world.run(lambda work, record=record, handle=handle: handle(work, record))  # type: ignore[misc]

    await told("k1")
    await told("k2", finding="stalled")
    await told("k3", who="c2")
    await told("k4", who="")
    await told("k6", trouble="delay")
    before = len(world.events)
    await told("k1")
    assert len(world.events) == before
    assert (await world.asked()).state == "authorised"
    await told("k5")
    case = await world.asked()
    (decision,) = case.decisions.values()
    assert (case.state, decision.facts["l1#2.not_received_before"].count(",")) == ("requested", 1)
    counted = world.memory.held[customer_returns_id_of("s1", "c1")]
    assert isinstance(counted, CustomerReturns) and (set(counted.not_received), counted.asked) == ({"k1", "k5"}, {})


async def test_a_proof_that_was_given_with_the_request_counts() -> None:
    world = await shop(OPEN, "photo: proof, needs: [photo]")
    assert (await world.asked()).state == "requested"
    assert (await world.asked(Item("l1", 1, "too_small", proofs=("photo",)))).state == "authorised"


async def test_tier_channel_and_tender_of_the_order_reach_the_policy() -> None:
    world = await shop(OPEN, "no: exclusion, not_tiers: [gold]", customer_tier="gold", channel="app")
    case = await world.asked()
    (decision,) = case.decisions.values()
    assert (case.state, decision.facts["l1#1.tier"], decision.facts["l1#1.channel"]) == ("authorised", "gold", "app")


async def test_another_article_in_the_box_is_looked_at_by_a_person() -> None:
    """Two were to come, one came with a stranger beside it: the fact is the receipt's, nobody is declined by it."""
    world = await shop(OPEN, "swap: signal, signal: wrong_item")
    case = await world.asked(Item("l1", 2, "too_small"))
    await world.received(case, ArrivedLine("1", "sku-l1", 1), ArrivedLine("2", "another-sku", 1))
    await world.inspected(case)
    unit = world.case(case.id).units["l1#1"]
    assert (unit.contradicts, unit.authorisation) == (
        "Seen: wrong item. A person looks at it.",
        Authorisation.AUTHORISED,
    )


async def test_goods_stated_sealed_and_found_used_are_a_mismatch_that_is_seen() -> None:
    """Advisory: the return waits on a person, and its decision names the clause."""
    world = await shop(OPEN, "other: signal, signal: condition_mismatch")
    case = await world.asked(Item("l1", 1, "too_small", stated_condition="sealed"))
    await world.received(case)
    await world.inspected(case, Finding("l1#1", "used", "customer", "hold"))
    found = list(world.case(case.id).decisions.values())[-1]
    assert [(c.id, c.verdict) for c in found.clauses] == [("other", "limits")]
    assert (world.case(case.id).waiting_on, found.outcome) == ("agent", "person 1")


async def test_a_window_that_ends_with_sending_is_held_against_the_day_it_was_received() -> None:
    """Promised, and received eleven days later: a person decides."""
    world = await shop("w: window, clock: notice, end: receipt, days: 10")
    case = await world.asked()
    world.now += 11 * DAY
    await world.received(case)
    await world.inspected(case)
    assert world.case(case.id).units["l1#1"].contradicts.endswith("received back on 2026-03-13.")
    assert world.case(case.id).waiting_on == "agent"
