"""What is applied, from where, and how often."""

from tests.integration.chassis.inbox.conftest import World, fact, running


async def test_records_are_applied_in_order_and_positions_stored(world: World) -> None:
    """Each partition's records take effect in their order, and the stored position is the next to read."""
    await world.send(*(fact(world.name("a"), note=str(n)) for n in range(5)))
    await world.send(*(fact(world.name("b"), note=str(n), partition=1) for n in range(3)))
    inbox = world.inbox()
    async with running(inbox):
        await world.reach(5, 3, inboxes=[inbox])
    assert await world.notes("a") == ["0", "1", "2", "3", "4"]
    assert await world.notes("b") == ["0", "1", "2"]
    assert await world.parked() == []
