"""Effects as operators see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aftercare.admin.v1 import admin_pb2

from chassis.grpc.convert import id_from_text, timestamp_to_proto
from chassis.grpc.pages import BadFilter, page_of, parse_filter

STATES = {
    name.removeprefix("EFFECT_STATE_").lower(): value
    for name, value in admin_pb2.EffectState.items()
    if value != admin_pb2.EFFECT_STATE_UNSPECIFIED
}
"""The state as it is stored, as the contract has it."""

_COLUMNS = {"kind": "kind", "state": "state", "key": "key", "case_id": "subject"}


async def list_effects(
    pool: "asyncpg.Pool[Any]", request: admin_pb2.ListEffectsRequest
) -> admin_pb2.ListEffectsResponse:
    """Latest change first."""
    page, wanted = page_of(request), parse_filter(request.filter, _COLUMNS)
    if wanted.get("state", "held") not in STATES:
        raise BadFilter("filter", f"there is no state {wanted['state']}: states are {', '.join(STATES)}")
    terms, values = ["true"], list[Any]()
    for name, text in wanted.items():
        values.append(id_from_text("case", text) if name == "case_id" else text)
        terms.append(f"{_COLUMNS[name]} = ${len(values)}")
    if (after := page.behind(datetime, UUID)) is not None:
        values += after
        terms.append(f"(updated_at, id) < (${len(values) - 1}, ${len(values)})")
    rows = await pool.fetch(
        f"SELECT * FROM effects WHERE {' AND '.join(terms)} ORDER BY updated_at DESC, id DESC LIMIT {page.size + 1}",
        *values,
    )
    more = len(rows) > page.size
    last = rows[page.size - 1] if more else None
    return admin_pb2.ListEffectsResponse(
        effects=[_effect(row) for row in rows[: page.size]],
        next_page_token=page.next_token((last["updated_at"], last["id"])) if last else "",
    )


def _effect(row: Any) -> admin_pb2.Effect:
    detail = row["reason"] + (f"; its owner could not be told: {row['untold']}" if row["untold"] else "")
    return admin_pb2.Effect(
        effect_id=str(row["id"]),
        kind=row["kind"],
        key=row["key"],
        case_id=str(row["subject"]),
        state=STATES[row["state"]],
        attempt=row["attempt"],
        planned_at=timestamp_to_proto(row["planned_at"]),
        changed_at=timestamp_to_proto(row["updated_at"]),
        lease_until=timestamp_to_proto(row["wake_at"]) if row["state"] == "attempting" else None,
        reference=row["reference"],
        detail=detail,
    )
