"""A service as its process serves it, in this process: the runtime's own composition on a real database."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.keys.store import open_key_store
from chassis.runtime.definition import ServiceDefinition, Wiring
from chassis.runtime.process import Process
from chassis.runtime.stores import Stores, open_stores
from infra.local.databases import ServiceDatabase
from infra.local.tokens import AUDIENCE, ISSUER, Issuer

KEK = base64.b64encode(bytes(range(32))).decode()
NAMES = ("returns", "shipping_issues", "quality_complaints", "notifications")


def definition_of(name: str) -> ServiceDefinition:
    """The service, whole."""
    found: ServiceDefinition = import_module(f"services.{name}.bootstrap").SERVICE
    return found


def settings_of(name: str, database: ServiceDatabase, issuer: Issuer, kafka: str, **more: Any) -> Any:
    """What its process would read from the environment."""
    own: dict[str, Any] = {
        "environment": "test",
        "database_url": database.runtime_url,
        "keys_url": database.keys_url,
        "kek": KEK,
        "kafka": kafka,
        "grpc_address": "127.0.0.1:0",
        "http_address": "127.0.0.1:0",
        "jwks": issuer.jwks,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "driven_clock": False,
        "rate_limit": 0,
        **more,
    }
    if name == "notifications":
        own |= {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "care@shop.example"}
    return definition_of(name).settings(**own)


@dataclass(slots=True)
class Served:
    """One service with a channel to it."""

    name: str
    stores: Stores
    wiring: Wiring
    channel: grpc.aio.Channel
    methods: dict[str, MethodDescriptor]
    """Every rpc it serves, by its path."""

    async def call(self, path: str, request: Message | bytes, token: str | None) -> Any:
        """One call; bytes are sent as they are."""
        method = self.methods[path]
        sent = request if isinstance(request, bytes) else request.SerializeToString()
        answer = GetMessageClass(method.output_type)
        metadata = None if token is None else (("authorization", f"Bearer {token}"),)
        if method.server_streaming:
            stream: Any = self.channel.unary_stream(path, response_deserializer=answer.FromString)
            return [told async for told in stream(sent, metadata=metadata, timeout=60)]
        rpc: Any = self.channel.unary_unary(path, response_deserializer=answer.FromString)
        return await rpc(sent, metadata=metadata, timeout=60)


@asynccontextmanager
async def serving(
    name: str, database: ServiceDatabase, issuer: Issuer, kafka: str, **more: Any
) -> AsyncIterator[Served]:
    """Answers gRPC until the block ends. No other role runs."""
    definition = definition_of(name)
    settings = settings_of(name, database, issuer, kafka, **more)
    store = await open_key_store(database.keys_url, name, base64.b64decode(KEK))
    await store.install()  # the other half of the job `migrate`
    await store.close()
    async with open_stores(definition, settings) as stores:
        process = Process(definition, settings, stores, ["api"])
        server = process.grpc
        assert server is not None
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                methods = {
                    f"/{service.full_name}/{method.name}": method
                    for service in server.descriptors
                    for method in service.methods
                }
                yield Served(name, stores, process.wiring, channel, methods)
        finally:
            await server.stop(0)
