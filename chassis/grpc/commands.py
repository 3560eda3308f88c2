"""A command that is sent twice has one effect and, once accepted, one answer.

What names a command is (who sent it, which rpc, `request_id`); the rest of the request is kept as a hash, so the same
name with another body is refused as REQUEST_ID_REUSED. A refusal writes nothing and is decided afresh next time.
`validate_only` decides and writes nothing.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import blake2b
from typing import Any, Protocol, TypeVar
from uuid import UUID

import grpc
import msgspec
from google.protobuf.message import Message
from prometheus_client import Counter

from chassis.domain import DomainError
from chassis.errors import RequestReused
from chassis.grpc.access import Call, current_call
from chassis.grpc.convert import must_be_current
from chassis.log import Log
from chassis.service import Receipt
from chassis.telemetry import METRICS, Metrics
from chassis.work import Actor, Work

Decide = Callable[[Work], Awaitable[Receipt]]
R = TypeVar("R")

_TIME = 0xFFFF_FFFF_FFFF << 80


class RunsDecisions(Protocol):
    """`chassis.units.Units`, as far as commands need it."""

    log: Log

    async def run(
        self,
        decide: Callable[[Work], Awaitable[R]],
        *,
        actor: Actor,
        cause: str,
        request: tuple[UUID, UUID] | None = None,
        on: UUID | None = None,
        dry_run: bool = False,
    ) -> R: ...


class Commands:
    """The way of every mutating rpc to its decision."""

    def __init__(self, units: RunsDecisions, *, metrics: Metrics = METRICS) -> None:
        self._units = units
        self._metrics = metrics
        self._counted: dict[tuple[str, str], Counter] = {}

    async def run(
        self,
        request: Message,
        context: "grpc.aio.ServicerContext[Any, Any]",
        decide: Decide,
        on: UUID | None = None,
    ) -> Receipt:
        """Take the decision the request asks for; a repeat gets the first one's receipt.

        `on` is the aggregate the command is mainly about: callers in this process take turns on it, and an `etag` in
        the request is checked against it.
        """
        call = current_call()
        dry_run = bool(getattr(request, "validate_only", False))
        checked = _checking_etag(decide, str(getattr(request, "etag", "")), on)
        try:
            receipt = await self._units.run(
                checked,
                actor=call.principal.actor(),
                cause=f"request:{call.request_id}",
                request=None if dry_run else (request_key(call), body_hash(request)),
                on=on,
                dry_run=dry_run,
            )
        except DomainError:
            self._count(call.method, "refused")
            raise
        self._count(call.method, "dry_run" if dry_run else "accepted")
        return receipt

    async def look(self, decide: Callable[[Work], Awaitable[R]]) -> R:
        """What a decision by the caller would find now; nothing is written."""
        call = current_call()
        return await self._units.run(decide, actor=call.principal.actor(), cause=f"look:{call.method}", dry_run=True)

    def _count(self, method: str, outcome: str) -> None:
        """The library looks a counter up by the text of its labels, at several times the cost of counting."""
        counted = self._counted.get((method, outcome))
        if counted is None:
            counted = self._counted[method, outcome] = self._metrics.commands.labels(method, outcome)
        counted.inc()

    async def run_once(
        self, request: Message, context: "grpc.aio.ServicerContext[Any, Any]", act: Callable[[], Awaitable[Receipt]]
    ) -> Receipt:
        """For an order that is no unit of work. `act` may be repeated without harm; a repeat of the request, once its
        receipt is stored, does not reach it."""
        call = current_call()
        key, body = request_key(call), body_hash(request)
        known = await self._units.log.result(key)
        if known is not None:
            if known[0] != body:
                raise RequestReused("this request id came before with another body")
            return msgspec.json.decode(known[1], type=Receipt)
        receipt = await act()

        async def store(_: Work) -> Receipt:
            return receipt

        return await self.run(request, context, store)


def request_key(call: Call) -> UUID:
    """The stored name of a command. A time-ordered request id lends it its time, so that neighbours stay together."""
    digest = blake2b(digest_size=16)
    for part in (call.principal.subject, call.method, call.request_id):
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    value = int.from_bytes(digest.digest(), "big")
    try:
        given = UUID(call.request_id)
    except ValueError:
        given = None
    if given is not None and given.version == 7:
        value = (value & ~_TIME) | (given.int & _TIME)
    return UUID(int=(value & ~(0xF << 76) & ~(0x3 << 62)) | (8 << 76) | (0x2 << 62))


def body_hash(request: Message) -> UUID:
    """What is asked, without the name it is asked under."""
    body = type(request)()
    body.CopyFrom(request)
    for name in _names_it(type(request)):  # type: ignore[arg-type]  # a class has a hash, whatever its values have
        body.ClearField(name)
    return UUID(bytes=blake2b(body.SerializeToString(deterministic=True), digest_size=16).digest())


@cache
def _names_it(request_class: type[Message]) -> tuple[str, ...]:
    return tuple(name for name in ("request_id", "validate_only") if name in request_class.DESCRIPTOR.fields_by_name)


def _checking_etag(decide: Decide, etag: str, on: UUID | None) -> Decide:
    if not etag:
        return decide

    async def checked(work: Work) -> Receipt:
        receipt = await decide(work)
        if on is None or on not in work.reads():
            raise LookupError("this rpc takes an etag but does not say which aggregate it is about")
        must_be_current(etag, on, work.reads()[on])
        return receipt

    return checked
