"""At run time a service has no right to change what its database is, nor to see anybody else's."""

from typing import Any

import asyncpg
import pytest

from infra.local.databases import ServiceDatabase, with_database
from tests.security.served import NAMES

DENIED = {
    asyncpg.InsufficientPrivilegeError.sqlstate,
    asyncpg.InvalidSchemaNameError.sqlstate,  # another's schema may not even be seen
}
FORBIDDEN = (
    "CREATE TABLE intruder(a int)",
    "CREATE TEMP TABLE intruder(a int)",
    "CREATE SCHEMA intruder",
    "CREATE FUNCTION intruder() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE OR REPLACE VIEW intruder AS SELECT 1",
    "CREATE EXTENSION dblink",
    "CREATE ROLE intruder",
    "CREATE DATABASE intruder",
    "ALTER TABLE events ADD COLUMN intruder int",
    "ALTER TABLE events OWNER TO CURRENT_USER",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER SYSTEM SET fsync = off",
    "DROP TABLE events",
    "DROP SCHEMA public CASCADE",
    "TRUNCATE events",
    "TRUNCATE requests",
    "INSERT INTO events SELECT * FROM events",
    "UPDATE events SET state = state",
    "DELETE FROM events",
    "DELETE FROM outbox",
    "DELETE FROM requests",
    "DELETE FROM inbox",
    "UPDATE tracking SET position = 0",
    "UPDATE alembic_version SET version_num = '0'",
    "COPY events FROM PROGRAM 'id'",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY events TO '/tmp/intruder'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT rolpassword FROM pg_authid",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "CREATE INDEX intruder ON events(position)",
    "LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
)


@pytest.mark.parametrize("name", NAMES)
async def test_the_run_time_role_changes_nothing_of_its_database(
    databases: dict[str, ServiceDatabase], name: str
) -> None:
    """Neither its tables nor its server, and no history of what happened; each statement by itself."""
    session = await asyncpg.connect(databases[name].runtime_url)
    try:
        allowed = [statement for statement in FORBIDDEN if await _state(session, statement) not in DENIED]
    finally:
        await session.close()
    assert allowed == []


@pytest.mark.parametrize("name", NAMES)
async def test_no_role_of_a_service_enters_another_services_database_or_reads_its_keys(
    databases: dict[str, ServiceDatabase], name: str
) -> None:
    own = databases[name]
    for other in NAMES:
        if other == name:
            continue
        for url in (own.runtime_url, own.migration_url, own.keys_url):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(with_database(url, databases[other].name))
        session = await asyncpg.connect(own.keys_url)
        try:
            for statement in (
                f"SELECT * FROM {other}.keys",
                f"DELETE FROM {other}.tombstones",
                f"CREATE TABLE {other}.intruder(a int)",
                f"DROP SCHEMA {other} CASCADE",
            ):
                assert await _state(session, statement) in DENIED, statement
        finally:
            await session.close()


async def _state(session: "asyncpg.Connection[Any]", statement: str) -> str:
    """The SQLSTATE, empty where the statement was carried out; nothing stays of it."""
    transaction = session.transaction()
    try:
        if statement.startswith(("CREATE DATABASE", "ALTER SYSTEM")):  # not inside of a transaction
            await session.execute(statement)
            return ""
        await transaction.start()
        try:
            await session.execute(statement)
            return ""
        finally:
            await transaction.rollback()
    except asyncpg.PostgresError as refused:
        return refused.sqlstate or "?"
