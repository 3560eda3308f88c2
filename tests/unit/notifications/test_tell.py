"""Telling a customer what to expect: once per trouble and expectation, never what is overtaken."""

from datetime import timedelta

from services.notifications.domain.values import State, Why
from tests.unit.notifications.world import NOON, World, event, finding

HOUR = timedelta(hours=1)


async def test_a_silent_parcel_becomes_one_mail() -> None:
    """A finding about a known customer is handed over at once, with ids only."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    message = world.message()
    (effect,) = world.effects()
    assert (message.trouble, message.expectation, message.sending.template) == ("parcel:T-1", "late", "parcel_late")
    assert effect.kind == "email"
    assert effect.key == f"{message.id}/1"
    assert effect.body == {"message": str(message.id), "attempt": 1}


async def test_stalled_at_risk_and_missed_are_one_mail() -> None:
    """Later findings of the same trouble with the same expectation say nothing new."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    await world.tell(finding("promise_at_risk", at=NOON + HOUR, changed=True))
    await world.tell(finding("promise_missed", at=NOON + 50 * HOUR, changed=True))
    assert len(world.messages()) == 1
    assert len(world.effects()) == 1


async def test_the_same_fact_again_changes_nothing() -> None:
    """A repeat, under whatever id, writes no event."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    before = len(world.events)
    await world.tell(finding("stalled"))
    assert len(world.events) == before


async def test_a_newer_expectation_supersedes_one_not_yet_sent() -> None:
    """The older mail is kept back, the newer goes out."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    await world.tell(finding("lost", at=NOON + HOUR, changed=True))
    late, lost = world.messages()
    assert (late.state, late.why) == (State.SUPPRESSED, Why.SUPERSEDED)
    assert [message.expectation for message in await world.deliver()] == ["problem|lost"]
    assert lost.id == world.messages()[1].id


async def test_what_was_sent_is_not_superseded() -> None:
    """An attempt that began stands; the newer expectation is told beside it."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    await world.deliver()
    await world.tell(finding("lost", at=NOON + HOUR, changed=True))
    await world.deliver()
    assert [message.state for message in world.messages()] == [State.ACCEPTED, State.ACCEPTED]


async def test_an_older_fact_that_comes_late_says_nothing() -> None:
    """Facts fold by their own instant, not by arrival."""
    world = World()
    await world.know()
    await world.tell(finding("lost", at=NOON))
    await world.tell(finding("stalled", at=NOON - HOUR))
    assert [message.expectation for message in world.messages()] == ["problem|lost"]


async def test_what_was_superseded_and_holds_again_is_told_after_all() -> None:
    """late, then lost, then late again, all before anything was sent: one mail, and it says late."""
    world = World()
    await world.know()
    await world.tell(finding("stalled", at=NOON))
    await world.tell(finding("lost", at=NOON + HOUR, changed=True))
    await world.tell(finding("stalled", at=NOON + 2 * HOUR, changed=True))
    assert [message.expectation for message in await world.deliver()] == ["late"]


async def test_a_trouble_that_is_over_keeps_its_mail_back() -> None:
    """The parcel was delivered before anything was sent: nobody is told that it is late."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"))
    await world.tell(event("shipping_issues.ParcelTurnedUp", at=NOON + HOUR, status="delivered"))
    assert await world.deliver() == []
    assert world.message().why is Why.OVERTAKEN


async def test_two_troubles_are_two_stories() -> None:
    """A newer finding about another parcel supersedes nothing."""
    world = World()
    await world.know()
    await world.tell(finding("stalled", trouble="T-1"))
    await world.tell(finding("lost", trouble="T-2", at=NOON + HOUR))
    assert [message.expectation for message in await world.deliver()] == ["late", "problem|lost"]


async def test_history_is_known_and_never_told() -> None:
    """A fact flagged history sends nothing, nor does the same fact when it comes again unflagged."""
    world = World()
    await world.know()
    await world.tell(finding("stalled"), history=True)
    await world.tell(finding("stalled"))
    assert world.messages() == []


async def test_a_received_complaint_is_told_once() -> None:
    """Received and joined an investigation are one expectation."""
    world = World()
    await world.know()
    await world.tell(event("quality_complaints.ComplaintReceived", safety="false"))
    await world.tell(event("quality_complaints.ComplaintJoinedInvestigation", at=NOON + HOUR, investigation_id="I-1"))
    assert [message.expectation for message in await world.deliver()] == ["looked_into"]


async def test_two_complaints_of_one_customer_are_told_apart() -> None:
    """Each case is a story of its own."""
    world = World()
    await world.know()
    for case_id in ("case-1", "case-2"):
        await world.tell(event("quality_complaints.ComplaintReceived", case_id=case_id, safety="false"))
    assert [message.trouble for message in await world.deliver()] == ["complaint:case-1", "complaint:case-2"]


async def test_danger_is_rather_told_twice_than_never() -> None:
    """A safety message is an effect that is sent again after a lost answer."""
    world = World()
    await world.know()
    await world.tell(event("quality_complaints.ComplaintReceived", safety="true"))
    assert [effect.kind for effect in world.effects()] == ["email_rather_twice"]


async def test_an_event_without_an_entry_is_silent() -> None:
    """What the catalogue does not name is not told."""
    world = World()
    await world.know()
    before = len(world.events)
    await world.tell(event("shipping_issues.ShippingCaseClosed", outcome="delivered"))
    assert len(world.events) == before


async def test_coalescing_waits_for_something_newer() -> None:
    """A message that settles goes out when its time has come, not before."""
    world = World()
    await world.know()
    await world.tell(event("shipping_issues.ParcelTurnedUp", status="moving"))
    assert world.effects() == []
    await world.pass_time(timedelta(minutes=29))
    assert world.effects() == []
    await world.pass_time(timedelta(minutes=1))
    assert [message.expectation for message in await world.deliver()] == ["moving"]


async def test_what_settles_is_overtaken_before_it_goes_out() -> None:
    """Moving again, and delivered ten minutes later: no mail."""
    world = World()
    await world.know()
    await world.tell(event("shipping_issues.ParcelTurnedUp", status="moving"))
    await world.tell(event("shipping_issues.ParcelTurnedUp", at=NOON + HOUR / 6, status="delivered"))
    await world.pass_time(timedelta(days=2))
    assert world.effects() == []
