"""After a restore: a mail that may have gone out in the lost time is not sent by itself."""

from datetime import timedelta

from services.notifications.domain.message import Message
from services.notifications.domain.values import State
from tests.unit.notifications.world import World, finding

HOUR = timedelta(hours=1)


async def waiting() -> Message:
    """A message that waits because nobody knows its recipient yet."""
    world = World()
    await world.tell(finding())
    return world.message()


async def test_what_was_due_before_the_restore_or_planned_after_it_is_unknown() -> None:
    """The lost time may have sent it, whichever life of the log planned it."""
    due = await waiting()
    assert due.due_at is not None and due.planned_at is not None
    at = due.due_at + HOUR
    assert (due.doubt(at, at=at), due.state, due.detail) == (True, State.UNKNOWN, "RESTORED")
    assert due.doubt(at, at=at) is False
    planned_again = await waiting()
    assert planned_again.planned_at is not None
    assert planned_again.doubt(planned_again.planned_at - HOUR, at=planned_again.planned_at) is True


async def test_what_was_planned_before_the_backup_and_is_due_later_still_goes_out() -> None:
    """It cannot have been sent before its time."""
    later = await waiting()
    assert later.planned_at is not None
    later.due_at = later.planned_at + 5 * HOUR
    restored_at = later.planned_at + HOUR
    assert (later.doubt(restored_at, at=restored_at), later.state) == (False, State.PLANNED)
