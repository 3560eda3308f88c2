"""Timers as operators see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aftercare.admin.v1 import admin_pb2

from chassis.domain import NotFound
from chassis.grpc.convert import id_from_text, timestamp_to_proto
from chassis.grpc.pages import page_of, parse_filter

_ARMED = """
SELECT t.kind, t.subject, t.key, t.generation, t.due_at, f.failed_at,
  coalesce(f.reason || ': ' || f.detail, '') AS failure
FROM timers t LEFT JOIN failed_timers f
  ON f.subject = t.subject AND f.kind = t.kind AND f.key = t.key AND f.generation = t.generation
"""


async def list_timers(pool: "asyncpg.Pool[Any]", request: admin_pb2.ListTimersRequest) -> admin_pb2.ListTimersResponse:
    """Soonest due first."""
    page, wanted = page_of(request), parse_filter(request.filter, {"kind", "subject"})
    terms, values = ["true"], list[Any]()
    for name, text in wanted.items():
        values.append(id_from_text("aggregate", text) if name == "subject" else text)
        terms.append(f"t.{name} = ${len(values)}")
    timers, token = await _page(pool, page, terms, values)
    return admin_pb2.ListTimersResponse(timers=timers, next_page_token=token)


async def list_failed_timers(
    pool: "asyncpg.Pool[Any]", request: admin_pb2.ListFailedTimersRequest
) -> admin_pb2.ListFailedTimersResponse:
    """Those that are set aside, soonest due first."""
    timers, token = await _page(pool, page_of(request), ["f.failed_at IS NOT NULL"], [])
    return admin_pb2.ListFailedTimersResponse(timers=timers, next_page_token=token)


async def _page(pool: Any, page: Any, terms: list[str], values: list[Any]) -> tuple[list[admin_pb2.Timer], str]:
    if (after := page.behind(datetime, UUID, str, str)) is not None:
        values += after
        first = len(values) - 3
        marks = ", ".join(f"${n}" for n in range(first, first + 4))
        terms.append(f"(t.due_at, t.subject, t.kind, t.key) > ({marks})")
    rows = await pool.fetch(
        f"{_ARMED} WHERE {' AND '.join(terms)} ORDER BY t.due_at, t.subject, t.kind, t.key LIMIT {page.size + 1}",
        *values,
    )
    last = rows[page.size - 1] if len(rows) > page.size else None
    token = page.next_token((last["due_at"], last["subject"], last["kind"], last["key"])) if last else ""
    return [_timer(row) for row in rows[: page.size]], token


def timer_of(timer_id: str) -> tuple[str, UUID, str]:
    """Kind, subject and key of a timer by the id it is listed under."""
    kind, slash, rest = timer_id.partition("/")
    subject, _, key = rest.partition("/")
    try:
        if slash:
            return kind, UUID(subject), key
    except ValueError:
        pass
    raise NotFound("timer", timer_id)


def _timer(row: Any) -> admin_pb2.Timer:
    return admin_pb2.Timer(
        timer_id=f"{row['kind']}/{row['subject']}/{row['key']}",
        kind=row["kind"],
        subject=str(row["subject"]),
        key=row["key"],
        generation=row["generation"],
        due_at=timestamp_to_proto(row["due_at"]),
        failure=row["failure"],
        failed_at=timestamp_to_proto(row["failed_at"]),
    )
