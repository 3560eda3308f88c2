"""The stored events of one aggregate, as they stand in the log, without anybody's personal text."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from aftercare.admin.v1 import admin_pb2

from chassis.domain import NotFound
from chassis.grpc.convert import id_from_text, timestamp_to_proto

HIDDEN = "[personal]"
_SEALED = frozenset({"p", "g", "n", "c"})
_MOST = 5000


async def aggregate_history(
    pool: "asyncpg.Pool[Any]", request: admin_pb2.GetAggregateHistoryRequest
) -> admin_pb2.GetAggregateHistoryResponse:
    """Oldest first. Reads the bytes alone, so it also shows events of a newer build."""
    aggregate = id_from_text("aggregate", request.aggregate_id)
    rows = await pool.fetch(
        "SELECT position, version, topic, state FROM events WHERE aggregate_id = $1 AND ($2::int8 = 0 OR version <= $2)"
        f" ORDER BY version LIMIT {_MOST}",
        aggregate,
        request.until_version,
    )
    if not rows:
        raise NotFound("aggregate", request.aggregate_id)
    return admin_pb2.GetAggregateHistoryResponse(
        aggregate_id=str(aggregate), events=[_event(str(aggregate), row) for row in rows]
    )


def _event(aggregate: str, row: Any) -> admin_pb2.GetAggregateHistoryResponse.StoredEvent:
    stored = msgspec.json.decode(row["state"])
    return admin_pb2.GetAggregateHistoryResponse.StoredEvent(
        position=row["position"],
        version=row["version"],
        event_id=f"{aggregate}.{row['version']}",
        topic=row["topic"],
        class_version=stored.get("v", 1),
        occurred_at=timestamp_to_proto(msgspec.convert(stored["t"], datetime)),
        json=msgspec.json.encode(without_personal_text(stored["d"])).decode(),
    )


def without_personal_text(value: Any) -> Any:
    """The same value with every sealed or erased text replaced."""
    if isinstance(value, dict):
        if "p" in value and value.keys() <= _SEALED:
            return HIDDEN
        return {name: without_personal_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_personal_text(inner) for inner in value]
    return value
