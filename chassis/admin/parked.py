"""Parked records as operators see them, and what they may order about them.

An order is a row; the partition's owner carries it out on the consumer's own path, so it is fenced like every record.
"""

from typing import Any
from uuid import UUID

import asyncpg
from aftercare.admin.v1 import admin_pb2

from chassis.domain import NotFound
from chassis.grpc.convert import id_from_text, timestamp_to_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.inbox.entries import BEHIND, unstow
from chassis.maintain import PARKED_KEPT

_STATE = f"""CASE WHEN r.parked_id IS NOT NULL AND r.outcome = '' THEN 'redriving'
  WHEN p.reason = '{BEHIND.reason}' THEN 'behind' ELSE 'waiting' END"""
_SELECT = f"""SELECT p.*, {_STATE} AS state, coalesce(r.outcome, '') AS outcome,
  coalesce(r.detail, '') AS outcome_detail,
  coalesce(r.asked_times, 0) AS attempts FROM parked p LEFT JOIN redrives r ON r.parked_id = p.id"""
_COLUMNS = {
    "topic": "p.topic",
    "type": "p.ce_type",
    "reason": "p.reason",
    "key": "p.key",
    "state": _STATE,
}


async def list_parked(pool: "asyncpg.Pool[Any]", request: admin_pb2.ListParkedRequest) -> admin_pb2.ListParkedResponse:
    """In the order they were parked."""
    page, wanted = page_of(request), parse_filter(request.filter, _COLUMNS)
    terms, values = ["true"], list[Any]()
    for name, text in wanted.items():
        values.append(text.encode() if name == "key" else text)
        terms.append(f"{_COLUMNS[name]} = ${len(values)}")
    if (after := page.behind(int)) is not None:
        values += after
        terms.append(f"p.seq > ${len(values)}")
    rows = await pool.fetch(
        f"{_SELECT} WHERE {' AND '.join(terms)} ORDER BY p.seq LIMIT {page.size + 1}",
        *values,
    )
    return admin_pb2.ListParkedResponse(
        records=[_record(row) for row in rows[: page.size]],
        next_page_token=page.next_token((rows[page.size - 1]["seq"],)) if len(rows) > page.size else "",
    )


async def get_parked(pool: "asyncpg.Pool[Any]", request: admin_pb2.GetParkedRequest) -> admin_pb2.GetParkedResponse:
    """With its payload, which may hold personal data."""
    row = await pool.fetchrow(f"{_SELECT} WHERE p.id = $1", id_from_text("parked record", request.parked_id))
    if row is None:
        raise NotFound("parked record", request.parked_id)
    headers, _ = unstow(row["headers"])
    return admin_pb2.GetParkedResponse(
        record=_record(row),
        value=row["value"] or b"",
        headers=[admin_pb2.GetParkedResponse.Header(name=name, value=value or b"") for name, value in headers],
    )


async def order(
    pool: "asyncpg.Pool[Any]",
    parked_id: UUID,
    action: str,
    *,
    by: str,
    reason: str,
    replacement: bytes | None = None,
    content_type: str = "",
) -> None:
    """Order `redrive` or `discard`; the last order about a record counts. NotFound where it is not parked."""
    done = await pool.execute(
        "INSERT INTO redrives(parked_id, action, replacement, replacement_content_type, asked_by, reason)"
        " SELECT id, $2, $3, $4, $5, $6 FROM parked WHERE id = $1 ON CONFLICT (parked_id) DO UPDATE SET"
        " action = excluded.action, replacement = excluded.replacement,"
        " replacement_content_type = excluded.replacement_content_type, asked_by = excluded.asked_by,"
        " reason = excluded.reason, asked_at = now(), asked_times = redrives.asked_times + 1,"
        " outcome = '', detail = ''",
        parked_id,
        action,
        replacement,
        content_type,
        by,
        reason,
    )
    if done == "INSERT 0 0":
        raise NotFound("parked record", parked_id)


def _record(row: Any) -> admin_pb2.ParkedRecord:
    headers = {name: value for name, value in unstow(row["headers"])[0] if value is not None}
    detail = row["detail"]
    if row["outcome"] in ("failed", "refused"):
        detail = f"{detail}; last order {row['outcome']}: {row['outcome_detail']}"
    return admin_pb2.ParkedRecord(
        parked_id=str(row["id"]),
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=(row["key"] or b"").decode(errors="replace"),
        type=row["ce_type"],
        event_id=headers.get("ce_id", b"").decode(errors="replace"),
        source=headers.get("ce_source", b"").decode(errors="replace"),
        reason=row["reason"],
        detail=detail,
        parked_at=timestamp_to_proto(row["parked_at"]),
        expires_at=timestamp_to_proto(row["parked_at"] + PARKED_KEPT),
        state=row["state"],
        attempts=row["attempts"],
    )
