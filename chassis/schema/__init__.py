"""Makes a service's database: kernel tables, read-model tables, the append function and the grants."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from chassis.schema.append_sql import RECOVER_FUNCTION, REGISTER_FUNCTION, append_function
from chassis.schema.tables import (
    CIRCUITS,
    DDL,
    PERIOD_DAYS,
    RECOVERY,
    RUNTIME_GRANTS,
    create_partition,
    metadata,
    period_start,
)

__all__ = ["add_circuits", "add_recovery", "create_append", "grant", "install", "row_tables", "statements"]


def row_tables(read_model: sa.MetaData) -> list[sa.Table]:
    """The tables the append function fills, in the order of its arguments."""
    return [*metadata.sorted_tables, *sorted(read_model.tables.values(), key=lambda t: t.name)]


def statements(read_model: sa.MetaData, *, runtime_role: str, today: date) -> Iterable[str]:
    """Every statement that makes an empty service database, in order. `today` places the first partitions."""
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    yield from (s.strip() for s in (DDL + RECOVERY + CIRCUITS).split(";\n") if s.strip())
    for table, length in PERIOD_DAYS.items():
        start = period_start(table, today)
        for n in range(3):
            yield create_partition(table, date.fromordinal(start.toordinal() + n * length))
    for t in row_tables(read_model):
        yield str(CreateTable(t).compile(dialect=dialect)).strip()
        yield f"ALTER TABLE {t.name} SET (fillfactor = 75)"
        for index in sorted(t.indexes, key=lambda i: str(i.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()
    yield from create_append(read_model)
    yield from grant(runtime_role)


def create_append(read_model: sa.MetaData) -> Iterable[str]:
    """The statements that (re)make the append functions; a migration that changes a read-model table repeats them."""
    yield (
        "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE proname = 'append' "
        "AND pronamespace = 'public'::regnamespace LOOP EXECUTE 'DROP FUNCTION ' || f; END LOOP; END $$"
    )
    yield append_function(row_tables(read_model))
    yield RECOVER_FUNCTION
    yield REGISTER_FUNCTION


def grant(runtime_role: str) -> Iterable[str]:
    """The run-time role reads everything, appends through the functions, and has no DDL."""
    role = '"' + runtime_role.replace('"', '""') + '"'
    yield "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}"
    for table, rights in RUNTIME_GRANTS.items():
        # a migration that comes before the one that makes a table grants nothing on it
        there = f"to_regclass('{table}') IS NOT NULL"
        yield f"DO $$ BEGIN IF {there} THEN GRANT {rights} ON {table} TO {role}; END IF; END $$"


def add_recovery(connection: sa.Connection, *, runtime_role: str) -> None:
    """What a database of release 0.1.0 is without."""
    for statement in (*(s.strip() for s in RECOVERY.split(";\n") if s.strip()), *grant(runtime_role)):
        connection.exec_driver_sql(statement)


def add_circuits(connection: sa.Connection, *, runtime_role: str) -> None:
    """What a database of before has not: circuits of providers that keep failing."""
    for statement in (*(s.strip() for s in CIRCUITS.split(";\n") if s.strip()), *grant(runtime_role)):
        connection.exec_driver_sql(statement)


def install(connection: sa.Connection, read_model: sa.MetaData, *, runtime_role: str, today: date) -> None:
    """Make everything in one transaction of the caller (an alembic migration)."""
    for statement in statements(read_model, runtime_role=runtime_role, today=today):
        connection.exec_driver_sql(statement)
