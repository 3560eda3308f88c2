"""The promise of the service, over every order of facts: one message per trouble and expectation."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.domain.values import Notice
from tests.unit.notifications.world import NOON, World, event, finding

KINDS = ("stalled", "promise_at_risk", "promise_missed", "lost", "damaged", "delivered", "moving")


def notice(kind: str, minute: int, trouble: str) -> Notice:
    """A fact about one of two parcels, at its own minute."""
    at = NOON + timedelta(minutes=minute)
    if kind in ("delivered", "moving"):
        return event("shipping_issues.ParcelTurnedUp", at=at, status=kind, trouble_id=trouble)
    return finding(kind, at=at, trouble=trouble, changed=minute % 2 == 1)


facts = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 60), st.sampled_from(("T-1", "T-2"))), min_size=1, max_size=8
)
steps = st.lists(st.sampled_from(("tell", "deliver", "wait", "know")), min_size=1, max_size=30)


def expectation(kind: str) -> str | None:
    """What a fact lets the customer expect, written down apart from the catalogue."""
    if kind in ("stalled", "promise_at_risk", "promise_missed"):
        return "late"
    return {"lost": "problem|lost", "damaged": "problem|damaged", "moving": "moving", "delivered": None}[kind]


@settings(max_examples=150, deadline=None)
@given(facts=facts, steps=steps, data=st.data())
async def test_no_expectation_is_told_twice_and_the_last_one_is_told(
    facts: list[tuple[str, int, str]], steps: list[str], data: st.DataObject
) -> None:
    """Facts in any order, repeated, between deliveries: no mail twice, and the newest is told in the end."""
    world = World()
    sent: list[tuple[str, str]] = []

    async def deliver() -> None:
        sent.extend((message.trouble, message.expectation) for message in await world.deliver())

    version = 0
    for step in steps:
        match step:
            case "tell":
                await world.tell(notice(*data.draw(st.sampled_from(facts))))
            case "deliver":
                await deliver()
            case "wait":
                await world.pass_time(timedelta(minutes=40))
            case "know":
                version += 1
                await world.know(version=version)
    await world.know(version=version + 1)
    for fact in facts:
        await world.tell(notice(*fact))
    await world.pass_time(timedelta(hours=2))
    await deliver()
    assert max(Counter(sent).values(), default=1) == 1
    for trouble in {fact[2] for fact in facts}:
        latest = max(minute for _, minute, name in facts if name == trouble)
        last = {kind for kind, minute, name in facts if name == trouble and minute == latest}
        expected = {expectation(kind) for kind in last}
        if len(expected) == 1 and (told := expected.pop()) is not None:
            assert (f"parcel:{trouble}", told) in sent


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(range(4)))
async def test_every_order_of_arrival_ends_in_the_same_expectation(order: list[int]) -> None:
    """Four facts at four instants: whatever comes first, the customer's last mail is that of the latest fact."""
    all_facts = [("stalled", 1), ("lost", 2), ("promise_missed", 3), ("damaged", 4)]
    world = World()
    await world.know()
    for index in order:
        await world.tell(notice(*all_facts[index], "T-1"))
    assert [message.expectation for message in await world.deliver()] == ["problem|damaged"]
