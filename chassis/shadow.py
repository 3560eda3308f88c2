"""Tables rebuilt beside the live ones and put in their place in one transaction, with their rights and index names."""

from collections.abc import Iterable, Sequence

from chassis.wake import Session

SCHEMA = "rebuild"
"""The schema of the shadows. What an interrupted rebuild left there is dropped by the next one."""


async def make(connection: Session, tables: Iterable[str]) -> None:
    """An empty shadow for each table."""
    async with connection.transaction():
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        for table in tables:
            name = _quoted(table)
            await connection.execute(f"CREATE TABLE {SCHEMA}.{name} (LIKE public.{name} INCLUDING ALL)")
            options = await connection.fetchval(
                "SELECT reloptions FROM pg_class WHERE oid = to_regclass($1)", f"public.{name}"
            )
            if options:
                await connection.execute(f"ALTER TABLE {SCHEMA}.{name} SET ({', '.join(options)})")


async def swap(connection: Session, tables: Sequence[str]) -> None:
    """Put the shadows in the place of the tables. The caller's transaction decides when."""
    for table in tables:
        name = _quoted(table)
        grants = await _grants(connection, table)
        indexes = await _indexes(connection, "public", table)
        await connection.execute(f"DROP TABLE public.{name}")
        for form, index in (await _indexes(connection, SCHEMA, table)).items():
            if index != indexes[form]:
                await connection.execute(f"ALTER INDEX {SCHEMA}.{_quoted(index)} RENAME TO {_quoted(indexes[form])}")
        await connection.execute(f"ALTER TABLE {SCHEMA}.{name} SET SCHEMA public")
        for privilege, grantee in grants:
            await connection.execute(f"GRANT {privilege} ON public.{name} TO {grantee}")


async def drop(connection: Session) -> None:
    """Take the shadows away."""
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


async def _grants(connection: Session, table: str) -> list[tuple[str, str]]:
    rows = await connection.fetch(
        "SELECT a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee"
        " FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = to_regclass($1) AND a.grantee <> c.relowner",
        f"public.{_quoted(table)}",
    )
    return [(row["privilege_type"], row["grantee"]) for row in rows]


async def _indexes(connection: Session, schema: str, table: str) -> dict[str, str]:
    """Index names by what they index, however they are called."""
    rows = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = $1 AND tablename = $2", schema, table
    )
    return {_form(row["indexdef"]): row["indexname"] for row in rows}


def _form(definition: str) -> str:
    kind, _, rest = definition.partition(" INDEX ")
    return f"{kind} {rest.partition(' USING ')[2]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
