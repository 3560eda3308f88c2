"""Search and statistics on a real store: each term has its index, and counts are of local days."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from aftercare.returns.v1 import search_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.grpc.pages import Page, page_of
from chassis.projections import Logged
from chassis.work import SYSTEM, pending
from infra.local.databases import ServiceDatabase
from services.returns.domain.order import Order
from services.returns.domain.policy import PolicyBook
from services.returns.policies import default_policy
from services.returns.sales import Sales
from services.returns.searching import DUE, OLDEST, Sought, UnitSearch
from services.returns.statistics import Days, Rate, Statistics
from tests.unit.returns.build import line, snapshot

UNITS = int(os.environ.get("AFTERCARE_SEARCH_UNITS", "20000"))
"""So many rows that PostgreSQL would rather read an index than the table; a million have not been tried."""
SHOWN = 50
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
FILL = """
INSERT INTO return_units (id, version, shop_id, order_id, customer_id, kind, case_id, unit_id, sku, reason, remedy,
  authorisation, goods, condition, responsibility, disposition, money, queue, waiting_on, assignee, lot_id,
  policy_version, serials, tracking_numbers, signals, asked_at, received_at, found_at, due_at, updated_at)
SELECT md5(g::text)::uuid, 1, 'shop-' || g % 3, 'O-' || g, 'C-' || g,
  CASE WHEN g % 50 = 0 THEN 'conformity' ELSE 'return' END, md5('c' || g)::uuid, 'l1#1',
  'sku-' || g % 200, (ARRAY['too_small', 'faulty', 'changed_mind'])[1 + g % 3], 'refund',
  CASE WHEN g % 10 = 0 THEN 'requested' ELSE 'authorised' END,
  CASE WHEN g % 100 = 0 THEN 'missing' ELSE 'received' END,
  CASE WHEN g % 4 = 0 THEN 'used' ELSE 'sealed' END, 'customer',
  CASE WHEN g % 50 = 0 THEN 'refurbish' ELSE 'restock' END, CASE WHEN g % 20 = 0 THEN 'held' ELSE 'settled' END,
  'returns', CASE WHEN g % 10 = 0 THEN 'agent' ELSE '' END, 'agent-' || g % 40, '', '2', ARRAY['SN-' || g],
  ARRAY['T-' || g], CASE WHEN g % 1000 = 0 THEN ARRAY['serial_mismatch'] ELSE '{}' END,
  $1::timestamptz - g * interval '1 minute', NULL, $1::timestamptz - g * interval '30 seconds',
  CASE WHEN g % 10 = 0 THEN $1::timestamptz + g * interval '1 minute' END, $1
FROM generate_series(1, $2::int) g
"""
TERMS: list[Sought] = [
    Sought({}),
    Sought({}, OLDEST),
    Sought({}, DUE, due_before=NOW + timedelta(days=9)),
    Sought({}, asked_before=NOW - timedelta(days=5)),
    *(
        Sought(dict([term]))
        for term in {
            "shop_id": "shop-1",
            "order_id": "O-77",
            "customer_id": "C-77",
            "sku": "sku-7",
            "serial": "SN-77",
            "tracking_number": "T-77",
            "signal": "serial_mismatch",
            "kind": "conformity",
            "reason": "faulty",
            "authorisation": "requested",
            "goods": "missing",
            "condition": "used",
            "responsibility": "customer",
            "disposition": "refurbish",
            "money": "held",
            "waiting_on": "agent",
            "assignee": "agent-7",
        }.items()
    ),
    Sought({"goods": "missing", "money": "held", "sku": "sku-0"}, OLDEST),
]


@pytest.fixture
async def filled(databases: dict[str, ServiceDatabase]) -> ServiceDatabase:
    database = databases["returns"]
    owner = await asyncpg.connect(database.migration_url)
    try:
        if not await owner.fetchval("SELECT EXISTS (SELECT FROM return_units)"):
            await owner.execute(FILL.replace("$1", f"'{NOW.isoformat()}'").replace("$2", str(UNITS)))
            await owner.execute("VACUUM ANALYZE return_units")
    finally:
        await owner.close()
    return database


@pytest.mark.parametrize("sought", TERMS, ids=lambda s: f"{s.terms} {s.order_by}")
@pytest.mark.parametrize("later", [False, True], ids=["first page", "a later page"])
async def test_no_search_reads_the_whole_table(filled: ServiceDatabase, sought: Sought, later: bool) -> None:
    """The statement that is really sent, explained on a filled table: whatever is asked for, an index finds it."""
    place = (NOW - timedelta(hours=1), UUID(int=0)) if later else None
    statements, engine = _listened(filled)
    try:
        listed = await UnitSearch(engine).units(Page(SHOWN, place, b""), sought, seen_by=SYSTEM)
    finally:
        await engine.dispose()
    assert listed.rows or later
    nodes = await _plan(filled, *statements[-1])
    assert not any("Seq Scan" in node["Node Type"] for node in nodes), nodes
    assert any("Index" in node["Node Type"] for node in nodes), nodes


async def test_no_scan_reads_the_whole_table(filled: ServiceDatabase) -> None:
    """A label, an order and a serial are found by their indexes, and so is the list of what nobody can place."""
    statements, engine = _listened(filled)
    search = UnitSearch(engine)
    try:
        found = [await search.cases_named("shop-1", code) for code in ("T-7", "O-7", "SN-7", "T-8")]
        ids = await search.cases_named("shop-1", str(found[0][0]))
        await search.unidentified(Page(SHOWN, None, b""), {"tracking_number": "T-7"}, seen_by=SYSTEM)
    finally:
        await engine.dispose()
    assert [len(cases) for cases in found] == [1, 1, 1, 0]
    assert ids == found[0] == found[1] == found[2]
    for statement in statements[-3:-1]:
        nodes = await _plan(filled, *statement)
        assert not any("Seq Scan" in node["Node Type"] for node in nodes), nodes


@pytest.mark.parametrize("sku", ["", "sku-7"])
@pytest.mark.parametrize("by", ["reason", "disposition"])
async def test_no_count_reads_the_whole_table(filled: ServiceDatabase, sku: str, by: str) -> None:
    """A week of one shop out of three: read by an index on the instant that counts."""
    statements, engine = _listened(filled)
    try:
        days = Days.of("2026-03-28", "2026-03-29", "Europe/Berlin")
        counts, cut = await Statistics(engine).counts("shop-1", sku, by, "day", days)
    finally:
        await engine.dispose()
    assert counts and not cut
    nodes = await _plan(filled, *statements[-1])
    assert not any("Seq Scan" in node["Node Type"] for node in nodes), nodes


async def test_a_page_goes_on_where_the_one_before_ended(filled: ServiceDatabase) -> None:
    """Every unit once, the oldest first, over all pages."""
    engine = _engine(filled)
    search, sought = UnitSearch(engine), Sought({"goods": "missing"}, OLDEST)
    try:
        rows: list[Any] = []
        token: str | None = None
        while token != "":
            page = page_of(pb.SearchUnitsRequest(page_size=60, page_token=token or ""))
            listed = await search.units(page, sought, seen_by=SYSTEM)
            rows, token = [*rows, *listed.rows], listed.next_token
    finally:
        await engine.dispose()
    assert len({row["id"] for row in rows}) == len(rows) == UNITS // 100
    assert [row["asked_at"] for row in rows] == sorted(row["asked_at"] for row in rows)


async def test_a_local_day_is_a_day_of_the_place_that_is_asked_for(filled: ServiceDatabase) -> None:
    """On the night the clocks go forward, Berlin's Sunday has 23 hours: 1380 units at one a minute, a third of them
    this shop's."""
    engine = _engine(filled)
    try:
        days = Days.of("2026-03-28", "2026-03-28", "Europe/Berlin")
        assert (days.since, days.until) == (
            datetime(2026, 3, 27, 23, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
        )
        night = Days.of("2026-03-29", "2026-03-29", "Europe/Berlin")
        assert night.until - night.since == timedelta(hours=23)
        counts, _ = await Statistics(engine).counts("shop-1", "", "reason", "day", days)
    finally:
        await engine.dispose()
    assert {count.begins_on.isoformat() for count in counts} == {"2026-03-28"}
    assert sum(count.units for count in counts) == 1440 // 3


async def test_rates_are_of_what_was_sold_under_each_version(filled: ServiceDatabase) -> None:
    """Orders followed twice count once; a line that is gone counts nothing; an order's units come back under the
    version that governed it."""
    engine, owner = _engine(filled), await asyncpg.connect(filled.migration_url)
    book = PolicyBook.open("shop-1", default_policy(), by="t", at=NOW)
    try:
        for n, quantity in ((7, 2), (10, 1)):  # units 7 and 10 of the filled table are this shop's
            lines = (line("l1", quantity, sku=f"sku-{n}"), line("gone", 5, sku=f"sku-{n}"))
            known = Order.hear_of("shop-1", f"O-{n}", at=NOW)
            for version, told in ((1, lines), (2, lines[:1])):
                stated = snapshot(*told, version=version, placed_at=NOW - timedelta(days=1))
                known.take(stated, history=False, at=NOW)
            events = [Logged(at, event) for at, event in enumerate(pending(known), 1)]
            for _ in range(2):
                await Sales().apply(owner, events)
        days = Days.of("2026-03-01", "2026-03-31", "")
        rates, _ = await Statistics(engine).rates("shop-1", ["sku-7", "sku-10"], days, book)
    finally:
        await owner.close()
        await engine.dispose()
    assert rates == [
        Rate("sku-10", "3", 1, [("faulty", 1, 1, 1)]),
        Rate("sku-7", default_policy().version, 2, [("faulty", 1, 1, 1)]),
    ]
    assert [rate.received_rate for rate in rates] == ["1.0000", "0.5000"]


async def test_what_the_law_left_to_goodwill_counts_in_its_return_alone(filled: ServiceDatabase) -> None:
    """A lack that was told out of time, and the return of goodwill that it became, are one unit that came back."""
    engine, owner = _engine(filled), await asyncpg.connect(filled.migration_url)
    days = Days.of("2026-03-01", "2026-03-31", "")
    try:
        before, _ = await Statistics(engine).counts("shop-1", "sku-7", "reason", "month", days)
        await owner.execute("CREATE TEMP TABLE told AS SELECT * FROM return_units WHERE order_id = 'O-7'")
        for n, said in ((1, "out_of_time"), (2, "authorised")):
            now = "UPDATE told SET id = $1, kind = 'conformity', reason = 'conformity', authorisation = $2"
            await owner.execute(now, UUID(int=n), said)
            await owner.execute("INSERT INTO return_units SELECT * FROM told")
        after, _ = await Statistics(engine).counts("shop-1", "sku-7", "reason", "month", days)
    finally:
        await owner.execute("DELETE FROM return_units WHERE id = ANY($1::uuid[])", [UUID(int=1), UUID(int=2)])
        await owner.close()
        await engine.dispose()
    assert [(one.word, one.units) for one in after if one not in before] == [("conformity", 1)]


def _engine(database: ServiceDatabase) -> AsyncEngine:
    return create_async_engine(database.runtime_url.replace("postgresql://", "postgresql+asyncpg://"))


def _listened(database: ServiceDatabase) -> tuple[list[tuple[str, Any]], AsyncEngine]:
    """An engine, and the statements it sends."""
    sent: list[tuple[str, Any]] = []
    engine = _engine(database)
    sa.event.listen(
        engine.sync_engine, "before_cursor_execute", lambda c, cursor, sql, given, *_: sent.append((sql, given))
    )
    return sent, engine


async def _plan(database: ServiceDatabase, statement: str, arguments: Any) -> list[dict[str, Any]]:
    owner = await asyncpg.connect(database.migration_url)
    try:
        plan = await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *arguments)
    finally:
        await owner.close()
    return list(_nodes(json.loads(plan)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for under in plan.get("Plans", ()):
        yield from _nodes(under)
