"""What a consumer says of a partition that must wait."""

from chassis.cloudevents import Arrived
from chassis.inbox.entries import Entry, Fate
from chassis.inbox.lease import Lease, Place


def test_a_blocked_partition_is_told_of_until_its_position_moves() -> None:
    """Trying it again, every few seconds, is no reason to look ready for an instant each time."""
    place = Place("cluster/topic", 3, stored=7, read_to=9)
    lease = Lease({3: place})
    assert lease.blocked() == ""
    lease.block(Entry(Arrived("t", 3, 7, 0, None, (), None), "s", Fate.BLOCK, None, None, "x", blocked_by="too new"))
    place.blocked_by = ""  # it is being tried again
    assert lease.blocked() == "too new"
    place.stored = 8
    assert lease.blocked() == ""
