"""What must be made true before anything of a service runs on a database that was restored from a backup.

What was sent to the outside after the backup is not known here: every effect that is not final becomes unknown.
Whoever was forgotten after the backup is forgotten again. What the lost time published is read from Kafka and kept as
lost, and how far each topic goes now is noted. The incarnation is raised last, in the transaction that stores both, so
a run that was broken off is repeated whole, and one that ended is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from chassis.effects.desk import EffectDesk
from chassis.errors import KernelError
from chassis.keys import Erasures
from chassis.leader import Connect
from chassis.recovery.journal import Ends, begin
from chassis.recovery.lost import LostRecord

log = structlog.get_logger(__name__)


class NotANewIncarnation(KernelError):
    """AFTERCARE_INCARNATION was not raised: events of this time could not be told from those of the lost one."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What had to be set right. `lost` are the events that were published and are not in this log."""

    incarnation: int
    effects: int
    people: int
    lost: Sequence[LostRecord] = ()


@dataclass(frozen=True, slots=True)
class KafkaNow:
    """What Kafka holds beyond the backup: the ends of what this service reads, and what its lost time told."""

    ends: Mapping[str, Ends]
    lost: Sequence[LostRecord]


NOTHING = KafkaNow({}, ())


async def after_restore(
    connect: Connect,
    desk: EffectDesk,
    erasures: Erasures,
    *,
    backup_at: datetime,
    incarnation: int,
    clock_at: Callable[[], datetime],
    kafka: KafkaNow = NOTHING,
) -> Restored:
    """Set right what the backup cannot know. `connect` is under the migration role, `backup_at` is real time."""
    connection = await connect()
    try:
        stands = await connection.fetchval("SELECT number FROM incarnation")
        if incarnation <= stands:
            raise NotANewIncarnation(f"the database is at incarnation {stands}: set AFTERCARE_INCARNATION above it")
        effects = await desk.distrust(since=backup_at)
        people = await erasures.reapply()
        await erasures.carry_out()
        async with connection.transaction():
            await begin(connection, incarnation, backup_at, clock_at(), kafka.ends, kafka.lost)
            await connection.execute("UPDATE incarnation SET number = greatest(number, $1)", incarnation)
    finally:
        await connection.close()
    log.info("restored", incarnation=incarnation, effects=effects, people=people, lost=len(kafka.lost))
    return Restored(incarnation, effects, people, kafka.lost)
