"""What must be made true before a database restored from a backup works again.

Run before the roles `effects` and `timers` start. What was sent to the outside after the backup is not known here:
every effect that is not final becomes unknown. Whoever was forgotten after the backup is forgotten again. The
incarnation is raised last, so a run that was broken off is repeated whole, and one that ended is not.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog

from chassis.effects.desk import EffectDesk
from chassis.errors import KernelError
from chassis.keys import Erasures
from chassis.leader import Connect

log = structlog.get_logger(__name__)


class NotANewIncarnation(KernelError):
    """AFTERCARE_INCARNATION was not raised: events of this time could not be told from those of the lost one."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What had to be set right."""

    incarnation: int
    effects: int
    people: int


async def after_restore(
    connect: Connect, desk: EffectDesk, erasures: Erasures, *, backup_at: datetime, incarnation: int
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
        await connection.execute("UPDATE incarnation SET number = greatest(number, $1)", incarnation)
    finally:
        await connection.close()
    log.info("restored", incarnation=incarnation, effects=effects, people=people)
    return Restored(incarnation, effects, people)
