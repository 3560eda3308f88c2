"""No service can open another's data, and at run time none can change its own tables."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.local import databases
from infra.local.databases import SERVICES, ServiceDatabase, with_database
from infra.local.parts import Parts


class Passwords:
    """A password for each role, drawn when it is first asked for."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def password(self, role: str, /) -> str:
        return self.known.setdefault(role, secrets.token_urlsafe(9))


@pytest.fixture
async def prefix(parts: Parts) -> AsyncIterator[str]:
    prefix = f"d{secrets.token_hex(3)}_"
    yield prefix
    await databases.drop(parts.postgres_url, *(f"{prefix}{name}" for name in (*SERVICES, "keys", "copy", "copy_keys")))


@pytest.fixture
async def provided(parts: Parts, prefix: str) -> dict[str, ServiceDatabase]:
    return await databases.provide(parts.postgres_url, Passwords(), prefix=prefix)


async def run(url: str, *statements: str) -> list[str]:
    """Runs the statements and gives back the SQLSTATE of each, or `ok`."""
    answers = []
    session = await asyncpg.connect(url)
    try:
        for statement in statements:
            try:
                await session.execute(statement)
                answers.append("ok")
            except asyncpg.PostgresError as refused:
                answers.append(refused.sqlstate or "")
    finally:
        await session.close()
    return answers


async def may_connect(url: str) -> bool:
    try:
        session = await asyncpg.connect(url)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    await session.close()
    return True


DENIED = asyncpg.InsufficientPrivilegeError.sqlstate


async def test_every_role_opens_its_own_database_and_no_other(provided: dict[str, ServiceDatabase]) -> None:
    names = {database.name for database in provided.values()}
    for service in provided.values():
        for url in (service.runtime_url, service.migration_url):
            assert {name for name in names if await may_connect(with_database(url, name))} == {service.name}
        assert {name for name in names if await may_connect(with_database(service.keys_url, name))} == set()
        assert await may_connect(service.keys_url) is True


async def test_the_run_time_role_has_no_ddl(provided: dict[str, ServiceDatabase]) -> None:
    statements = (
        "CREATE TABLE a()",
        "CREATE TEMP TABLE a()",
        "CREATE SCHEMA a",
        "CREATE FUNCTION f() RETURNS int RETURN 1",
    )
    assert await run(provided["returns"].runtime_url, *statements) == [DENIED] * 4
    assert await run(provided["returns"].migration_url, "CREATE TABLE a(b int)", "CREATE SCHEMA a") == ["ok", "ok"]
    assert await run(provided["returns"].runtime_url, "SELECT * FROM a", "DROP TABLE a") == [DENIED] * 2


async def test_keys_are_one_schema_per_service(provided: dict[str, ServiceDatabase]) -> None:
    assert await run(provided["returns"].keys_url, "CREATE TABLE key(bytes bytea)", "SELECT * FROM key") == ["ok", "ok"]
    others = ("SELECT * FROM returns.key", "CREATE TABLE returns.mine()", "CREATE TABLE public.mine()")
    assert await run(provided["notifications"].keys_url, *others) == [DENIED] * 3


async def test_providing_again_changes_nothing(parts: Parts, prefix: str) -> None:
    passwords = Passwords()
    first = await databases.provide(parts.postgres_url, passwords, ["returns"], prefix)
    await run(first["returns"].migration_url, "CREATE TABLE a(b int)")
    assert await databases.provide(parts.postgres_url, passwords, ["returns"], prefix) == first
    assert await run(first["returns"].migration_url, "SELECT * FROM a") == ["ok"]


async def test_two_may_provide_at_once(parts: Parts, prefix: str) -> None:
    passwords = Passwords()
    both = [databases.provide(parts.postgres_url, passwords, ["returns"], prefix) for _ in range(2)]
    first, second = await asyncio.gather(*both)
    assert first == second


async def test_a_copy_has_the_data_and_is_as_closed_as_its_template(
    parts: Parts, prefix: str, provided: dict[str, ServiceDatabase]
) -> None:
    template = provided["returns"]
    made = ("CREATE TABLE a(b int)", "INSERT INTO a VALUES (7)", f'GRANT SELECT ON a TO "{template.runtime_role}"')
    assert await run(template.migration_url, *made) == ["ok"] * 3
    await databases.clone_keys(parts.postgres_url, provided.values(), f"{prefix}copy_keys")
    copy = await databases.clone(parts.postgres_url, template, f"{prefix}copy", f"{prefix}copy_keys")
    session = await asyncpg.connect(copy.runtime_url)
    try:
        assert await session.fetchval("SELECT b FROM a") == 7
        assert await session.fetchval("SELECT current_database()") == f"{prefix}copy"
    finally:
        await session.close()
    assert await run(copy.runtime_url, "CREATE TABLE c()") == [DENIED]
    assert await may_connect(copy.keys_url) is True
    assert await may_connect(with_database(provided["notifications"].runtime_url, copy.name)) is False
