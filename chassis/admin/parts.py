"""What the admin api works with: the parts of the process it runs in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.clock import Clock
from chassis.kafka_meta import KafkaAccess
from chassis.keys import Erasures
from chassis.service import Subscription
from chassis.units import Units
from chassis.work import Actor


@dataclass(frozen=True, slots=True)
class AdminParts:
    """One process' worth. `clock_may_be_driven` says whether SetClock can ever succeed here."""

    service: str
    pool: "asyncpg.Pool[Any]"
    connect: Callable[[], Awaitable["asyncpg.Connection[Any]"]]
    units: Units
    clock: Clock
    clock_may_be_driven: bool
    erasures: Erasures
    kafka: KafkaAccess
    subscriptions: Sequence[Subscription]
    finish_history: Callable[[str, Actor], Awaitable[int]] | None
    incarnation: int
    version: str
    revision: str
    roles: Sequence[str]
