"""People at the desk: they report, wait, note and close, and see only what is theirs."""

from datetime import datetime

import pytest

from chassis.domain import Invalid, NotFound
from chassis.work import Actor
from services.shipping_issues.domain.errors import DateHasPassed, OutcomeNotShown, ParcelHasArrived, RemedyUnderWay
from tests.unit.shipping_issues.build import DAY, HOUR, MONDAY
from tests.unit.shipping_issues.world import ANN, World

CUSTOMER = Actor("c-1", frozenset({"customer"}), customer_id="C-1")
STRANGER = Actor("c-2", frozenset({"customer"}), customer_id="C-2")
OTHER_SHOP = Actor("olga", frozenset({"agent"}), shops=frozenset({"other"}))


async def report(world: World, actor: Actor, finding: str = "not_received") -> None:
    await world.run(
        lambda work: world.app.report_trouble(work, "shop", "S-1", finding=finding, comment="where is it?"), actor
    )


async def wait(world: World, until: datetime) -> None:
    case_id = world.case().id
    await world.run(lambda work: world.app.wait(work, case_id, expect_by=until, reason="carrier asked"), ANN)


async def delivered_parcel() -> World:
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("a", MONDAY)
    await world.delivered("d", MONDAY + HOUR)
    world.now = MONDAY + DAY
    return world


async def test_delivered_but_not_received_opens_a_case_of_its_own() -> None:
    """The customer's word starts the first-response clock."""
    world = await delivered_parcel()
    await report(world, CUSTOMER)
    case = world.case()
    assert (case.trouble, case.finding, case.findings[0].noticed_by) == ("not_received", "not_received", "customer")
    first = case.clocks.of("first_response")
    assert first is not None and first.is_open
    assert world.tell("ShippingTroubleFound")[0].noticed_by == "customer"


async def test_said_again_it_stays_one_finding() -> None:
    """The second report is a message in the same case."""
    world = await delivered_parcel()
    await report(world, CUSTOMER)
    await report(world, ANN)
    assert len(world.case().findings) == 1 and len(world.case().messages) == 2


async def test_never_came_said_of_a_silent_parcel_is_the_story_of_its_delay() -> None:
    """No second case beside the stalled one."""
    world = World()
    await world.silent_parcel()
    await report(world, CUSTOMER)
    assert [found.finding for found in world.case().findings] == ["stalled", "not_received"]


async def test_the_delivery_known_before_does_not_close_the_report() -> None:
    """The carrier's word, repeated, is no news; a new attempt and its delivery are."""
    world = await delivered_parcel()
    await report(world, CUSTOMER)
    await world.scan("late", world.now + HOUR, "delivered")
    assert world.case().is_open
    await world.scan("again", world.now + 2 * HOUR, "out_for_delivery")
    await world.delivered("d2", world.now + 3 * HOUR)
    assert world.case().outcome == "delivered"


async def test_a_delivery_that_was_known_is_no_news_even_by_a_clock_that_runs_ahead() -> None:
    """The carrier's clock said five hours from now; the report came after it was known."""
    world = await delivered_parcel()
    await world.scan("again", MONDAY + 2 * HOUR, "out_for_delivery")
    await world.delivered("ahead", world.now + 5 * HOUR)
    await report(world, CUSTOMER)
    await world.order_told(version=2)
    assert world.case().is_open


@pytest.mark.parametrize("actor", [STRANGER, Actor("o", frozenset({"agent"}), shops=frozenset({"other"}))])
async def test_somebody_elses_parcel_is_not_there(actor: Actor) -> None:
    """Another customer's and another shop's look absent; nothing is written."""
    world = await delivered_parcel()
    written = len(world.events)
    with pytest.raises(NotFound):
        await report(world, actor)
    assert len(world.events) == written


async def test_a_customer_cannot_report_what_only_carriers_know() -> None:
    """The findings that can be reported are named."""
    world = await delivered_parcel()
    with pytest.raises(Invalid, match="damaged, not_received"):
        await report(world, CUSTOMER, "lost")


async def test_another_shops_case_is_not_there() -> None:
    """An agent of another shop cannot even note on it."""
    world = World()
    case = await world.silent_parcel()
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.add_note(work, case.id, text="x"), OTHER_SHOP)


async def test_waiting_tells_an_honest_date_and_comes_back() -> None:
    """The customer is told; when the date passes the case waits on an agent again."""
    world = World()
    await world.silent_parcel()
    await wait(world, world.now + DAY)
    (agreed,) = world.tell("WaitAgreed")
    assert agreed.trouble_id == str(world.case().id)
    assert (world.case().state, world.case().waiting_on) == ("waiting", "carrier")
    await world.pass_until(world.now + DAY)
    assert world.case().waits_until is None and world.case().waiting_on == "agent"


async def test_the_clock_alone_says_nothing_while_the_customer_waits() -> None:
    """She agreed to a date after the promise: its passing is no news; damage is."""
    world = World()
    await world.silent_parcel()
    await wait(world, MONDAY + 8 * DAY)
    told = len(world.told)
    await world.pass_until(MONDAY + 7 * DAY)
    assert len(world.told) == told and world.case().state == "waiting"
    await world.scan("b", world.now, "exception", "lost")
    assert world.tell("ShippingTroubleChanged")[-1].finding == "lost"
    assert world.case().waits_until is None


async def test_a_date_in_the_past_is_refused() -> None:
    """Nothing is written."""
    world = World()
    await world.silent_parcel()
    written = len(world.events)
    with pytest.raises(DateHasPassed):
        await wait(world, world.now)
    assert len(world.events) == written


async def test_an_outcome_needs_a_fact() -> None:
    """Nobody closes as delivered what was not; what is possible is named."""
    world = World()
    case = await world.silent_parcel()
    with pytest.raises(OutcomeNotShown, match="possible now: no_trouble, duplicate"):
        await world.run(lambda work: world.app.close_case(work, case.id, outcome="delivered"), ANN)
    await world.run(lambda work: world.app.close_case(work, case.id, outcome="no_trouble"), ANN)
    assert world.case().outcome == "no_trouble"


async def test_a_case_does_not_end_before_its_remedy() -> None:
    """The refusal names who does what."""
    world = World()
    case = await world.silent_parcel()
    await world.reship()
    with pytest.raises(RemedyUnderWay, match="the reship by ann is asked"):
        await world.run(lambda work: world.app.close_case(work, case.id, outcome="no_trouble"), ANN)


async def test_a_parcel_that_arrived_is_not_sent_again() -> None:
    """Reopened by hand-made trouble or not: the delivery is named."""
    world = World()
    case = await world.silent_parcel()
    await world.delivered("d", world.now)
    world.memory.held[case.id].reopen("customer called", by="ann", at=world.now)  # type: ignore[attr-defined]
    with pytest.raises(ParcelHasArrived, match="delivered at 2026-03-04"):
        await world.reship()


async def test_another_finding_reopens_what_was_no_trouble() -> None:
    """Closed as no trouble, then the promise is missed: the same case goes on."""
    world = World()
    case = await world.silent_parcel()
    await world.run(lambda work: world.app.close_case(work, case.id, outcome="no_trouble"), ANN)
    await world.pass_until(MONDAY + 6 * DAY)
    assert world.case().is_open and world.case().finding == "promise_missed"


async def test_a_corrected_address_asks_the_carrier() -> None:
    """The intent holds ids; the address lies encrypted in the case."""
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("a", MONDAY, "exception", "address_problem")
    case_id = world.case().id
    await world.run(lambda work: world.app.correct_address(work, case_id, address='{"city":"Bonn"}'), ANN)
    (effect,) = world.effects()
    assert effect.kind == "address_correction" and "Bonn" not in str(effect.body)
    (remedy,) = world.case().remedies.values()
    assert remedy.address.text == '{"city":"Bonn"}'
    assert world.tell("CompensationRequested") == []


async def test_contacts_move_the_clocks() -> None:
    """A call starts first response, the answer ends it; waiting on the customer stops resolution."""
    world = World()
    case = await world.silent_parcel()

    async def contact(direction: str, waiting_on: str) -> None:
        await world.run(
            lambda work: world.app.record_contact(
                work, case.id, direction=direction, channel="phone", contact_at=None, waiting_on=waiting_on
            ),
            ANN,
        )

    await contact("from_customer", "")
    world.now += HOUR
    await contact("to_customer", "customer")
    clocks = world.case().clocks
    first, resolution = clocks.of("first_response"), clocks.of("resolution")
    assert first is not None and first.fulfilled_at == world.now
    assert resolution is not None and resolution.paused
