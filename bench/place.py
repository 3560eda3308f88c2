"""A service's own database, migrated, and its topics, on the servers of a benchmark: what one real process needs."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from chassis.kafka_meta import KafkaAccess
from chassis.runtime import ServiceDefinition
from chassis.runtime.jobs import migrate
from chassis.runtime.stores import Stores, open_stores
from chassis.settings import Settings, load
from infra.local.databases import ServiceDatabase, drop, provide
from infra.local.environment import Environment
from infra.local.layout import Layout
from infra.local.parts import Parts
from infra.local.topics import create_missing, read_topics


@dataclass(frozen=True, slots=True)
class Place:
    """Where one service lives for the length of a measurement."""

    definition: ServiceDefinition
    database: ServiceDatabase
    settings: Settings
    access: KafkaAccess
    parts: Parts


@asynccontextmanager
async def place(parts: Parts, service: str) -> AsyncIterator[Place]:
    """An empty database and empty topics under names of their own, gone afterwards."""
    tag = f"b{secrets.token_hex(3)}"
    found = (await provide(parts.postgres_url, parts.state, [service], prefix=f"{tag}_"))[service]
    definition: ServiceDefinition = import_module(f"services.{service}.bootstrap").SERVICE
    await create_missing(parts.kafka_bootstrap, read_topics(), prefix=f"{tag}.")
    layout = Layout.at(parts.postgres.layout.root)
    environment = Environment(layout, parts.state, parts.kafka_bootstrap, {service: found}, topic_prefix=f"{tag}.")
    os.environ |= {k: v for k, v in environment.job(service).items() if k.startswith("AFTERCARE_")}
    settings = load(definition.settings)
    await migrate(definition, settings, ())
    try:
        yield Place(definition, found, settings, KafkaAccess(settings.kafka, settings.topic_prefix), parts)
    finally:
        await drop(parts.postgres_url, found.name, f"{tag}_keys")


@asynccontextmanager
async def stores_of(at: Place) -> AsyncIterator[Stores]:
    """What a process of the service has open."""
    async with open_stores(at.definition, at.settings) as stores:
        yield stores
