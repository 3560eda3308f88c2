"""What became of a mail: proof decides, and a message goes out at most once."""

from datetime import timedelta

from services.notifications.domain.values import Rendering, State, Why
from tests.unit.notifications.world import World, finding

RENDERED = {
    "template": "parcel_late",
    "catalogue_version": "2026-11-22",
    "locale": "de",
    "digest": "d",
    "hours_before_promise": "41",
    "stage": "end",
    "detail": "250 ok",
}


async def begun() -> World:
    """A message whose first attempt has begun."""
    world = World()
    await world.know()
    await world.tell(finding())
    await world.outcome(world.effects()[0], "attempting")
    return world


async def test_accepted_says_what_was_rendered() -> None:
    """The answer of the server and what the mail was made of are kept."""
    world = await begun()
    await world.outcome(world.effects()[0], "succeeded", facts=RENDERED)
    message = world.message()
    assert message.state is State.ACCEPTED
    assert message.rendering == Rendering("parcel_late", "2026-11-22", "de", "d", 41)


async def test_deferred_is_tried_again_later() -> None:
    """A 4xx is no mail: a new attempt after a pause."""
    world = await begun()
    await world.outcome(world.effects()[0], "failed", "DEFERRED", {"detail": "450 busy", "stage": "rcpt"})
    assert world.message().state is State.DEFERRED
    await world.pass_time(timedelta(seconds=59))
    assert len(world.effects()) == 1
    await world.pass_time(timedelta(seconds=1))
    assert [effect.body["attempt"] for effect in world.effects()] == [1, 2]


async def test_a_connection_lost_before_the_end_of_data_is_tried_again() -> None:
    """Nothing can have been sent."""
    world = await begun()
    await world.outcome(world.effects()[0], "failed", "NOT_SENT", {"detail": "lost", "stage": "data"})
    await world.pass_time(timedelta(minutes=1))
    assert len(world.effects()) == 2


async def test_deferring_has_an_end() -> None:
    """After two days of deferrals it counts as bounced."""
    world = await begun()
    attempts = 0
    while world.message().state is not State.BOUNCED:
        effect = world.effects()[-1]
        if world.message().state is not State.SENT:
            await world.outcome(effect, "attempting")
        await world.outcome(effect, "failed", "DEFERRED", {"detail": "450 busy"})
        await world.pass_time(timedelta(hours=1))
        attempts += 1
        assert attempts < 60
    assert world.message().detail == "GAVE_UP: 450 busy"
    assert attempts == 49


async def test_unknown_is_left_to_a_person() -> None:
    """After a lost answer nothing is sent by itself."""
    world = await begun()
    await world.outcome(world.effects()[0], "unknown", "SMTPServerDisconnected after the end of the mail")
    await world.outcome(world.effects()[0], "held", "NO_ATTEMPT_LEFT")
    await world.pass_time(timedelta(days=3))
    assert world.message().state is State.UNKNOWN
    assert len(world.effects()) == 1


async def test_a_later_proof_is_taken() -> None:
    """Unknown becomes accepted."""
    world = await begun()
    await world.outcome(world.effects()[0], "unknown", "lost")
    await world.outcome(world.effects()[0], "succeeded", facts=RENDERED)
    assert world.message().state is State.ACCEPTED


async def test_a_person_may_send_again_what_is_unknown() -> None:
    """It is a new attempt, by name."""
    world = await begun()
    await world.outcome(world.effects()[0], "unknown", "lost")
    await world.decide(lambda work: world.app.resend(work, world.message().id, "customer asked"), by="agent-1")
    assert [effect.body["attempt"] for effect in world.effects()] == [1, 2]
    assert world.message().state is State.PLANNED


async def test_what_was_accepted_is_not_sent_again() -> None:
    """Refused, and nothing is written."""
    world = await begun()
    await world.outcome(world.effects()[0], "succeeded", facts=RENDERED)
    reason = await world.refused(lambda work: world.app.resend(work, world.message().id, "again"))
    assert reason == "NOT_SENDABLE"


async def test_an_attempt_that_may_not_leave_here_is_suppressed() -> None:
    """Outside production an address off the list gets nothing, and the message says so."""
    world = await begun()
    await world.outcome(world.effects()[0], "failed", "NOT_ALLOWED_HERE")
    assert (world.message().state, world.message().why) == (State.SUPPRESSED, Why.NOT_ALLOWED_HERE)


async def test_the_outcome_of_an_old_attempt_does_not_touch_a_new_one() -> None:
    """The first attempt's late "not sent" says nothing about the second."""
    world = await begun()
    first = world.effects()[0]
    await world.outcome(first, "failed", "DEFERRED", {"detail": "450 busy"})
    await world.pass_time(timedelta(minutes=1))
    await world.outcome(world.effects()[1], "attempting")
    await world.outcome(first, "failed", "DEFERRED", {"detail": "450 busy"})
    assert world.message().state is State.SENT
