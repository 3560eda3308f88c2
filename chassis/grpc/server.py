"""A gRPC server that refuses to start when an rpc has no permission, or when it would serve strangers in the clear.

It offers commands in bulk, health and reflection, takes no new call while it drains and gives running ones their time,
and ends old connections after a while so that callers spread over new processes.
"""

import asyncio
from collections.abc import Sequence

import grpc
from aftercare.commands.v1 import commands_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.grpc.access import rules_of
from chassis.grpc.bulk import BulkCommands
from chassis.grpc.certificates import Certificates, Tls
from chassis.grpc.interceptor import Guard
from chassis.grpc.limits import Limits
from chassis.grpc.service import GrpcService
from chassis.grpc.tokens import TokenVerifier
from chassis.settings import is_loopback

_KIBIBYTE = 1024
_MEBIBYTE = 1024 * _KIBIBYTE
_MINUTE = 60_000
_LAME_DUCK = 0.2


COMMANDS = commands_pb2.DESCRIPTOR.services_by_name["CommandService"]


class UnsafeAddress(Exception):
    """The address is reachable from outside and nothing would encrypt."""


class GrpcServer:
    """Built whole or not at all; then `start`, and `stop` once."""

    def __init__(
        self,
        services: Sequence[GrpcService],
        tokens: TokenVerifier,
        *,
        address: str,
        tls: Tls | None = None,
        encrypted_by_mesh: bool = False,
        max_connection_age_minutes: float = 10,
        connection_grace_seconds: float = 30,
        longest_call: float = 30,
        calls_per_second: float = 0,
        calls_per_connection: int = 1000,
    ) -> None:
        rules = dict(rules_of([*(service.descriptor for service in services), COMMANDS]))
        if tls is None and not encrypted_by_mesh and not is_loopback(address):
            raise UnsafeAddress(f"{address} is reachable from outside: give TLS, or say that a mesh encrypts")
        self._health = health.aio.HealthServicer()
        self._guard = Guard(rules, tokens, limits=Limits(calls_per_second), longest=longest_call)
        services = [*services, BulkCommands(services, rules, self._guard).service()]
        self.descriptors = [service.descriptor for service in services]
        self._names = [descriptor.full_name for descriptor in self.descriptors]
        self._server = grpc.aio.server(
            interceptors=[self._guard],
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", 4 * _MEBIBYTE),
                ("grpc.max_metadata_size", 16 * _KIBIBYTE),
                ("grpc.absolute_max_metadata_size", 32 * _KIBIBYTE),
                ("grpc.max_concurrent_streams", calls_per_connection),
                (
                    "grpc.max_connection_age_ms",
                    int(max_connection_age_minutes * _MINUTE),
                ),
                (
                    "grpc.max_connection_age_grace_ms",
                    int(connection_grace_seconds * 1000),
                ),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 20_000),
                ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
                ("grpc.keepalive_permit_without_calls", 1),
            ],
        )
        for service in services:
            service.add(service.servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)
        self.port = self._listen(address, tls)

    def _listen(self, address: str, tls: Tls | None) -> int:
        if tls is None:
            return self._server.add_insecure_port(address)
        self._certificates = Certificates(tls)
        return self._server.add_secure_port(address, self._certificates.credentials)

    async def start(self) -> None:
        """Answers calls from here on; says NOT_SERVING until `ready`."""
        await self.say_ready(False)
        await self._server.start()

    async def say_ready(self, ready: bool) -> None:
        """What health answers, for the whole server and for each of its services."""
        serving = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, serving)

    async def stop(self, grace: float) -> None:
        """No new call; running ones get `grace` seconds, then they are cut off."""
        await self._health.enter_graceful_shutdown()
        self._guard.drain()
        # a call that arrives while gRPC closes its ports would be CANCELLED, which callers do not repeat
        await asyncio.sleep(min(_LAME_DUCK, grace / 4))
        await self._server.stop(grace)
