"""What notifications tells the others: ids and facts, never an address or a text."""

from aftercare.notifications.v1 import events_pb2, model_pb2
from google.protobuf import json_format

from services.notifications.publisher import TOPIC, publish
from tests.contract.contracts import rule_of
from tests.unit.notifications.world import World, event, finding


async def told(world: World) -> list[tuple[str, object]]:
    """Every public event of what happened, with its key."""
    found: list[tuple[str, object]] = []
    for happened in world.events:
        aggregate = world.aggregates[happened.originator_id]
        found += [(public.key, public.message) for public in publish(happened, aggregate)]
        assert all(public.topic == TOPIC for public in publish(happened, aggregate))
    return found


async def test_an_accepted_message_is_told_under_its_case() -> None:
    """With state, trouble and expectation; nothing personal is in it."""
    world = World()
    await world.know()
    await world.tell(finding())
    await world.deliver()
    ((key, message),) = await told(world)
    assert key == "case-1"
    assert isinstance(message, events_pb2.MessageOutcomeRecorded)
    assert (message.trouble, message.expectation) == ("parcel:T-1", "late")
    assert message.state == model_pb2.MESSAGE_STATE_ACCEPTED
    assert "ana" not in json_format.MessageToJson(message).lower()


async def test_a_superseded_message_is_told_as_such() -> None:
    """Not as suppressed."""
    world = World()
    await world.know()
    await world.tell(event("shipping_issues.ParcelTurnedUp", status="moving"))
    await world.tell(finding("lost", at=world.now.replace(hour=13)))
    (first, *_) = await told(world)
    assert isinstance(first[1], events_pb2.MessageOutcomeRecorded)
    assert (first[1].state, first[1].reason) == (model_pb2.MESSAGE_STATE_SUPERSEDED, "SUPERSEDED")


async def test_a_customer_without_address_is_told_as_unreachable() -> None:
    """So that an agent calls; keyed by the customer."""
    world = World()
    await world.know(email="")
    await world.tell(finding())
    _, unreachable = await told(world)
    assert unreachable[0] == "C-1"
    assert isinstance(unreachable[1], events_pb2.CustomerUnreachable)
    assert unreachable[1].reason == "no_contact"


def test_the_topic_is_the_contracts() -> None:
    """Every message goes where its contract says."""
    for message in (events_pb2.MessageOutcomeRecorded, events_pb2.CustomerUnreachable):
        assert list(rule_of(message.DESCRIPTOR).topics) == [TOPIC]
