"""Every error leaves as one rich status: a code, an `ErrorInfo` whose reason programs can rely on, and what helps.

| error | code | beside ErrorInfo |
| --- | --- | --- |
| Invalid, InvalidRequest, BadPageToken | INVALID_ARGUMENT | BadRequest with the field |
| RequestReused | INVALID_ARGUMENT | BadRequest on request_id |
| Unauthenticated | UNAUTHENTICATED | |
| NotPermitted | PERMISSION_DENIED | |
| NotFound | NOT_FOUND | |
| Refused, LimitExceeded | FAILED_PRECONDITION | |
| Stale | ABORTED | |
| Contended | ABORTED | RetryInfo |
| StoreUnavailable, WorkLost, Blocked, Draining, a lost connection | UNAVAILABLE | RetryInfo |
| TimeoutError | DEADLINE_EXCEEDED | |
| RateLimited | RESOURCE_EXHAUSTED | RetryInfo |
| UnitRejected, a value no query takes | INVALID_ARGUMENT | |
| anything else | INTERNAL | a reference to the log line, never the error's own words |
"""

from collections.abc import Sequence

import asyncpg
import grpc
import sqlalchemy.exc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from chassis.domain import (
    DomainError,
    Invalid,
    LimitExceeded,
    NotFound,
    NotPermitted,
    Refused,
    Stale,
)
from chassis.errors import (
    Blocked,
    Contended,
    RequestReused,
    StoreUnavailable,
    UnitRejected,
    WorkLost,
)
from chassis.grpc.limits import RateLimited
from chassis.grpc.tokens import Unauthenticated
from chassis.grpc.validation import InvalidRequest

DOMAIN = "aftercare"

_RETRY_SECONDS = 0.5
_ROOM = 4_000
"""Bytes of violations in one status: it travels in the trailers, of which clients take 8 KiB."""

_DOMAIN_CODES: tuple[tuple[type[DomainError], grpc.StatusCode], ...] = (
    (NotFound, grpc.StatusCode.NOT_FOUND),
    (Invalid, grpc.StatusCode.INVALID_ARGUMENT),
    (NotPermitted, grpc.StatusCode.PERMISSION_DENIED),
    (Stale, grpc.StatusCode.ABORTED),
    (LimitExceeded, grpc.StatusCode.FAILED_PRECONDITION),
    (Refused, grpc.StatusCode.FAILED_PRECONDITION),
)

_NO_CONNECTION = (
    StoreUnavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its server was killed in the middle of a statement
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    ConnectionError,
)


class Draining(Exception):
    """This process is ending and takes no new call."""


def status_of(error: BaseException, *, correlation_id: str) -> status_pb2.Status:
    """The status that tells the caller about `error`."""
    if isinstance(error, DomainError):
        details: list[Message] = []
        if isinstance(error, Invalid):
            details.append(_bad_request(*_that_travel(error.violations)))
        return _status(_code_of(error), error.message, error.reason, error.facts, *details)
    if isinstance(error, InvalidRequest):
        fields = error_details_pb2.BadRequest(field_violations=error.violations)
        return _status(grpc.StatusCode.INVALID_ARGUMENT, str(error), "INVALID_REQUEST", {}, fields)
    if isinstance(error, RequestReused):
        text = "this request_id was accepted before with another body: use a new one"
        fields = _bad_request(("request_id", text, "REQUEST_ID_REUSED"))
        return _status(grpc.StatusCode.INVALID_ARGUMENT, text, "REQUEST_ID_REUSED", {}, fields)
    if isinstance(error, Unauthenticated):
        return _status(grpc.StatusCode.UNAUTHENTICATED, error.message, error.reason, {})
    if isinstance(error, RateLimited):
        text = "too many calls: slow down"
        return _status(grpc.StatusCode.RESOURCE_EXHAUSTED, text, "RATE_LIMITED", {}, _retry(error.seconds))
    if isinstance(error, Contended):
        text = "others changed the same things at the same time: try again"
        return _status(grpc.StatusCode.ABORTED, text, "CONTENDED", {}, _retry())
    if isinstance(error, WorkLost):
        text = "what was to work on this ended before it was done, and nothing was stored: try again"
        return _status(grpc.StatusCode.UNAVAILABLE, text, "WORK_LOST", {}, _retry())
    if isinstance(error, Draining):
        return _status(grpc.StatusCode.UNAVAILABLE, "this process is ending: try again", "DRAINING", {}, _retry())
    if isinstance(error, Blocked):
        text = "this holds something that only a newer version of the service understands"
        return _status(grpc.StatusCode.UNAVAILABLE, text, "NEWER_VERSION_NEEDED", {}, _retry())
    if isinstance(error, _NO_CONNECTION) or _lost_connection(error):
        return _status(
            grpc.StatusCode.UNAVAILABLE,
            "the store cannot be reached",
            "STORE_UNAVAILABLE",
            {},
            _retry(),
        )
    if isinstance(error, UnitRejected) or _refused_value(error):
        return _status(
            grpc.StatusCode.INVALID_ARGUMENT,
            "the store refuses a value of this request",
            "UNSTORABLE",
            {},
        )
    if isinstance(error, TimeoutError):
        return _status(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            "not done in time: ask again with the same id",
            "TIMEOUT",
            {},
        )
    return _status(
        grpc.StatusCode.INTERNAL,
        f"unexpected failure, logged under correlation {correlation_id}",
        "INTERNAL",
        {"correlation_id": correlation_id},
    )


def is_unexpected(status: status_pb2.Status) -> bool:
    """Nobody foresaw it: it belongs in the log with its trace."""
    return bool(status.code == grpc.StatusCode.INTERNAL.value[0])


def _code_of(error: DomainError) -> grpc.StatusCode:
    return next(
        (code for kind, code in _DOMAIN_CODES if isinstance(error, kind)),
        grpc.StatusCode.FAILED_PRECONDITION,
    )


def _refused_value(error: BaseException) -> bool:
    """A query was given what no column holds (class 22): the caller's words, not the store's state."""
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return isinstance(error.orig and error.orig.__cause__, asyncpg.DataError)
    return isinstance(error, asyncpg.DataError)


def _lost_connection(error: BaseException) -> bool:
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OSError) or _lost_connection_of(error.orig)
    return isinstance(error, sqlalchemy.exc.TimeoutError)


def _lost_connection_of(error: BaseException | None) -> bool:
    cause = error.__cause__ if error is not None else None
    return isinstance(cause, (*_NO_CONNECTION, OSError))


def _status(
    code: grpc.StatusCode,
    text: str,
    reason: str,
    facts: dict[str, str],
    *details: Message,
) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=facts)
    return status_pb2.Status(
        code=code.value[0],
        message=text,
        details=[_packed(one) for one in (info, *details)],
    )


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _bad_request(*fields: tuple[str, str, str]) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=name, description=text, reason=reason)
            for name, text, reason in fields
        ]
    )


def _that_travel(violations: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """As many as a caller's limit of metadata lets through; a status that is too large would tell nothing at all."""
    told: list[tuple[str, str, str]] = []
    room = _ROOM
    for name, text, reason in violations:
        room -= len(name.encode()) + len(text.encode()) + len(reason)
        if room < 0 and told:
            left = len(violations) - len(told)
            return [*told, (violations[0][0], f"{left} more are not told here", "MORE")]
        told.append((name, text[:_ROOM], reason))
    return told


def _retry(seconds: float = _RETRY_SECONDS) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration()
    delay.FromMicroseconds(round(seconds * 1_000_000))
    return error_details_pb2.RetryInfo(retry_delay=delay)
