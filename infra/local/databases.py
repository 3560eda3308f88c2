"""Gives each service a database that no other service can open, and a run-time role that cannot change its tables.

The migration role owns the database; the run-time role may only connect, until a migration grants it more. Keys of
personal data are in a database of their own, one schema and role per service. Everything may be called again.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

SERVICES = ("returns", "shipping_issues", "quality_complaints", "notifications")
KEYS = "keys"
# One provisioning at a time on a server; any fixed number no other program uses.
_LOCK = 7_251_800_311

# The same order of text on every server, ours or another.
_LIKE_OURS = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"


class Passwords(Protocol):
    def password(self, role: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """How one service reaches its data; each address holds a role and its password."""

    service: str
    name: str
    runtime_role: str
    migration_role: str
    runtime_url: str
    migration_url: str
    keys_url: str


async def provide(
    superuser_url: str, passwords: Passwords, services: Iterable[str] = SERVICES, prefix: str = ""
) -> dict[str, ServiceDatabase]:
    """Creates what is missing of roles, databases and key schemas; what is there keeps its data."""
    found: dict[str, ServiceDatabase] = {}
    async with _session(superuser_url) as session:
        await session.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _database(session, f"{prefix}{KEYS}", owner=None)
        for service in services:
            found[service] = await _service(session, superuser_url, passwords, service, prefix)
    return found


async def clone(superuser_url: str, template: ServiceDatabase, name: str, keys: str | None = None) -> ServiceDatabase:
    """A copy of a service's database for a test, under the same roles; `keys` names a copied key database for it.

    Nobody may be connected to the template meanwhile.
    """
    async with _session(superuser_url) as session:
        await _copy(session, template.name, name, template.migration_role)
        await _admit(session, name, template.runtime_role, template.migration_role)
    return replace(
        template,
        name=name,
        runtime_url=with_database(template.runtime_url, name),
        migration_url=with_database(template.migration_url, name),
        keys_url=with_database(template.keys_url, keys) if keys else template.keys_url,
    )


async def clone_keys(superuser_url: str, templates: Iterable[ServiceDatabase], name: str) -> None:
    """A copy of the key database these services share."""
    templates = list(templates)
    async with _session(superuser_url) as session:
        source = urlsplit(templates[0].keys_url).path.lstrip("/")
        await _copy(session, source, name, None)
        await _admit(session, name, *(urlsplit(template.keys_url).username or "" for template in templates))


async def drop(superuser_url: str, *names: str) -> None:
    """Deletes databases, ending the sessions in them."""
    async with _session(superuser_url) as session:
        for name in names:
            await session.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


async def identity(superuser_url: str, name: str) -> str:
    """Tells a database from another that had its name, also on a server that was made anew, where oids repeat."""
    async with _session(superuser_url) as session:
        server = await session.fetchval("SELECT system_identifier FROM pg_control_system()")
        return f"{server}/{await session.fetchval('SELECT oid FROM pg_database WHERE datname = $1', name)}"


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def with_role(url: str, role: str, password: str, database: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password)}@{place}", path=f"/{database}"))


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


async def _service(
    session: asyncpg.Connection[Any], url: str, passwords: Passwords, service: str, prefix: str
) -> ServiceDatabase:
    name, keys = f"{prefix}{service}", f"{prefix}{KEYS}"
    migration, runtime, key_role = f"{name}_migration", f"{name}_runtime", f"{name}_keys"
    for role in (migration, runtime, key_role):
        await _role(session, role, passwords.password(role))
    await _database(session, name, owner=migration)
    await _admit(session, name, runtime, migration)
    await _admit(session, keys, key_role)
    async with _session(with_database(url, keys)) as in_keys:
        await in_keys.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await in_keys.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(service)} AUTHORIZATION {quoted(key_role)}")
    await session.execute(f"ALTER ROLE {quoted(key_role)} SET search_path = {quoted(service)}")
    return ServiceDatabase(
        service=service,
        name=name,
        runtime_role=runtime,
        migration_role=migration,
        runtime_url=with_role(url, runtime, passwords.password(runtime), name),
        migration_url=with_role(url, migration, passwords.password(migration), name),
        keys_url=with_role(url, key_role, passwords.password(key_role), keys),
    )


async def _role(session: asyncpg.Connection[Any], role: str, password: str) -> None:
    known = await session.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    literal = await session.fetchval("SELECT quote_literal($1)", password)
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
    await session.execute(f"{'ALTER' if known else 'CREATE'} ROLE {quoted(role)} {rights} PASSWORD {literal}")


async def _database(session: asyncpg.Connection[Any], name: str, owner: str | None) -> None:
    if not await session.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        owned = f" OWNER {quoted(owner)}" if owner else ""
        await session.execute(f"CREATE DATABASE {quoted(name)}{owned} {_LIKE_OURS}")


async def _copy(session: asyncpg.Connection[Any], template: str, name: str, owner: str | None) -> None:
    owned = f" OWNER {quoted(owner)}" if owner else ""
    # Copying files is several times faster than writing a small database through the log.
    await session.execute(f"CREATE DATABASE {quoted(name)}{owned} TEMPLATE {quoted(template)} STRATEGY file_copy")


async def _admit(session: asyncpg.Connection[Any], database: str, *roles: str) -> None:
    """These roles and nobody else; a copied database starts with everybody's rights again."""
    await session.execute(f"REVOKE ALL ON DATABASE {quoted(database)} FROM PUBLIC")
    for role in roles:
        await session.execute(f"GRANT CONNECT ON DATABASE {quoted(database)} TO {quoted(role)}")


@contextlib.asynccontextmanager
async def _session(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    session = await asyncpg.connect(url, timeout=30)
    try:
        yield session
    finally:
        await session.close()
