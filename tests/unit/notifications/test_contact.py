"""Knowing how to reach a customer, and when not to."""

from datetime import timedelta

from chassis.domain import Personal
from services.notifications.domain.contact import Contact
from services.notifications.domain.values import State, Why, contact_id
from tests.unit.notifications.world import World, event, finding, told

ID = contact_id("demo", "C-1")


def contact(world: World) -> Contact:
    """The customer's contact."""
    found = world.aggregates[ID]
    assert isinstance(found, Contact)
    return found


async def test_a_message_waits_for_a_customer_not_told_yet() -> None:
    """The customer event comes late: the message stays planned and goes out with it."""
    world = World()
    await world.tell(finding())
    assert world.effects() == []
    assert world.message().state is State.PLANNED
    await world.know()
    assert [message.expectation for message in await world.deliver()] == ["late"]
    assert contact(world).waiting == frozenset()


async def test_what_waited_too_long_is_not_sent() -> None:
    """A message of no use any more expires although its contact comes."""
    world = World()
    await world.tell(finding())
    await world.pass_time(timedelta(days=4))
    await world.know()
    assert world.effects() == []
    assert world.message().why is Why.EXPIRED


async def test_the_highest_version_wins() -> None:
    """An older word of the shop that comes later changes nothing."""
    world = World()
    await world.know(version=3, email="new@customers.example")
    before = len(world.events)
    await world.know(version=2, email="old@customers.example")
    assert len(world.events) == before
    assert contact(world).email == Personal("demo/C-1", "new@customers.example")


async def test_a_customer_without_address_is_not_written_to() -> None:
    """The message says why."""
    world = World()
    await world.know(email="")
    await world.tell(finding())
    assert (world.message().state, world.message().why) == (State.SUPPRESSED, Why.NO_ADDRESS)


async def test_a_refusal_of_service_mail_is_honoured() -> None:
    """Also where the law would let us write."""
    world = World()
    await world.know(refused=frozenset({"service/email"}))
    await world.tell(finding())
    assert world.message().why is Why.NO_CONSENT


async def test_safety_is_told_all_the_same() -> None:
    """Nobody can refuse to hear of a danger."""
    world = World()
    await world.know(refused=frozenset({"service/email"}))
    await world.tell(event("quality_complaints.ComplaintReceived", safety="true"))
    assert len(world.effects()) == 1


async def test_the_customers_choice_stands_above_the_shops_word() -> None:
    """A later word of the shop does not change a chosen language."""
    world = World()
    await world.know(language="de")
    await world.decide(
        lambda work: world.app.set_preferences(
            work, "demo", "C-1", language="en", forbidden=frozenset(), allowed=frozenset()
        ),
        by="C-1",
    )
    await world.know(version=2, language="de")
    assert contact(world).language == "en"


async def test_a_forbidden_channel_is_not_used_and_may_be_allowed_again() -> None:
    """The last choice counts."""
    world = World()
    await world.know()
    for forbidden, allowed in (({"email"}, set()), (set(), {"email"})):
        await world.decide(
            lambda work, f=forbidden, a=allowed: world.app.set_preferences(  # type: ignore[misc]
                work, "demo", "C-1", language="", forbidden=frozenset(f), allowed=frozenset(a)
            )
        )
        await world.tell(finding(trouble=f"T-{len(world.messages())}"))
    assert [message.why for message in world.messages()] == [Why.NO_CONSENT, None]


async def test_an_unknown_channel_is_refused() -> None:
    """And nothing is written."""
    world = World()
    await world.know()
    reason = await world.refused(
        lambda work: world.app.set_preferences(
            work, "demo", "C-1", language="", forbidden=frozenset({"pigeon"}), allowed=frozenset()
        )
    )
    assert reason == "UNKNOWN_CHANNEL"


async def test_an_erased_customer_is_not_written_to() -> None:
    """Also not with what was planned before and waits."""
    world = World()
    await world.tell(event("shipping_issues.ParcelTurnedUp", status="moving"))
    await world.know()
    await world.decide(lambda work: world.app.forget_customer(work, "demo", "C-1"))
    await world.pass_time(timedelta(hours=1))
    assert world.erased == {"demo/C-1"}
    assert world.effects() == []
    assert (world.message().why, contact(world).email) == (Why.ERASED, Personal("demo/C-1", None))


async def test_nothing_new_is_kept_about_an_erased_customer() -> None:
    """A later record is applied with its personal fields empty, and preferences are refused."""
    world = World()
    await world.decide(lambda work: world.app.forget_customer(work, "demo", "C-1"))
    await world.know(version=9)
    assert contact(world).email == Personal("demo/C-1", None)
    reason = await world.refused(
        lambda work: world.app.set_preferences(
            work, "demo", "C-1", language="en", forbidden=frozenset(), allowed=frozenset()
        )
    )
    assert reason == "CUSTOMER_FORGOTTEN"


async def test_a_rejected_address_is_not_used_until_there_is_another() -> None:
    """A 5xx for the recipient stops the next mail; a new address lifts it."""
    world = World()
    await world.know()
    await world.tell(finding(trouble="T-1"))
    (effect,) = world.effects()
    await world.outcome(effect, "attempting")
    await world.outcome(effect, "failed", "BOUNCED", {"stage": "rcpt", "detail": "550 no such user"})
    await world.tell(finding(trouble="T-2"))
    assert [message.state for message in world.messages()] == [State.BOUNCED, State.SUPPRESSED]
    assert world.messages()[1].why is Why.ADDRESS_REJECTED
    await world.decide(lambda work: world.app.learn_contact(work, told(version=2, email="other@customers.example")))
    await world.tell(finding(trouble="T-3"))
    assert world.messages()[2].state is State.PLANNED
