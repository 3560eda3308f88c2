"""What a service hands to the runtime, and what it is handed to wire itself with."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import BaseRoute

from chassis.clock import Clock
from chassis.effects.terms import Terms
from chassis.grpc import Commands, GrpcService
from chassis.kafka_meta import KafkaAccess
from chassis.log import Log
from chassis.projections import Projection
from chassis.service import EffectHandler, LostRequests, Model, Provider, Subscription, TimerHandler
from chassis.settings import Settings
from chassis.units import Units
from chassis.work import Actor

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything of the process that a service is built from. `engine` reads only."""

    settings: Settings
    units: Units
    log: Log
    engine: AsyncEngine
    clock: Clock
    commands: Commands
    kafka: KafkaAccess
    pause_effects: Callable[[str, str], Awaitable[None]]
    """Calls no provider of a kind any more until an operator resumes it; the second word says why."""

    def settings_as(self, cls: type[S]) -> S:
        """The settings under the service's own type."""
        if not isinstance(self.settings, cls):
            raise TypeError(f"settings are {type(self.settings).__name__}, not {cls.__name__}")
        return self.settings


@dataclass(frozen=True, slots=True)
class Wiring:
    """A service's adapters, each run by the role it belongs to."""

    subscriptions: Sequence[Subscription] = ()
    timer_handlers: Mapping[str, TimerHandler] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    effect_terms: Mapping[str, Terms] = field(default_factory=dict)
    """How patiently a kind of effect is tried, where the usual terms do not fit."""
    effect_handlers: Mapping[str, EffectHandler] = field(default_factory=dict)
    grpc: Sequence[GrpcService] = ()
    http_routes: Sequence[BaseRoute] = ()
    projections: Sequence[Projection] = ()
    finish_history: Callable[[str, Actor], Awaitable[int]] | None = None
    """Arms what is still open for a shop whose history is loaded; how many timers that were."""
    lost_requests: LostRequests = field(default_factory=dict)
    hold_back: Callable[[datetime], Awaitable[int]] | None = None
    """After a restore that began at a business instant: leave to a person what would be done later by itself and may
    have been done in the lost time; how much that was."""


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """One service, whole."""

    model: Model
    wire: Callable[[Context], Wiring]
    settings: type[Settings] = Settings

    @property
    def package(self) -> str:
        """The service's package, for instance ``services.returns``."""
        return self.wire.__module__.rpartition(".")[0]

    @property
    def versions(self) -> Path:
        """The folder of its migrations."""
        return Path(inspect.getfile(self.wire)).parent / "migrations" / "versions"

    def newest_migration(self) -> str:
        """The revision this build needs; files are named ``0001_what.py`` for their revision."""
        return max((path.name.partition("_")[0] for path in self.versions.glob("[0-9]*.py")), default="")
