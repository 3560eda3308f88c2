"""One role of a service, or all of them in one process: what runs, in which order it starts, what makes it ready.

Every process answers `/livez`, `/readyz` and `/metrics`. The roles share nothing but the databases, so any number of
processes may run any of them beside one another.
"""

import asyncio
import gc
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import structlog

from chassis.admin import AdminApi, AdminParts, Status
from chassis.clock import DrivenClockFound
from chassis.effects.circuit import Circuits
from chassis.effects.desk import EffectDesk
from chassis.effects.role import EffectRole
from chassis.errors import KernelError
from chassis.grpc import Commands, GrpcServer, GrpcService, Tls
from chassis.grpc.access import UndeclaredAccess
from chassis.grpc.certificates import BadCertificate
from chassis.grpc.server import UnsafeAddress
from chassis.grpc.tokens import BadKeySet, TokenVerifier
from chassis.http import HttpServer, build_app
from chassis.inbox import Inbox
from chassis.kafka_meta import KafkaAccess
from chassis.keys import Erasures
from chassis.leader import Leader
from chassis.projections import Projections
from chassis.relay import Relay
from chassis.runtime.build import this_build
from chassis.runtime.definition import Context, ServiceDefinition, Wiring
from chassis.runtime.stores import CannotStart, Stores, must_be_recovered, open_stores
from chassis.runtime.supervision import Part, Supervisor
from chassis.runtime.watch import Watch
from chassis.settings import Settings, host_and_port
from chassis.telemetry import METRICS
from chassis.timers import Timers

log = structlog.get_logger(__name__)

ROLES: Mapping[str, str] = {
    "api": "answer gRPC calls: the service's own, self-service and admin",
    "http": "answer the service's web pages and webhooks",
    "consumer": "apply records from Kafka",
    "relay": "publish events to Kafka",
    "timers": "fire due timers, carry out erasures",
    "effects": "call the outside",
    "projections": "follow the log with counts and search",
    "all": "all of these in one process",
}


COLLECT = (10_000, 20, 50)
"""A collection every 700 objects looked at commands under way every third command, and found nothing to collect."""

MISCONFIGURED = (UndeclaredAccess, UnsafeAddress, BadKeySet, BadCertificate)


async def serve(definition: ServiceDefinition, settings: Settings, role: str) -> int:
    """Run until a signal comes or a part fails; the exit code."""
    roles = [name for name in ROLES if name != "all"] if role == "all" else [role]
    try:
        async with AsyncExitStack() as stack:
            stores = await stack.enter_async_context(open_stores(definition, settings))
            await must_be_recovered(stores.pool, definition.package, settings, roles)
            process = Process(definition, settings, stores, roles)
            gc.collect()
            gc.freeze()  # what is there now stays: no collection has to look at it again
            gc.set_threshold(*COLLECT)
            return await process.run()
    except (*MISCONFIGURED, DrivenClockFound, KernelError, OSError) as error:
        raise CannotStart(str(error)) from error


def context_of(settings: Settings, stores: Stores) -> Context:
    """What the service wires itself with."""
    desk = EffectDesk(stores.units, stores.pool)

    async def pause_effects(kind: str, why: str) -> None:
        await desk.pause(kind, by="service", why=why)

    return Context(
        pause_effects=pause_effects,
        settings=settings,
        units=stores.units,
        log=stores.log,
        engine=stores.engine,
        clock=stores.clock,
        commands=Commands(stores.units),
        kafka=KafkaAccess(settings.kafka, settings.topic_prefix),
    )


class Process:
    """The composition of one process."""

    def __init__(self, definition: ServiceDefinition, settings: Settings, stores: Stores, roles: Sequence[str]) -> None:
        self._definition, self._settings, self._stores, self._roles = definition, settings, stores, roles
        context = context_of(settings, stores)
        self._commands, self._kafka = context.commands, context.kafka
        self.wiring = definition.wire(context)
        stores.units.effect_handlers = self.wiring.effect_handlers
        self._erasures = Erasures(stores.units, stores.pool, stores.key_store, stores.keys)
        self._admin = self._admin_parts()
        self._status = Status(self._admin)
        self.grpc: GrpcServer | None = None
        self._supervisor = Supervisor(settings.grace, on_ready=self._say_ready)
        self._supervisor.add(self._parts())

    async def run(self) -> int:
        return await self._supervisor.run()

    def _admin_parts(self) -> AdminParts:
        stores, build = self._stores, this_build()
        return AdminParts(
            service=self._definition.model.name,
            pool=stores.pool,
            connect=stores.connect,
            units=stores.units,
            clock=stores.clock,
            clock_may_be_driven=self._settings.driven_clock,
            erasures=self._erasures,
            kafka=self._kafka,
            subscriptions=self.wiring.subscriptions,
            finish_history=self.wiring.finish_history,
            incarnation=self._settings.incarnation,
            version=build.version,
            revision=build.revision,
            roles=self._roles,
        )

    def _parts(self) -> list[Part]:
        makers = {
            "api": self._api,
            "relay": self._relay,
            "timers": self._timers,
            "effects": self._effects,
            "projections": self._projections,
            "consumer": self._consumer,
        }
        parts = [self._http(), self._watch()]
        for role, make in makers.items():
            if role in self._roles:
                parts += make(self.wiring)
        return parts

    def _http(self) -> Part:
        host, port = host_and_port(self._settings.http_address)
        app = build_app(
            not_alive=self._supervisor.not_alive,
            not_ready=self._supervisor.not_ready,
            registry=METRICS.registry,
            routes=self.wiring.http_routes if "http" in self._roles else (),
        )
        server = HttpServer(app, host, port, grace=self._settings.grace)

        async def stop() -> None:
            server.stop()

        return Part("http", server.serve, started=server.started, stop=stop)

    def _watch(self) -> Part:
        watch = Watch(self._stores, self._status)
        return Part("store", watch.run, started=watch.looked, not_ready=watch.not_ready)

    def _api(self, wiring: Wiring) -> list[Part]:
        settings = self._settings
        tls = Tls(settings.tls_cert, settings.tls_key) if settings.tls_cert and settings.tls_key else None
        services: list[GrpcService] = [*wiring.grpc, AdminApi(self._admin, self._status, self._commands).service()]
        server = self.grpc = GrpcServer(
            services,
            TokenVerifier(settings.jwks, issuer=settings.issuer, audience=settings.audience),
            address=settings.grpc_address,
            tls=tls,
            encrypted_by_mesh=settings.mesh_tls,
            calls_per_second=settings.rate_limit,
        )
        ended = asyncio.Event()

        async def run() -> None:
            await server.start()
            await ended.wait()

        async def stop() -> None:
            await server.stop(settings.grace * 0.8)
            ended.set()

        return [Part("api", run, stop=stop)]

    def _consumer(self, wiring: Wiring) -> list[Part]:
        if not wiring.subscriptions:
            return []
        inbox = Inbox(
            self._definition.model.name,
            wiring.subscriptions,
            access=self._kafka,
            units=self._stores.units,
            pool=self._stores.pool,
            build=this_build().name,
            session=self._settings.consumer_session,
        )
        return [Part("consumer", inbox.run, stop=inbox.stop, not_ready=inbox.not_ready, not_alive=inbox.not_alive)]

    def _relay(self, _: Wiring) -> list[Part]:
        relay = Relay(self._stores.connect, self._stores.pool, self._kafka)
        return [Part("relay", relay.run, not_ready=relay.not_ready, not_alive=relay.not_alive)]

    def _timers(self, wiring: Wiring) -> list[Part]:
        stores = self._stores
        timers = Timers(stores.connect, stores.pool, stores.units, wiring.timer_handlers, stores.clock)
        forgetting = Leader(stores.connect, "erasures")

        async def erase() -> None:
            await forgetting.run(self._erasures.run)

        return [
            Part("timers", timers.run, not_ready=timers.not_ready, not_alive=timers.not_alive),
            Part("erasures", erase),
        ]

    def _effects(self, wiring: Wiring) -> list[Part]:
        stores = self._stores
        effects = EffectRole(
            stores.connect,
            stores.pool,
            stores.units,
            wiring.providers,
            stores.clock,
            terms=wiring.effect_terms,
            circuits=Circuits(stores.pool, stores.clock),
        )
        return [
            Part("effects", effects.run, stop=effects.stop, not_ready=effects.not_ready, not_alive=effects.not_alive)
        ]

    def _projections(self, wiring: Wiring) -> list[Part]:
        if not wiring.projections:
            return []
        stores = self._stores
        following = Projections(stores.connect, stores.pool, stores.log, stores.aggregates, wiring.projections)
        return [Part("projections", following.run, not_ready=following.not_ready, not_alive=following.not_alive)]

    async def _say_ready(self, ready: bool) -> None:
        if self.grpc is not None:
            await self.grpc.say_ready(ready)
