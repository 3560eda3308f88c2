"""Public events on their way out: mapped and sized when the unit is built, so that the relay cannot fail on one."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC

import msgspec

from chassis.cloudevents import CORRELATION
from chassis.domain import Event
from chassis.service import PublicEvent
from chassis.unit import OutboxRow

MAX_BYTES = 900_000
"""Below the broker's default of 1 MB with room for headers."""

_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
_HEADERS = msgspec.json.Decoder(dict[str, str])


class TooLarge(ValueError):
    """A public event does not fit a Kafka record: its command fails, not the relay."""


def outbox_rows(
    service: str, incarnation: int, ordinal: int, event: Event, public: Sequence[PublicEvent], meta: Mapping[str, str]
) -> list[OutboxRow]:
    """Rows of the public events that one domain event (the unit's `ordinal`-th) maps to.

    `ce_id` is the event's own stored id, so it is the same whenever and by whomever it is sent. `meta` says who acted
    and what asked for it: after a restore it is all that is left of a lost command. It also holds the correlation id of
    the whole story, which whoever reads the record goes on with.
    """
    rows = []
    for n, item in enumerate(public):
        value = item.message.SerializeToString(deterministic=True)
        if len(value) > MAX_BYTES:
            raise TooLarge(
                f"{item.message.DESCRIPTOR.full_name} has {len(value)} bytes, at most {MAX_BYTES} are possible"
            )
        headers = {
            "ce_specversion": "1.0",
            "ce_id": f"{event.originator_id}.{event.originator_version}.{n}",
            "ce_source": f"/aftercare/{service}",
            "ce_type": item.message.DESCRIPTOR.full_name,
            "ce_time": event.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "ce_shopid": item.shop_id,
            "ce_incarnation": str(incarnation),
            "ce_cause": meta["cause"],
            "ce_by": meta["by"],
            **({CORRELATION: said} if (said := meta["correlationid"]) else {}),
            "content-type": "application/protobuf",
        }
        rows.append(OutboxRow(ordinal, n, item.topic, item.key.encode(), msgspec.json.encode(headers), value))
    return rows


def public_id(correlation: str) -> str:
    """The id as the world may see it: callers choose it, so what does not look like an id is kept back."""
    return correlation if _ID.fullmatch(correlation) else ""


def read_headers(raw: bytes) -> list[tuple[str, bytes]]:
    """Stored headers as the Kafka producer wants them."""
    return [(name, value.encode()) for name, value in _HEADERS.decode(raw).items()]
