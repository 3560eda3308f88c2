"""A page of a queue costs what it shows, not what the store holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.grpc.pages import Page
from chassis.work import SYSTEM
from infra.local.databases import ServiceDatabase
from services.shipping_issues.queries import Queries

CASES = 20_000
SHOWN = 50
FILL = f"""
INSERT INTO cases SELECT md5(g::text)::uuid, 1, 'shop', 'O-' || g, 'C-' || g, 'S-' || g,
  CASE WHEN g % 10 = 0 THEN 'open' ELSE 'closed' END, 'damaged', 'agent-' || g % 10, '', '', '', '',
  now(), now() - g * interval '1 second', NULL FROM generate_series(1, {CASES}) g
"""


@pytest.mark.parametrize("terms", [{}, {"state": "open"}, {"assignee": "agent-7"}], ids=str)
@pytest.mark.parametrize("after", [None, timedelta(hours=1)], ids=["first page", "a later page"])
async def test_a_page_reads_only_the_rows_it_shows(
    databases: dict[str, ServiceDatabase], terms: dict[str, str], after: timedelta | None
) -> None:
    """The statement the query really sends, explained on a filled table: an index in order, nothing passed over."""
    database = databases["shipping_issues"]
    owner = await asyncpg.connect(database.migration_url)
    try:
        if not await owner.fetchval("SELECT EXISTS (SELECT FROM cases)"):
            await owner.execute(FILL)
            await owner.execute("ANALYZE cases")
        place = None if after is None else (datetime.now(UTC) - after, UUID(int=0))
        statement, arguments, shown = await _sent(database, Page(SHOWN, place, b""), terms)
        plan = await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *arguments)
    finally:
        await owner.close()
    assert shown == SHOWN
    nodes = list(_nodes(json.loads(plan)[0]["Plan"]))
    assert {node["Node Type"] for node in nodes} == {"Limit", "Index Scan"}, nodes
    assert all(node["Actual Rows"] <= SHOWN + 1 for node in nodes), nodes
    assert not sum(node.get("Rows Removed by Filter", 0) for node in nodes), nodes


async def _sent(database: ServiceDatabase, page: Page, terms: dict[str, str]) -> tuple[str, Any, int]:
    sent: list[tuple[str, Any]] = []
    engine = create_async_engine(database.runtime_url.replace("postgresql://", "postgresql+asyncpg://"))
    sa.event.listen(
        engine.sync_engine, "before_cursor_execute", lambda c, cursor, sql, given, *_: sent.append((sql, given))
    )
    nobody = cast(Any, None)  # a list is read without aggregates, rules or clock
    try:
        listed = await Queries(engine, nobody, nobody, nobody).cases(page, terms, seen_by=SYSTEM)
    finally:
        await engine.dispose()
    statement, arguments = next((sql, given) for sql, given in sent if "FROM cases" in sql)
    return statement, arguments, len(listed.rows)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for under in plan.get("Plans", ()):
        yield from _nodes(under)
