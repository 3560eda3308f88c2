"""Between the contract's words and the domain's: receipts, money, instants, ids, etags."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from aftercare.common.v1 import command_pb2, money_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Invalid, Money, NotFound, Stale
from chassis.service import Receipt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def receipt_to_proto(receipt: Receipt) -> command_pb2.Receipt:
    """What a command answers."""
    return command_pb2.Receipt(
        id=receipt.id,
        version=receipt.version,
        etag=etag_of(receipt.id, receipt.version) if receipt.version else "",
        facts=dict(receipt.facts),
    )


def etag_of(id: UUID | str, version: int) -> str:
    """Names one state of one aggregate; a caller who sends it back is refused when that state has passed."""
    return blake2b(f"{id}.{version}".encode(), digest_size=8).hexdigest()


def must_be_current(etag: str, id: UUID | str, version: int) -> None:
    """`Stale` when the caller names another state than the present one; an empty etag names none."""
    if etag and etag != etag_of(id, version):
        raise Stale(
            "it has changed since you read it: read it again, then decide",
            id=id,
            version=version,
        )


def money_to_proto(money: Money) -> money_pb2.Money:
    return money_pb2.Money(minor_units=money.minor, currency=money.currency)


def money_from_proto(money: money_pb2.Money) -> Money:
    return Money(money.minor_units, money.currency)


def timestamp_to_proto(at: datetime | None) -> Timestamp | None:
    """None stays unset: a message field that is given None is left out."""
    if at is None:
        return None
    since = at - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)


def timestamp_from_proto(stamp: Timestamp, field: str = "timestamp") -> datetime:
    """An instant in UTC, to the microsecond."""
    nanos = stamp.nanos
    try:
        if not 0 <= nanos < 1_000_000_000:
            raise ValueError(nanos)
        return _EPOCH + timedelta(0, stamp.seconds, nanos // 1000)
    except (ValueError, OverflowError):
        raise Invalid(field, "this is no instant between the years 1 and 9999") from None


_uuid = lru_cache(maxsize=8192)(UUID)
"""A command says the same id several times, and the next one on the same thing says it again."""


def id_from_text(what: str, text: str) -> UUID:
    """The id of an existing thing: what cannot be an id of ours names nothing."""
    try:
        return _uuid(text)
    except ValueError:
        raise NotFound(what, text) from None
